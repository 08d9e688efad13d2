package socketio

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// EventHandler handles one event of one socket. Handlers of one socket run one
// at a time, in the order of its events, on a goroutine that is not the
// connection's reader: a handler may block, and may wait for an acknowledgement
// of its own client. ctx is s.Context(), as middlewares may have refined it.
//
// An error is given to the namespace's [Responder].
type EventHandler func(ctx context.Context, s *Socket, call *Call) error

// EventMiddleware wraps handlers. It is applied when handlers are registered,
// not per event.
type EventMiddleware func(next EventHandler) EventHandler

// Responder sends a handler's outcome back. It is called when a typed handler
// has returned, with its result in out or its error in err, and when a dynamic
// handler has returned an error. err may be a *PanicError or wrap a
// *DecodeError.
//
// The default acknowledges: with out, or with nothing if out is struct{}; an
// error becomes {"error":{"code","message"}}, where everything but *Error and
// *DecodeError is logged and called "internal".
type Responder func(ctx context.Context, s *Socket, call *Call, out any, err error)

// Handle registers a typed handler: the event's first argument is decoded into
// In, and the result is sent by the namespace's [Responder], by default as the
// acknowledgement. Without an argument In is its zero value. []byte anywhere in
// In takes binary values. What In decodes to is the handler's to keep.
//
// Handle panics if the name is reserved or has a handler already.
func Handle[In, Out any](ns *Namespace, event string, h func(ctx context.Context, s *Socket, in In) (Out, error)) {
	ns.On(event, func(ctx context.Context, s *Socket, call *Call) error {
		var in In
		if call.Len() > 0 {
			if err := call.Decode(0, &in); err != nil {
				return err
			}
		}
		out, err := h(ctx, s, in)
		if err != nil {
			return err
		}
		call.result, call.typed = out, true
		return nil
	})
}

// dispatch runs the handler of one event and answers for it.
func (s *Socket) dispatch(call *Call) {
	ctx := s.Context()
	o := s.ns.srv.opts.Observer
	var start time.Time
	if o != nil {
		start = time.Now()
	}
	err := s.protect(call.event, func() error { return call.handler(ctx, s, call) })
	if o != nil {
		o.Handled(s, call.event, time.Since(start), err)
	}
	if err == nil && !call.typed {
		return
	}
	respond := s.ns.rules.Load().responder
	err = s.protect(call.event, func() error {
		respond(ctx, s, call, call.result, err)
		return nil
	})
	if err != nil { // the responder itself panicked
		defaultResponder(ctx, s, call, nil, err)
	}
}

// protect calls user code and turns its panic into a *PanicError.
func (s *Socket) protect(what string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.ns.srv.opts.Logger.Error("socketio: panic in handler", "namespace", s.ns.name,
				"handler", what, "socket", s.id, "panic", v, "stack", string(debug.Stack()))
			err = &PanicError{Value: v}
		}
	}()
	return f()
}

// errorBody is how the default responder tells an error.
type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

func defaultResponder(_ context.Context, s *Socket, call *Call, out any, err error) {
	log := s.ns.srv.opts.Logger
	if err == nil {
		if _, none := out.(struct{}); none {
			err = call.Ack()
		} else {
			err = call.Ack(out)
		}
		if err == nil {
			return
		}
	}
	detail := errorDetail{Code: "internal", Message: "internal error"}
	var coded *Error
	var decode *DecodeError
	var panicked *PanicError
	switch {
	case errors.As(err, &coded):
		detail = errorDetail{Code: coded.Code, Message: coded.Message}
	case errors.As(err, &decode):
		detail = errorDetail{Code: "bad_request", Message: decode.public()}
	case errors.Is(err, ErrDisconnected), errors.Is(err, context.Canceled):
		return // the client has gone
	case !errors.As(err, &panicked): // which was logged with its stack
		log.Error("socketio: handler failed", "namespace", s.ns.name, "event", call.event, "socket", s.id, "err", err)
	}
	if err := call.Ack(errorBody{detail}); err != nil {
		log.Error("socketio: acknowledge error", "namespace", s.ns.name, "event", call.event, "err", err)
	}
}
