package redisadapter

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"
)

// Defaults of Options and ShardedOptions.
const (
	DefaultKey             = "socket.io"
	DefaultRequestsTimeout = 5 * time.Second
)

// Options configure the adapter that New makes. The zero value works with the
// defaults of the Node adapter.
type Options struct {
	// Key is what the names of channels begin with. Default "socket.io".
	Key string

	// RequestsTimeout is how long other servers may take to answer, unless the
	// context ends before. Default 5 s.
	RequestsTimeout time.Duration

	// SharedResponses sends answers to all servers in place of the one that
	// asked, for clusters with Node adapters older than 7, which listen to
	// nothing else.
	SharedResponses bool

	// IgnoreUIDs are the uids of emitters whose messages are dropped: those of
	// events that reach this server on another way. See [EmitterOptions.UID].
	IgnoreUIDs []string

	// Logger is told of messages that cannot be read. Default slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.RequestsTimeout <= 0 {
		o.RequestsTimeout = DefaultRequestsTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// ErrTimeout tells that not all servers have answered in time.
var ErrTimeout = errors.New("redisadapter: not all servers answered in time")

// uidSize is the length of the uids of the classic adapter and of its requests.
const uidSize = 6

// newUID returns n random letters.
func newUID(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	rand.Read(b)
	for i, c := range b {
		b[i] = letters[c%byte(len(letters))]
	}
	return string(b)
}
