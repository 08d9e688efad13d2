package socketio

import (
	"context"
	"time"
)

// socketContext is a Socket as its own context. It becomes a cancelable context
// of the standard library when somebody first waits for it: most sockets never
// need one, and it would cost as much as the rest of the socket.
type socketContext Socket

var _ context.Context = (*socketContext)(nil)

// lifetime is that cancelable context.
type lifetime struct {
	ctx    context.Context // nil until somebody waits
	cancel context.CancelFunc
}

// wait makes the cancelable context.
func (c *socketContext) wait() context.Context {
	s := (*Socket)(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	life := &s.more().life
	if life.ctx == nil {
		life.ctx, life.cancel = context.WithCancel(context.Background())
		if s.state.Load() == stateEnded {
			life.cancel()
		}
	}
	return life.ctx
}

// Deadline returns none.
func (c *socketContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed when the socket was disconnected.
func (c *socketContext) Done() <-chan struct{} { return c.wait().Done() }

// Err returns context.Canceled after the socket was disconnected.
func (c *socketContext) Err() error {
	if c.state.Load() == stateEnded {
		return context.Canceled
	}
	return nil
}

// Value asks the cancelable context, once it exists: so the context package
// finds it and needs no goroutine for contexts derived from this one.
func (c *socketContext) Value(key any) any {
	s := (*Socket)(c)
	s.mu.Lock()
	var ctx context.Context
	if s.extra != nil {
		ctx = s.extra.life.ctx
	}
	s.mu.Unlock()
	if ctx == nil {
		return nil
	}
	return ctx.Value(key)
}

// Context returns the context that handlers are given. It ends when the socket
// is disconnected.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx != nil {
		return s.ctx
	}
	return (*socketContext)(s)
}

// SetContext replaces the context that later middlewares and handlers are
// given, usually by one with a value for them. ctx must be derived from
// s.Context() to end with the socket.
func (s *Socket) SetContext(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
}
