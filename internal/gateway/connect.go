package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

var errTooFast = errors.New("too many connections from this address")

// Admit returns a check for new connections, before anything is spent on them:
// class counts them by address.
func Admit(class *ratelimit.Limiter) func(*http.Request) error {
	return func(r *http.Request) error {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if _, ok := class.Allow(host); !ok {
			return errTooFast
		}
		return nil
	}
}

// credentials is what a client sends with CONNECT.
type credentials struct {
	Token string `json:"token"`
}

// arrival is what authenticate leaves for connected.
type arrival struct {
	session *session
	claims  auth.Claims
	counts  notification.Counts
}

// authenticate lets a socket in by the token in its auth payload, and by
// nothing else: what stands in a URL gets into logs.
func (g *Gateway) authenticate(ctx context.Context, s *socketio.Socket) error {
	a, err := g.admit(ctx, s)
	if err != nil {
		if errs.CodeOf(err) == errs.Internal {
			g.opts.Logger.Error("connect", "error", err)
			err = &errs.Error{Op: "gateway.connect", Code: errs.Unavailable, Message: "Storywire cannot answer right now.", RetryAfter: time.Second, Err: err}
		}
		refusal := wire.NewRefusal(err)
		return &socketio.ConnectError{
			Message: refusal.Message,
			Data:    wire.ConnectErrorData{Code: refusal.Code, RetryAfterMs: refusal.RetryAfterMs},
		}
	}
	s.SetData(a)
	return nil
}

func (g *Gateway) admit(ctx context.Context, s *socketio.Socket) (*arrival, error) {
	const op = "gateway.admit"
	var c credentials
	if data := s.Handshake().Auth; len(data) > 0 {
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, errs.E(op, errs.Unauthenticated, "Connect with auth: {token}, a string.")
		}
	}
	claims, err := g.deps.Verifier.Verify(c.Token)
	if err != nil {
		return nil, err
	}
	if wait, ok := g.deps.Limits.ConnUser.Allow(string(claims.UserID)); !ok {
		return nil, &errs.Error{Op: op, Code: errs.RateLimited, Message: "You connect too often.", RetryAfter: wait}
	}
	if g.hub.sessions.count(claims.UserID) >= g.opts.SocketsPerUser {
		return nil, &errs.Error{Op: op, Code: errs.RateLimited, Message: "You have too many tabs open.", RetryAfter: time.Minute}
	}
	counts, err := g.deps.Notifications.Counts(ctx, claims.UserID)
	if err != nil {
		return nil, err
	}
	profile := g.deps.People.Remember(claims)
	return &arrival{&session{id: s.ID(), gateway: g, socket: s, user: profile}, claims, counts}, nil
}

// connected makes the session known. Its first event is session:ready: before
// it the socket is in no room.
func (g *Gateway) connected(s *socketio.Socket) {
	a, ok := s.Data().(*arrival)
	if !ok { // only a mistake of ours
		s.CloseTransport()
		return
	}
	sess := a.session
	s.SetData(sess)
	if !g.hub.sessions.add(sess, g.opts.SocketsPerUser) { // others were faster
		s.Disconnect(true)
		return
	}
	g.deps.Presence.Connect(s.Context(), presence.ConnectionID(sess.id), sess.user)
	g.hub.arrive(sess, wire.SessionReady{
		ConnectionID:   sess.id,
		User:           wire.UserOf(sess.user),
		ServerTime:     wire.At(g.opts.Now()),
		TokenExpiresAt: wire.At(a.claims.ExpiresAt),
		Rooms:          []wire.RoomState{},
		Unread:         wire.Unread{Notifications: wire.CountsOf(a.counts)},
	})
	g.expiry.set(sess, a.claims.ExpiresAt)
}

// disconnected forgets the session. It runs once for every connected one, after
// the last of its events.
func (g *Gateway) disconnected(s *socketio.Socket, _ socketio.DisconnectReason) {
	sess, ok := s.Data().(*session)
	if !ok {
		return
	}
	sess.end()
	g.expiry.remove(sess)
	g.hub.sessions.remove(sess)
	g.deps.Comments.Disconnected(sess.id)
	g.deps.Edits.Disconnected(sess.id)
	// With grace also if the client said so: pages do that when they reload,
	// or connect again with a newer token.
	g.deps.Presence.Disconnect(presence.ConnectionID(sess.id))
}

// refreshToken gives a connection a newer token of the same user.
func (g *Gateway) refreshToken(_ context.Context, s *session, in wire.AuthRefresh) (wire.AuthRefreshed, error) {
	claims, err := g.deps.Verifier.Verify(in.Token)
	if err != nil {
		return wire.AuthRefreshed{}, err
	}
	if claims.UserID != s.user.ID {
		return wire.AuthRefreshed{}, errs.E("gateway.refreshToken", errs.Forbidden, "This token belongs to somebody else.")
	}
	g.deps.People.Remember(claims)
	g.expiry.set(s, claims.ExpiresAt)
	return wire.AuthRefreshed{ExpiresAt: wire.At(claims.ExpiresAt)}, nil
}
