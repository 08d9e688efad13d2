package socketio

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// DefaultPath is where clients look for a server unless they are told otherwise.
const DefaultPath = "/socket.io/"

// Defaults of Options.
const (
	DefaultConnectTimeout    = 10 * time.Second
	DefaultAckTimeout        = 10 * time.Second
	DefaultAttachmentTimeout = 10 * time.Second
)

// Options configure a Server. The zero value is a working configuration: a
// field left zero takes its default, so no limit can be switched off.
type Options struct {
	// Engine configures the connections below: path (default "/socket.io/"),
	// heartbeat, transports, allowed origins, sizes.
	Engine engineio.Options

	// ConnectTimeout closes a connection that has been in no namespace for this
	// long, be it that it never joined one, that its middleware has not
	// finished, or that it left the last. Default 10 s.
	ConnectTimeout time.Duration

	// AckTimeout is how long EmitWithAck waits if its context has no deadline.
	// Default 10 s.
	AckTimeout time.Duration

	// AttachmentTimeout closes a connection whose binary packet is still
	// incomplete after this long. Default 10 s.
	AttachmentTimeout time.Duration

	// Adapter, when set, makes the adapter of a namespace. local serves the
	// sockets of this process; the result decorates it, see [Adapter]. For
	// namespaces that clients have made, see [Server.OfFunc], it is called while
	// the first of them waits.
	Adapter func(ns *Namespace, local Adapter) Adapter

	// Parser, when set, replaces the encoding of packets on the wire; clients must
	// be configured with the same. Default: that of package parser.
	Parser Parser

	// Recovery, unless nil, lets clients that lost their connection carry on where
	// they were, in every namespace.
	Recovery *Recovery

	// KeepAuth keeps the auth payload of each socket for as long as it lives.
	// By default it is forgotten when the OnConnect handlers have returned,
	// because it is usually a secret, and memory per connection counts.
	KeepAuth bool

	// KeepEmptyNamespaces keeps namespaces that clients have made, see
	// [Server.OfFunc], when their last socket is gone, until others need their
	// room. By default they are removed.
	KeepEmptyNamespaces bool

	// ClientFiles, when set, holds files of npm's socket.io-client, which pages of
	// any origin may load from below the path: "/socket.io/socket.io.js" and the
	// seven other names of the reference server, as far as they are there. They are
	// read once, by NewServer, which panics if they cannot be. Package clientbundle
	// has them. Default: none.
	ClientFiles fs.FS

	// Limits bound what clients can ask for.
	Limits Limits

	// Observer, when set, is told what happens in namespaces; for metrics. See
	// also engineio.Options.Observer.
	Observer Observer

	// Logger receives panics of handlers, errors of middlewares and, at debug
	// level, why connections were refused. Default slog.Default().
	Logger *slog.Logger
}

// Limits bound what clients can ask for. A field left zero takes its default.
// The size of one message is bounded by [engineio.Options.MaxPayload].
type Limits struct {
	// Packet bounds arguments (64), depth of JSON (64), attachments (10) and the
	// length of event names (128 bytes). Beyond: the connection is closed.
	Packet parser.Limits

	// AttachmentBytes is the sum of the attachments of one packet. Beyond: the
	// connection is closed. Default 1 MiB.
	AttachmentBytes int

	// Namespaces is how many namespaces one connection may be in. Beyond: the
	// client gets a connect_error. Default 10.
	Namespaces int

	// DynamicNamespaces is how many namespaces that clients have made, see
	// [Server.OfFunc], the server has at a time. Beyond: the client gets a
	// connect_error. Default 1000.
	DynamicNamespaces int

	// Rooms is how many rooms one socket may be in, and RoomName how many bytes
	// a room's name may have. Beyond: Join returns ErrRoom. Default 200, 255.
	Rooms    int
	RoomName int

	// QueuedEvents and QueuedBytes are how much of one socket's events may wait
	// for its handlers. Beyond: nothing more is read from the client until half
	// of it is handled. Default 128 events, 1 MiB.
	QueuedEvents int
	QueuedBytes  int
}

// Defaults of Limits.
const (
	DefaultAttachmentBytes   = 1 << 20 // bytes
	DefaultNamespaces        = 10
	DefaultDynamicNamespaces = 1000
	DefaultRooms             = 200
	DefaultRoomName          = 255 // bytes
	DefaultQueuedEvents      = 128
	DefaultQueuedBytes       = 1 << 20 // bytes
)

func (o Options) withDefaults() Options {
	if o.Engine.Path == "" {
		o.Engine.Path = DefaultPath
	}
	orDefault(&o.ConnectTimeout, DefaultConnectTimeout)
	orDefault(&o.AckTimeout, DefaultAckTimeout)
	orDefault(&o.AttachmentTimeout, DefaultAttachmentTimeout)
	orDefault(&o.Limits.AttachmentBytes, DefaultAttachmentBytes)
	orDefault(&o.Limits.Namespaces, DefaultNamespaces)
	orDefault(&o.Limits.DynamicNamespaces, DefaultDynamicNamespaces)
	orDefault(&o.Limits.Rooms, DefaultRooms)
	orDefault(&o.Limits.RoomName, DefaultRoomName)
	orDefault(&o.Limits.QueuedEvents, DefaultQueuedEvents)
	orDefault(&o.Limits.QueuedBytes, DefaultQueuedBytes)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Engine.Logger == nil {
		o.Engine.Logger = o.Logger
	}
	return o
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
