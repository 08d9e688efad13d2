package engineio

import (
	"net/http"
	"net/url"
	"time"
)

// Handshake describes the request that opened a session. It is a copy made on
// demand; changing it changes nothing.
type Handshake struct {
	Header     http.Header // without the headers that only concern the connection
	Host       string
	URL        *url.URL
	Query      url.Values
	RemoteAddr string // "IP:port"
	Secure     bool   // the request came over TLS
	Time       time.Time
}
