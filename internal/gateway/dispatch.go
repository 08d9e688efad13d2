package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// maxEcho is how much of a refused payload an exception repeats, in bytes.
const maxEcho = 4 << 10

// ephemeralPerViolation is how many dropped ephemeral events count as one
// violation: dropping them is the rule, a flood of them is abuse.
const ephemeralPerViolation = 10

// class is a rate class.
type class uint8

const (
	classCtrl class = iota // also of events that nobody knows
	classWrite
	classRead
	classEph
	classDoc
	classCursor
	classMove
)

var classes = map[string]class{
	wire.CommentNewEvent:       classWrite,
	wire.NotificationReadEvent: classWrite,
	wire.CommentListEvent:      classRead,
	wire.NotificationListEvent: classRead,
	wire.SyncSinceEvent:        classRead,
	wire.CommentTypingEvent:    classEph,
	wire.PresenceUpdateEvent:   classEph,
	wire.PresenceGetEvent:      classRead,

	wire.PlayCreateEvent:  classWrite,
	wire.PlayRematchEvent: classWrite,
	wire.PlayInviteEvent:  classWrite,
	wire.PlayChatEvent:    classWrite,
	wire.PlayChooseEvent:  classMove,
	wire.PlaySuggestEvent: classMove,
	wire.PlayTypingEvent:  classEph,
	wire.PlaySyncEvent:    classRead,

	wire.EditUpdateEvent:         classDoc,
	wire.EditSyncEvent:           classRead,
	wire.EditAwarenessEvent:      classCursor,
	wire.EditCommentAddEvent:     classWrite,
	wire.EditCommentReplyEvent:   classWrite,
	wire.EditCommentResolveEvent: classWrite,
}

// repeated is a result that knows whether it is that of an earlier try.
type repeated interface{ repeated() bool }

// handle registers a typed handler. It decodes and checks the payload, and
// acknowledges {ok: true, data}; errors go through respond.
func handle[In, Out any](ns *socketio.Namespace, event string, h func(context.Context, *session, In) (Out, error)) {
	ns.On(event, func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		sess, ok := s.Data().(*session)
		if !ok {
			return errs.E("gateway.handle", errs.Internal, "")
		}
		var in In
		if err := decode(call, &in); err != nil {
			return err
		}
		out, err := h(ctx, sess, in)
		if err != nil || !call.HasAck() {
			return err
		}
		r, _ := any(out).(repeated)
		return call.Ack(wire.Success[Out]{OK: true, Data: out, Duplicate: r != nil && r.repeated()})
	})
}

// decode reads and checks the payload of an event. Only those of documents may be
// binary: elsewhere bytes would be taken for a text, their base64.
func decode(call *socketio.Call, v any) error {
	if !strings.HasPrefix(call.Event(), "edit:") {
		return wire.Decode(call.Raw(0), v)
	}
	return wire.DecodeBy(v, func(v any) error {
		if call.Raw(0) == nil {
			return nil
		}
		return call.Decode(0, v)
	})
}

func tooFast(op string, wait time.Duration) error {
	return &errs.Error{Op: op, Code: errs.RateLimited, Message: "That was too fast. Try again in a moment.", RetryAfter: wait}
}

// limit refuses events that come too fast, before anything is spent on them,
// and ends connections that do not stop.
func (g *Gateway) limit(next socketio.EventHandler) socketio.EventHandler {
	return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		sess, ok := s.Data().(*session)
		if !ok {
			return errs.E("gateway.limit", errs.Internal, "")
		}
		c := classes[call.Event()]
		wait, ok := g.allow(sess, c)
		if ok {
			return next(ctx, s, call)
		}
		violation := true
		if c == classEph || c == classCursor {
			sess.dropped++
			violation = sess.dropped%ephemeralPerViolation == 0
		}
		if violation && sess.violate(g.opts.Now()) {
			sess.emit(wire.SessionClosingEvent, wire.SessionClosing{Reason: wire.ClosingAbuse})
			g.deps.Presence.LogOut(presence.ConnectionID(sess.id)) // told to stay away: no grace
			s.Disconnect(true)
			return nil
		}
		if (c == classEph || c == classCursor) && !call.HasAck() {
			return nil
		}
		return tooFast("gateway.limit", wait)
	}
}

// allow takes a token of the class, per connection or per user.
func (g *Gateway) allow(s *session, c class) (retryAfter time.Duration, ok bool) {
	limits := g.deps.Limits
	switch c {
	case classWrite:
		return limits.Write.Allow(string(s.user.ID))
	case classRead:
		return limits.Read.Allow(string(s.user.ID))
	case classMove:
		return limits.Move.Allow(string(s.user.ID))
	case classEph:
		if s.eph == nil {
			s.eph = ratelimit.NewBucket(limits.Rates.Eph, limits.Now)
		}
		return s.eph.Allow()
	case classDoc:
		if s.doc == nil {
			s.doc = ratelimit.NewBucket(limits.Rates.Doc, limits.Now)
		}
		return s.doc.Allow()
	case classCursor:
		if s.cursor == nil {
			s.cursor = ratelimit.NewBucket(limits.Rates.Cursor, limits.Now)
		}
		return s.cursor.Allow()
	default:
		if s.ctrl == nil {
			s.ctrl = ratelimit.NewBucket(limits.Rates.Ctrl, limits.Now)
		}
		return s.ctrl.Allow()
	}
}

// unknown refuses an event that has no handler.
func (g *Gateway) unknown(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
	return errs.E("gateway.unknown", errs.Validation, "There is no event "+call.Event()+".")
}

// respond tells the client why an event was refused: in the acknowledgement if
// it asked for one, else as an exception.
func (g *Gateway) respond(_ context.Context, s *socketio.Socket, call *socketio.Call, _ any, err error) {
	if err == nil {
		return
	}
	refusal := wire.NewRefusal(err)
	if refusal.Code == errs.Internal && s.Connected() {
		g.opts.Logger.Error("event failed", "event", call.Event(), "error", err)
	}
	if call.HasAck() {
		if err := call.Ack(wire.Failure{Error: refusal}); err != nil {
			g.opts.Logger.Error("acknowledge", "event", call.Event(), "error", err)
		}
		return
	}
	if _, ok := errors.AsType[silent](err); ok {
		return
	}
	var echo any
	if raw := call.Raw(0); len(raw) > 0 && len(raw) <= maxEcho {
		echo = raw
	}
	g.hub.tellOne(s, wire.ExceptionEvent, wire.Exception{
		Status:       "error",
		Code:         refusal.Code,
		Message:      refusal.Message,
		Cause:        wire.ExceptionCause{Pattern: call.Event(), Data: echo},
		RetryAfterMs: refusal.RetryAfterMs,
	})
}

// tellOne emits to one socket; one that has gone hears nothing.
func (h *Hub) tellOne(s *socketio.Socket, event string, payload any) {
	if err := s.Emit(event, payload); err != nil && !errors.Is(err, socketio.ErrDisconnected) {
		h.log.Error("emit", "event", event, "error", err)
	}
}
