package adminui

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/storywire/storywire/socketio"
)

// Auth is a way to tell who may be an admin.
type Auth struct {
	username string
	hash     []byte // nil: anybody
	err      error
	checking chan struct{} // has room for the one check that runs at a time

	mu       sync.Mutex // guards sessions
	sessions map[string]time.Time
}

// NoAuth lets anybody in who can reach the server.
func NoAuth() *Auth { return &Auth{} }

// Basic lets in who knows the user name and the password with this bcrypt hash.
// A dashboard that was let in may come back without them for a day.
func Basic(username, bcryptHash string) *Auth {
	a := &Auth{
		username: username, hash: []byte(bcryptHash),
		checking: make(chan struct{}, 1), sessions: map[string]time.Time{},
	}
	if _, err := bcrypt.Cost(a.hash); err != nil {
		a.err = fmt.Errorf("adminui: the password must be a bcrypt hash: %w", err)
	}
	return a
}

const (
	sessionAge  = 24 * time.Hour
	maxSessions = 1000 // beyond, the oldest must sign in again
	maxPassword = 72   // bytes; bcrypt knows no more
)

// errCredentials is what the dashboard expects to hear.
var errCredentials = &socketio.ConnectError{Message: "invalid credentials"}

// sessionKey is where a middleware leaves a new session for its socket.
type sessionKey struct{}

// admit is the middleware of the admin namespace.
func (a *Auth) admit(ctx context.Context, s *socketio.Socket) error {
	if a.hash == nil {
		return nil
	}
	var sent struct{ SessionID, Username, Password string }
	if err := s.Handshake().DecodeAuth(&sent); err != nil {
		return errCredentials
	}
	if sent.SessionID != "" && a.known(sent.SessionID) {
		return nil
	}
	if sent.Password == "" || len(sent.Password) > maxPassword {
		return errCredentials
	}
	// One at a time: a check is meant to be slow, and is not to take the
	// processor from everybody else.
	select {
	case a.checking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := bcrypt.CompareHashAndPassword(a.hash, []byte(sent.Password))
	<-a.checking
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return err
	}
	if err != nil || subtle.ConstantTimeCompare([]byte(sent.Username), []byte(a.username)) != 1 {
		return errCredentials
	}
	s.SetContext(context.WithValue(ctx, sessionKey{}, a.open()))
	return nil
}

// open makes a session.
func (a *Auth) open() string {
	id := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.sessions) >= maxSessions {
		oldest, since := "", time.Now().Add(time.Hour)
		for id, opened := range a.sessions {
			if opened.Before(since) {
				oldest, since = id, opened
			}
		}
		delete(a.sessions, oldest)
	}
	a.sessions[id] = time.Now()
	return id
}

func (a *Auth) known(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	opened, ok := a.sessions[id]
	if ok && time.Since(opened) > sessionAge {
		delete(a.sessions, id)
		ok = false
	}
	return ok
}
