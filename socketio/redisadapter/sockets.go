package redisadapter

import (
	"encoding/json"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// remoteSocket is a socket as servers describe it to each other.
type remoteSocket struct {
	ID        string          `json:"id"`
	Handshake *wireHandshake  `json:"handshake"`
	Rooms     names           `json:"rooms"`
	Data      json.RawMessage `json:"data"`
}

// wireHandshake is Node's socket.handshake.
type wireHandshake struct {
	Headers map[string]values `json:"headers"`
	Time    string            `json:"time"`
	Address string            `json:"address"`
	XDomain bool              `json:"xdomain"`
	Secure  bool              `json:"secure"`
	Issued  int64             `json:"issued"` // milliseconds since 1970
	URL     string            `json:"url"`
	Query   map[string]values `json:"query"`
	Auth    json.RawMessage   `json:"auth"`
}

// values are a string in JavaScript, or an array of them if there are several.
type values []string

// UnmarshalJSON implements json.Unmarshaler. What is neither is left out.
func (v *values) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*v = values{one}
		return nil
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		*v = many
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (v values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// nodeTime is how JavaScript writes a date as a string.
const nodeTime = "Mon Jan 02 2006 15:04:05 GMT-0700 (MST)"

// describe makes of a socket of this process what other servers are told. Data
// that is not JSON is left out.
func describe(s socketio.RemoteSocket) remoteSocket {
	h := s.Handshake()
	headers := make(map[string]values, len(h.Header)+1)
	for name, all := range h.Header {
		headers[strings.ToLower(name)] = values{strings.Join(all, ", ")}
	}
	headers["host"] = values{h.Host} // Go keeps it elsewhere
	query := make(map[string]values, len(h.Query))
	for name, all := range h.Query {
		query[name] = all
	}
	w := &wireHandshake{
		Headers: headers,
		Time:    h.Time.Format(nodeTime),
		Address: address(h.RemoteAddr),
		XDomain: h.Header.Get("Origin") != "",
		Secure:  h.Secure,
		Issued:  h.Time.UnixMilli(),
		Query:   query,
		Auth:    orEmpty(h.Auth),
	}
	if h.URL != nil {
		w.URL = h.URL.RequestURI()
	}
	data, err := json.Marshal(s.Data)
	if err != nil || string(data) == "null" {
		data = nil
	}
	return remoteSocket{ID: s.ID, Handshake: w, Rooms: s.Rooms, Data: orEmpty(data)}
}

// orEmpty makes of nothing what JavaScript has then: an object without members.
func orEmpty(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// address is the host of "host:port".
func address(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i >= 0 {
		remote = remote[:i]
	}
	return strings.Trim(remote, "[]")
}

// socket is the reverse of describe.
func (s *remoteSocket) socket() socketio.RemoteSocket {
	h := socketio.Handshake{Handshake: engineio.Handshake{Header: http.Header{}, URL: new(url.URL), Query: url.Values{}}}
	if w := s.Handshake; w != nil {
		for name, all := range w.Headers {
			h.Header[textproto.CanonicalMIMEHeaderKey(name)] = all
		}
		h.Host = h.Header.Get("Host")
		h.Header.Del("Host")
		for name, all := range w.Query {
			h.Query[name] = all
		}
		if u, err := url.ParseRequestURI(w.URL); err == nil {
			h.URL = u
		}
		h.RemoteAddr, h.Secure, h.Time, h.Auth = w.Address, w.Secure, time.UnixMilli(w.Issued), w.Auth
	}
	rooms := []string{s.ID}
	for _, room := range s.Rooms {
		if room != s.ID {
			rooms = append(rooms, room)
		}
	}
	return socketio.NewRemoteSocket(s.ID, rooms, s.Data, h)
}
