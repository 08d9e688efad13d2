package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"

	"github.com/storywire/storywire/socketio/parser"
)

// ErrUnanswered tells that another server has no handler for a server-side event, or its
// handler failed.
var ErrUnanswered = errors.New("socketio: a server did not answer")

// A ServerAdapter is an Adapter that also carries events from server to server.
// One that connects several processes should be one; with any other a namespace
// behaves as if there were no other servers.
type ServerAdapter interface {
	Adapter
	// ServerSideEmit has every other process call [Namespace.ServeServerSide] of
	// the namespace. Without answer it does not wait for them. Else it calls
	// answer for each, with nil for one that is known not to answer, possibly
	// from several goroutines, and returns when all have been told, or with the
	// error of ctx. When it has returned it does not call answer any more.
	ServerSideEmit(ctx context.Context, e *ServerEvent, answer func(args *Args)) error
}

// ServerEvent is an event for servers.
type ServerEvent struct {
	// Data is the JSON array [event, args...]; a binary value is written as the
	// placeholder of its attachment.
	Data []byte
	// Attachments are the binary values. Neither they nor Data may be changed.
	Attachments [][]byte
}

// ServerHandler handles an event of another server. Its result is the answer, if
// that server waits for one; an error is logged and answers nothing.
type ServerHandler func(ctx context.Context, args *Args) (any, error)

// OnServerSide registers the handler of an event that another server sends with
// ServerSideEmit. It panics if the name is reserved or has a handler already.
// Handlers may run at the same time, and a panic in one is recovered and logged.
func (ns *Namespace) OnServerSide(event string, h ServerHandler) {
	if parser.Reserved(event) {
		panic(fmt.Sprintf("socketio: %q is a reserved event name", event))
	}
	ns.change(func(r *rules) {
		if r.serverSide[event] != nil {
			panic(fmt.Sprintf("socketio: %s has a server-side handler for %q already", ns.name, event))
		}
		if r.serverSide = maps.Clone(r.serverSide); r.serverSide == nil {
			r.serverSide = map[string]ServerHandler{}
		}
		r.serverSide[event] = h
	})
}

// ServerSideEmit sends an event to this namespace of all other servers, not to
// this one. It does not wait for them. The arguments are not retained.
func (ns *Namespace) ServerSideEmit(event string, args ...any) error {
	return ns.serverSideEmit(context.Background(), nil, event, args)
}

// ServerSideEmitWithAck sends an event to this namespace of all other servers
// and returns their answers, one of each, in the order of arrival. It waits until
// ctx ends, or for Options.AckTimeout if ctx has no deadline. The answers that
// came are returned also with an error: ErrAckTimeout if some did not come in
// time, ErrUnanswered if they never will, the context's if it was canceled.
func (ns *Namespace) ServerSideEmitWithAck(ctx context.Context, event string, args ...any) ([]*Args, error) {
	waiting := ctx
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, ns.srv.opts.AckTimeout)
		defer cancel()
	}
	var mu sync.Mutex // guards all and missing
	var all []*Args
	missing := false
	err := ns.serverSideEmit(waiting, func(a *Args) {
		mu.Lock()
		defer mu.Unlock()
		if a == nil {
			missing = true
		} else {
			all = append(all, a)
		}
	}, event, args)
	mu.Lock()
	defer mu.Unlock()
	if err == nil && missing {
		err = ErrUnanswered
	}
	return all, ackError(ctx, err)
}

func (ns *Namespace) serverSideEmit(ctx context.Context, answer func(*Args), event string, args []any) error {
	msg, err := encodeEvent(ns, event, 0, false, args)
	if err != nil {
		return err
	}
	if a, ok := ns.adapter.(ServerAdapter); ok {
		return a.ServerSideEmit(ctx, &ServerEvent{Data: msg.data, Attachments: msg.attachments}, answer)
	}
	return nil
}

// ServeServerSide runs the handler of an event that another server has sent and
// returns its answer; it is for adapters. The error is ErrUnanswered, or tells
// what is wrong with the event.
func (ns *Namespace) ServeServerSide(ctx context.Context, e *ServerEvent) (*Args, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(e.Data, &values); err != nil {
		return nil, fmt.Errorf("decode server-side event: %w", err)
	}
	var event string
	if len(values) == 0 || json.Unmarshal(values[0], &event) != nil {
		return nil, errors.New("decode server-side event: no name")
	}
	h := ns.rules.Load().serverSide[event]
	if h == nil {
		return nil, ErrUnanswered
	}
	out, err := ns.callServerHandler(ctx, h, event, &Args{data: e.Data, skip: 1, n: len(values) - 1, attachments: e.Attachments})
	if err == nil {
		var answer *Args
		if answer, err = NewArgs(out); err == nil {
			return answer, nil
		}
	}
	ns.srv.opts.Logger.Error("socketio: server-side handler failed", "namespace", ns.name, "event", event, "err", err)
	return nil, ErrUnanswered
}

func (ns *Namespace) callServerHandler(ctx context.Context, h ServerHandler, event string, args *Args) (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			ns.srv.opts.Logger.Error("socketio: panic in handler", "namespace", ns.name,
				"handler", event, "panic", v, "stack", string(debug.Stack()))
			err = &PanicError{Value: v}
		}
	}()
	return h(ctx, args)
}

// NewArgs returns Args with these values; it is for adapters, which receive
// answers from other processes. []byte values become binary ones. The values are
// not retained.
func NewArgs(values ...any) (*Args, error) {
	sc := scratches.Get().(*scratch)
	defer sc.release()
	sc.buf.WriteByte('[')
	attachments, err := sc.values(values, false)
	if err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	return &Args{data: bytes.Clone(sc.buf.Bytes()), n: len(values), attachments: attachments}, nil
}
