package engineio

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Defaults of Options. Every limit is finite.
const (
	DefaultPath           = "/engine.io/"
	DefaultPingInterval   = 25 * time.Second
	DefaultPingTimeout    = 20 * time.Second
	DefaultUpgradeTimeout = 10 * time.Second
	DefaultWriteTimeout   = 10 * time.Second
	DefaultMaxPayload     = 1 << 20 // bytes
	DefaultMaxFragments   = 1024
	DefaultMaxQueue       = 1 << 20 // bytes
	DefaultMaxBacklog     = 1024    // inbox entries

	DefaultCompressionThreshold = 1024 // bytes

	DefaultPerMessageDeflateThreshold = 1024 // bytes
)

// Options configure a Server. The zero value is a working configuration; a
// field left zero takes its default, so no limit can be switched off.
type Options struct {
	// Path is the prefix of the request path that the server answers; others
	// get 404. A missing trailing slash is added. Default "/engine.io/".
	Path string

	// OptionalTrailingSlash lets clients leave the slash at the end of Path out, as
	// the stock client does with addTrailingSlash: false. Mount both paths.
	OptionalTrailingSlash bool

	// Shards is the number of writer goroutines. Default GOMAXPROCS.
	Shards int

	// DisablePoller makes every connection be read by a goroutine of its own,
	// also where a shard could do it for all: see [PromptHandler].
	DisablePoller bool

	// PingInterval is the time between a pong and the next ping. Default 25 s.
	PingInterval time.Duration

	// PingTimeout is how long a pong may take; any other packet that arrives
	// while waiting extends it once. Default 20 s.
	PingTimeout time.Duration

	// UpgradeTimeout ends a WebSocket that was opened to upgrade a session and
	// did not finish. Default 10 s.
	UpgradeTimeout time.Duration

	// WriteTimeout is how long a write may go without progress before the
	// client is cut. Default 10 s.
	WriteTimeout time.Duration

	// MaxPayload is the largest message (WebSocket) or request body (polling)
	// in bytes; exactly this size is accepted. Default 1 MiB.
	MaxPayload int

	// MaxFragments is the largest number of frames in one WebSocket message.
	// Default 1024.
	MaxFragments int

	// MaxQueue is the largest number of bytes that may wait for one client;
	// beyond it the client is cut with ErrSlow. A single larger message is let
	// through to a client that is owed nothing. Default 1 MiB.
	MaxQueue int

	// MaxBacklog is the number of entries waiting in a shard's inbox beyond
	// which readers pause before their next message. Default 1024.
	MaxBacklog int

	// Transports lists the enabled transports. NewServer panics if it names
	// another. Default polling and websocket, and webtransport if the field
	// WebTransport is set.
	Transports []Transport

	// WebTransport, when set, accepts connections over HTTP/3. Package webtransport
	// has one; it is apart so that programs which do not use it do not link QUIC.
	WebTransport StreamAccepter

	// DisableUpgrades makes polling sessions stay on polling.
	DisableUpgrades bool

	// AllowEIO3 lets clients of revision 3 in, as socket.io-client 2 is. Their ping
	// keeps them connected; a session of theirs ends after PingInterval plus
	// PingTimeout without one. These clients make the ids of their sockets out of
	// the session's, so do not tell strangers socket ids. JSONP is not served: a
	// script of a foreign page sends no Origin. Default: they are refused with
	// code 5.
	AllowEIO3 bool

	// AllowedOrigins lists the origins ("https://example.org") from which a
	// browser may connect, on every transport and with every request, also
	// those that carry a session id. "*" allows all but "null", which is always
	// refused. A request without Origin does not come from a browser and is
	// allowed; so is an origin whose host is the request's Host.
	AllowedOrigins []string

	// CheckOrigin, when set, replaces AllowedOrigins. It is called for requests
	// that carry an Origin header other than "null".
	CheckOrigin func(r *http.Request) bool

	// CORS says more about what pages of allowed origins may do.
	CORS CORS

	// AllowRequest, when set, may refuse a handshake (not requests with a
	// session id). The text of its error is sent to the client, but not over
	// WebTransport, where the client is told nothing.
	AllowRequest func(r *http.Request) error

	// CompressionThreshold is the size in bytes from which the answer to a poll
	// is compressed, with gzip or deflate as the client accepts. Over TLS an
	// observer sees how well an answer compressed: if secrets travel beside what
	// strangers chose, set DisableCompression. Default 1024.
	CompressionThreshold int

	// DisableCompression makes all answers travel as they are.
	DisableCompression bool

	// PerMessageDeflate lets WebSockets compress their messages, RFC 7692, if the
	// client offers it. Nothing is remembered between messages, so a broadcast is
	// compressed once and a connection costs no more memory; MaxPayload bounds
	// messages before and after they are expanded. It costs time: measure before
	// you set it. The warning of CompressionThreshold holds here too.
	PerMessageDeflate bool

	// PerMessageDeflateThreshold is the size in bytes from which a message is
	// compressed. Default 1024.
	PerMessageDeflateThreshold int

	// GenerateID, when set, makes the ids of sessions: 1 to 64 of the characters
	// A-Z a-z 0-9 - . _ ~. Whoever knows the id of a polling session may act as
	// its client, so ids must not be guessable. An error, an id that breaks these
	// rules and one that an open session has refuse the handshake with code 3,
	// bad request. Default: 15 random bytes in base64url.
	GenerateID func(r *http.Request) (string, error)

	// Cookie, when set, makes the first answer to a polling client set a cookie
	// with the session id, by which a load balancer can keep the client on this
	// server. It is a template: an empty Name means "io", an empty Path "/", no
	// SameSite Lax; HttpOnly is always set, Value never used. NewServer panics if
	// it is invalid. Default none.
	Cookie *http.Cookie

	// InitialHeaders, when set, may add fields to the first answer of a session,
	// over polling or WebSocket, but not those that frame the answer. It may be
	// called by many goroutines at once and must not keep the header.
	InitialHeaders func(h http.Header, r *http.Request)

	// Headers is as InitialHeaders, but for every answer to a client with a
	// session: to its handshake (after InitialHeaders), polls, posts and upgrade.
	Headers func(h http.Header, r *http.Request)

	// InitialPacket, when set, is the first message of every session. It travels
	// with the open packet: over polling, a round trip sooner than any other.
	InitialPacket *Frame

	// ConnectionError, when set, is told of every request that is refused. It may
	// be called by many goroutines at once.
	ConnectionError func(r *http.Request, err *ConnectionError)

	// Observer, when set, is told what happens to sessions; for metrics.
	Observer Observer

	// Logger receives warnings. Default slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Path == "" {
		o.Path = DefaultPath
	}
	if !strings.HasSuffix(o.Path, "/") {
		o.Path += "/"
	}
	if o.Shards <= 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	orDefault(&o.PingInterval, DefaultPingInterval)
	orDefault(&o.PingTimeout, DefaultPingTimeout)
	orDefault(&o.UpgradeTimeout, DefaultUpgradeTimeout)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	orDefault(&o.MaxPayload, DefaultMaxPayload)
	orDefault(&o.MaxFragments, DefaultMaxFragments)
	orDefault(&o.MaxQueue, DefaultMaxQueue)
	orDefault(&o.MaxBacklog, DefaultMaxBacklog)
	orDefault(&o.PerMessageDeflateThreshold, DefaultPerMessageDeflateThreshold)
	orDefault(&o.CompressionThreshold, DefaultCompressionThreshold)
	if len(o.Transports) == 0 {
		o.Transports = []Transport{Polling, WebSocket}
		if o.WebTransport != nil {
			o.Transports = append(o.Transports, WebTransport)
		}
	}
	for _, t := range o.Transports {
		if t != Polling && t != WebSocket && t != WebTransport {
			panic("engineio: Options.Transports: unknown transport " + strconv.Quote(string(t)))
		}
	}
	orDefault(&o.CORS.MaxAge, defaultMaxAge)
	if len(o.CORS.Methods) == 0 {
		o.CORS.Methods = []string{http.MethodGet, http.MethodPost}
	}
	o.Cookie = cookieTemplate(o.Cookie)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
