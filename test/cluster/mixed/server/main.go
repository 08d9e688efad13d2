// Command server is a Socket.IO server of a cluster that does what it is told by
// POST /do. Its twin on the reference implementation is ../reference.mjs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/redisadapter"
	"github.com/storywire/storywire/test/loopback"
)

func main() { loopback.Main(run) }

var modes = map[string]redisadapter.SubscriptionMode{
	"dynamic": redisadapter.Dynamic, "static": redisadapter.Static, "dynamic-private": redisadapter.DynamicPrivate,
}

func run(ctx context.Context) error {
	url := flag.String("redis", "redis://localhost:6379", "`URL` of Redis")
	key := flag.String("key", redisadapter.DefaultKey, "what channels begin with")
	mode := flag.String("mode", "classic", "classic, specific, or the `mode` of the sharded adapter")
	flag.Parse()

	bus, err := redisbus.Open(redisbus.Options{URL: *url})
	if err != nil {
		return err
	}
	adapter := redisadapter.New(bus, redisadapter.Options{Key: *key, SharedResponses: *mode == "classic"})
	if m, sharded := modes[*mode]; sharded {
		adapter = redisadapter.NewSharded(bus, redisadapter.ShardedOptions{Prefix: *key, Mode: m})
	}
	io := socketio.NewServer(socketio.Options{Adapter: adapter})
	s := &server{ns: io.Of("/"), emitter: redisadapter.NewEmitter(bus, redisadapter.EmitterOptions{Key: *key})}
	s.listen()
	if err := bus.Settle(ctx); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle(socketio.DefaultPath, io)
	mux.HandleFunc("POST /do", s.serve)
	return loopback.Server{Handler: mux, Stop: func(ctx context.Context) error {
		return errors.Join(io.Close(ctx), bus.Close())
	}}.Run(ctx)
}

// server does what it is told.
type server struct {
	ns      *socketio.Namespace
	emitter redisadapter.Emitter

	mu   sync.Mutex // guards told
	told []json.RawMessage
}

func (s *server) listen() {
	s.ns.Use(func(_ context.Context, sock *socketio.Socket) error {
		sock.SetData(map[string]string{"server": "go"})
		return nil
	})
	socketio.Handle(s.ns, "join", func(_ context.Context, sock *socketio.Socket, rooms []string) (string, error) {
		return "joined", sock.Join(rooms...)
	})
	s.ns.OnServerSide("tell", func(_ context.Context, args *socketio.Args) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, args.Raw(0))
		return nil, nil
	})
	s.ns.OnServerSide("ask", func(_ context.Context, args *socketio.Args) (any, error) {
		return map[string]any{"server": "go", "asked": args.Raw(0)}, nil
	})
}

// order is what the server is told to do.
type order struct {
	Do       string
	Rooms    []string
	Except   []string
	Local    bool
	Volatile bool
	Event    string
	Args     []json.RawMessage
	Binary   bool // one more argument: the bytes 1, 2, 255
	Names    []string
	Close    bool
	Timeout  int // milliseconds
}

func (o *order) args() []any {
	args := make([]any, 0, len(o.Args)+1)
	for _, a := range o.Args {
		args = append(args, a)
	}
	if o.Binary {
		args = append(args, []byte{1, 2, 255})
	}
	return args
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	var o order
	err := json.NewDecoder(r.Body).Decode(&o)
	var result any
	if err == nil {
		result, err = s.do(r.Context(), &o)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

func (s *server) do(ctx context.Context, o *order) (any, error) {
	op := s.ns.To(o.Rooms...).Except(o.Except...)
	if o.Local {
		op = op.Local()
	}
	if o.Volatile {
		op = op.Volatile()
	}
	emitter := s.emitter.To(o.Rooms...).Except(o.Except...)
	switch o.Do {
	case "emit":
		return nil, op.Emit(o.Event, o.args()...)
	case "emitWithAck":
		all, err := op.Timeout(time.Duration(o.Timeout)*time.Millisecond).EmitWithAck(ctx, o.Event, o.args()...)
		return answers(all, err), nil
	case "join":
		return nil, op.SocketsJoin(o.Names...)
	case "leave":
		return nil, op.SocketsLeave(o.Names...)
	case "disconnect":
		return nil, op.DisconnectSockets(o.Close)
	case "fetch":
		return s.fetch(ctx, op)
	case "serverSideEmit":
		return nil, s.ns.ServerSideEmit(o.Event, o.args()...)
	case "serverSideEmitWithAck":
		all, err := s.ns.ServerSideEmitWithAck(ctx, o.Event, o.args()...)
		return answers(all, err), nil
	case "told":
		s.mu.Lock()
		defer s.mu.Unlock()
		return append([]json.RawMessage{}, s.told...), nil
	case "count":
		return s.ns.ServerCount(ctx)
	case "emitter.emit":
		return nil, emitter.Emit(o.Event, o.args()...)
	case "emitter.join":
		return nil, emitter.SocketsJoin(o.Names...)
	case "emitter.leave":
		return nil, emitter.SocketsLeave(o.Names...)
	case "emitter.disconnect":
		return nil, emitter.DisconnectSockets(o.Close)
	case "emitter.serverSideEmit":
		return nil, emitter.ServerSideEmit(o.Event, o.args()...)
	}
	return nil, fmt.Errorf("there is no %q", o.Do)
}

// answers tells of each its first value; of a binary one its bytes as base64.
func answers(all []*socketio.Args, err error) any {
	values := []any{}
	for _, a := range all {
		var v any
		if a.Decode(0, &v) != nil {
			v = "undecodable"
		}
		values = append(values, v)
	}
	return map[string]any{"answers": values, "failed": err != nil}
}

func (s *server) fetch(ctx context.Context, op socketio.Operator) (any, error) {
	found, err := op.FetchSockets(ctx)
	if err != nil {
		return nil, err
	}
	sockets := []any{}
	for _, f := range found {
		h := f.Handshake()
		sockets = append(sockets, map[string]any{
			"id": f.ID, "rooms": f.Rooms, "data": f.Data, "eio": h.Query.Get("EIO"), "color": h.Header.Get("X-Color"),
			"url": h.URL.Path, "address": h.RemoteAddr != "", "recent": time.Since(h.Time) < time.Minute,
		})
	}
	return sockets, nil
}
