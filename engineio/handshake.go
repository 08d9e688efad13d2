package engineio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// now is the clock of Handshake.Time; heartbeats use the monotonic clock.
func now() time.Time { return time.Now() }

// Handshake describes the request that opened a session. It is a copy made on
// demand; changing it changes nothing.
type Handshake struct {
	// Header is the request's header without the fields that only concern the
	// connection (Connection, Upgrade, Sec-WebSocket-*).
	Header     http.Header
	Host       string
	URL        *url.URL
	Query      url.Values
	RemoteAddr string // "IP:port"
	Secure     bool   // the request came over TLS
	Time       time.Time
}

// A session keeps its request as one string of lines: id and flag, remote
// address, host, request URI, then "Name:value" for each header field. None of
// them can hold a line feed: net/http refuses such requests.

const secureFlag = "s"

// packRequest makes the compact form.
func packRequest(id string, r *http.Request) string {
	var b strings.Builder
	size := len(id) + len(r.RemoteAddr) + len(r.Host) + len(r.RequestURI) + 5
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 2
		}
	}
	b.Grow(size)
	b.WriteString(id)
	if r.TLS != nil {
		b.WriteString(secureFlag)
	}
	for _, line := range []string{r.RemoteAddr, r.Host, r.RequestURI} {
		b.WriteByte('\n')
		b.WriteString(line)
	}
	for name, values := range r.Header {
		if ofConnection(name) {
			continue
		}
		for _, v := range values {
			b.WriteByte('\n')
			b.WriteString(name)
			b.WriteByte(':')
			b.WriteString(v)
		}
	}
	if b.Cap()-b.Len() > 32 {
		return strings.Clone(b.String())
	}
	return b.String()
}

func ofConnection(name string) bool {
	return name == "Connection" || name == "Upgrade" || strings.HasPrefix(name, "Sec-Websocket-")
}

// RemoteAddr returns the address, "IP:port", from which the session was opened.
func (s *Session) RemoteAddr() string {
	_, rest, _ := strings.Cut(s.request, "\n")
	addr, _, _ := strings.Cut(rest, "\n")
	return addr
}

// Handshake returns what the client sent when it opened the session. It is
// parsed at every call: keep what you need.
func (s *Session) Handshake() Handshake {
	lines := strings.Split(s.request, "\n")
	h := Handshake{
		Header:     make(http.Header, len(lines)-4),
		RemoteAddr: lines[1],
		Host:       lines[2],
		Secure:     lines[0][s.idLen:] == secureFlag,
		Time:       s.Opened(),
	}
	var err error
	if h.URL, err = url.ParseRequestURI(lines[3]); err != nil {
		h.URL = new(url.URL) // RequestURI was set by hand
	}
	h.Query = h.URL.Query()
	for _, line := range lines[4:] {
		name, value, _ := strings.Cut(line, ":")
		h.Header[name] = append(h.Header[name], value)
	}
	return h
}

// greeting is what a session begins with, as WebSocket frames.
func (s *Session) greeting() []byte {
	var wire []byte
	for _, f := range s.firstFrames() {
		wire = append(wire, f.wire...)
	}
	return wire
}

// firstFrames are the open packet and what goes with it.
func (s *Session) firstFrames() []*Frame {
	frames := []*Frame{s.openPacket()}
	if first := s.shard.srv.opts.InitialPacket; first != nil {
		if s.revision != revision4 && s.carrier.Load() != carrierPolling {
			first = first.typed(s.revision == revision3Text)
		}
		frames = append(frames, first)
	}
	return frames
}

// openPacket is the first packet of a session: Engine.IO v4, "Handshake".
func (s *Session) openPacket() *Frame {
	opts := &s.shard.srv.opts
	upgrades := []Transport{}
	if s.carrier.Load() == carrierPolling && !opts.DisableUpgrades {
		for _, t := range [...]Transport{WebSocket, WebTransport} {
			if opts.enabled(t) {
				upgrades = append(upgrades, t)
			}
		}
	}
	data, _ := json.Marshal(struct {
		SID          string      `json:"sid"`
		Upgrades     []Transport `json:"upgrades"`
		PingInterval int64       `json:"pingInterval"` // milliseconds
		PingTimeout  int64       `json:"pingTimeout"`
		MaxPayload   int         `json:"maxPayload"`
	}{s.ID(), upgrades, opts.PingInterval.Milliseconds(), opts.PingTimeout.Milliseconds(), opts.MaxPayload})
	return newPacketFrame("0" + string(data))
}
