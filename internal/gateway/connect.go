package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
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

// arrival is what authenticate leaves for begin and connected.
type arrival struct {
	session   *session
	expiresAt time.Time
	ready     wire.SessionReady // without what is known only when it is sent

	hides     bool // does not want to be seen online
	recovered bool
	rooms     []wire.RoomState
	revoked   []story.ID // joined once, but not to be read any more
	from      int64      // the client has seen everything up to it
	lost      bool       // what the client has seen is none of this database's
	wants     []feed.Want
	replay    *feed.Replay
	gaps      []string // rooms that cannot be replayed
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
		g.letRetry(s, err)
		return refusal(err)
	}
	s.SetData(a)
	return nil
}

// letRetry closes the transport of a client that comes back and may again: the
// stock client takes a refusal for the last word, and would never return to the
// stories that it is in. After a lost connection it tries again by itself.
func (g *Gateway) letRetry(s *socketio.Socket, err error) {
	switch errs.CodeOf(err) {
	case errs.Unavailable, errs.RateLimited:
		if readTicket(s.Handshake().Auth).PID != "" {
			s.CloseTransport()
		}
	}
}

// refusal is err as the client is told it.
func refusal(err error) *socketio.ConnectError {
	r := wire.NewRefusal(err)
	return &socketio.ConnectError{Message: r.Message, Data: wire.ConnectErrorData{Code: r.Code, RetryAfterMs: r.RetryAfterMs}}
}

func tooManyTabs() error {
	return &errs.Error{Op: "gateway.admit", Code: errs.RateLimited, Message: "You have too many tabs open.", RetryAfter: time.Minute}
}

func (g *Gateway) admit(ctx context.Context, s *socketio.Socket) (*arrival, error) {
	const op = "gateway.admit"
	var c credentials
	payload := s.Handshake().Auth
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &c); err != nil {
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
	profile := g.deps.People.Remember(claims)
	a := &arrival{expiresAt: claims.ExpiresAt}
	a.session = &session{id: s.ID(), sid: s.ID(), pid: newPID(), gateway: g, socket: s, user: profile}
	if a.hides, err = g.deps.Presence.Hides(ctx, claims.UserID); err != nil {
		return nil, err
	}
	// Before the counts: what comes after it is told, what was before is counted.
	fresh := g.hub.feed.Cursor()
	if err := g.comeBack(ctx, a, readTicket(payload), fresh); err != nil {
		return nil, err
	}
	// After that: the old connection of a client that comes back is gone.
	if g.hub.sessions.count(claims.UserID) >= g.opts.SocketsPerUser {
		return nil, tooManyTabs()
	}
	counts, err := g.deps.Notifications.Counts(ctx, claims.UserID)
	if err != nil {
		return nil, err
	}
	a.ready = wire.SessionReady{
		ConnectionID:   a.session.sid,
		User:           wire.UserOf(profile),
		ServerTime:     wire.At(g.opts.Now()),
		TokenExpiresAt: wire.At(claims.ExpiresAt),
		Unread:         wire.Unread{Notifications: wire.CountsOf(counts)},
	}
	return a, nil
}

// newPID returns a secret that nobody guesses.
func newPID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// connected tells the services of a connection that has been let in.
func (g *Gateway) connected(s *socketio.Socket) {
	a, ok := s.Data().(*arrival)
	if !ok { // only a mistake of ours
		s.CloseTransport()
		return
	}
	sess := a.session
	s.SetData(sess)
	g.deps.Presence.Connect(presence.ConnectionID(sess.id), sess.user, a.hides)
	for _, r := range a.rooms {
		g.deps.Presence.Enter(presence.ConnectionID(sess.id), story.ID(r.StoryID))
	}
	g.expiry.set(sess, a.expiresAt)
	g.restored(s.Context(), a)
}

// restored takes a connection that came back out of the stories that its user may
// not read any more: whoever lost the right in between was not yet here to be
// taken out.
func (g *Gateway) restored(ctx context.Context, a *arrival) {
	for _, r := range a.rooms {
		g.recheck(ctx, a.session, story.ID(r.StoryID))
	}
	for _, id := range a.revoked {
		a.session.emit(wire.StoryLeftEvent, wire.StoryLeft{StoryID: string(id), Reason: wire.LeftByRevoke})
	}
}

// disconnected forgets the session. It runs once for every connected one, after
// the last of its events.
func (g *Gateway) disconnected(s *socketio.Socket, reason socketio.DisconnectReason) {
	sess, ok := s.Data().(*session)
	if !ok {
		return
	}
	sess.end()
	g.forget(sess, reason)
	g.expiry.remove(sess)
	g.hub.sessions.remove(sess)
	g.deps.Comments.Disconnected(sess.id)
	g.deps.Edits.Disconnected(sess.id)
	for _, id := range sess.leaveParties() {
		g.deps.Plays.Unlink(id, sess.user.ID)
	}
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
