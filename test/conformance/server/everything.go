package main

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/storywire/storywire/socketio"
)

type handler = func(s *socketio.Socket, call *socketio.Call) error

// everything is the namespace /test: an event for each thing that a server can do.
func everything(ns *socketio.Namespace) {
	on := func(event string, h handler) {
		ns.On(event, func(_ context.Context, s *socketio.Socket, call *socketio.Call) error { return h(s, call) })
	}
	answers(ns, on)
	rooms(ns, on)
	departures(ns, on)
}

func answers(ns *socketio.Namespace, on func(string, handler)) {
	on("echo", func(s *socketio.Socket, call *socketio.Call) error { return s.Emit("echoed", values(call)...) })
	on("echo-ack", func(_ *socketio.Socket, call *socketio.Call) error { return call.Ack(values(call)...) })
	ns.On("ask", func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		answer, err := s.EmitWithAck(ctx, "question", values(call)...)
		if err != nil {
			return err
		}
		var value any
		if err := answer.Decode(0, &value); err != nil {
			return err
		}
		return s.Emit("answered", value)
	})
	ns.On("ask-in-vain", func(ctx context.Context, s *socketio.Socket, _ *socketio.Call) error {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		_, err := s.EmitWithAck(ctx, "question-unanswered")
		return s.Emit("gave-up", err != nil)
	})
	ns.On("ask-room", func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		limit := time.Duration(arg[int](call, 1)) * time.Millisecond
		answers, err := ns.To(arg[string](call, 0)).Timeout(limit).EmitWithAck(ctx, "question", "all")
		all := make([]any, len(answers))
		for i, a := range answers {
			check(a.Decode(0, &all[i]))
		}
		return call.Ack(all, err != nil)
	})
	on("count", func(s *socketio.Socket, call *socketio.Call) error {
		for i := range arg[int](call, 0) {
			if err := s.Emit("counted", i); err != nil {
				return err
			}
		}
		return nil
	})
	on("volatile", func(s *socketio.Socket, call *socketio.Call) error {
		return s.Volatile().Emit("maybe", arg[any](call, 0))
	})
}

func rooms(ns *socketio.Namespace, on func(string, handler)) {
	news := func(to socketio.Operator, call *socketio.Call, i int) error {
		return to.Emit("news", arg[any](call, i))
	}
	on("join", func(s *socketio.Socket, call *socketio.Call) error {
		if err := s.Join(arg[string](call, 0)); err != nil {
			return err
		}
		return call.Ack(slices.Sorted(slices.Values(s.Rooms())))
	})
	on("leave", func(s *socketio.Socket, call *socketio.Call) error {
		s.Leave(arg[string](call, 0))
		return call.Ack(slices.Sorted(slices.Values(s.Rooms())))
	})
	on("to-others", func(s *socketio.Socket, call *socketio.Call) error {
		return news(s.To(arg[string](call, 0)), call, 1)
	})
	on("to-all", func(_ *socketio.Socket, call *socketio.Call) error {
		return news(ns.To(arg[[]string](call, 0)...), call, 1)
	})
	on("to-all-except", func(_ *socketio.Socket, call *socketio.Call) error {
		return news(ns.To(arg[string](call, 0)).Except(arg[string](call, 1)), call, 2)
	})
	on("everyone", func(_ *socketio.Socket, call *socketio.Call) error { return ns.Emit("news", arg[any](call, 0)) })
	on("everyone-else", func(s *socketio.Socket, call *socketio.Call) error { return news(s.Broadcast(), call, 0) })
	ns.On("who", func(ctx context.Context, _ *socketio.Socket, call *socketio.Call) error {
		found, err := ns.In(arg[string](call, 0)).FetchSockets(ctx)
		if err != nil {
			return err
		}
		ids := make([]string, len(found))
		for i, s := range found {
			ids[i] = s.ID
		}
		slices.Sort(ids)
		return call.Ack(ids)
	})
	on("move", func(_ *socketio.Socket, call *socketio.Call) error {
		from, to := arg[string](call, 0), arg[string](call, 1)
		if err := ns.In(from).SocketsJoin(to); err != nil {
			return err
		}
		if err := ns.In(from).SocketsLeave(from); err != nil {
			return err
		}
		return call.Ack(true)
	})
}

// tenants are the namespaces that clients have made, /tenant-1 and its like.
func tenants(io *socketio.Server) {
	all := io.OfRegexp(regexp.MustCompile(`^/tenant-\d+$`))
	all.On("tell-tenant", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		return s.Namespace().Emit("told", []any{s.Namespace().Name(), arg[any](call, 0)})
	})
	all.On("tell-tenants", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		return all.Emit("told", []any{"all", arg[any](call, 0)})
	})
}

func departures(ns *socketio.Namespace, on func(string, handler)) {
	on("throw-out", func(_ *socketio.Socket, call *socketio.Call) error {
		return ns.In(arg[string](call, 0)).DisconnectSockets(arg[bool](call, 1))
	})
	on("leave-me", func(s *socketio.Socket, call *socketio.Call) error {
		s.Disconnect(arg[bool](call, 0))
		return nil
	})
	ns.OnDisconnecting(func(s *socketio.Socket, reason socketio.DisconnectReason) {
		check(ns.To("watchers").Emit("left", map[string]any{"id": s.ID(), "reason": reason}))
	})
}

// arg returns argument i.
func arg[T any](call *socketio.Call, i int) T {
	var v T
	check(call.Decode(i, &v))
	return v
}
