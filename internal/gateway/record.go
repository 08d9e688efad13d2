package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/recovery"
	"github.com/storywire/storywire/socketio"
)

const (
	touchBatch  = 500 // records in one write
	expireBatch = 500
	dropWait    = 10 * time.Second // how long forgetting a record may take
)

// record stores what the session is in, before its client is told: from then on
// whatever happens to the connection, another one carries it on. Only handlers
// of the session's own events call it, one at a time.
func (g *Gateway) record(ctx context.Context, s *session) error {
	const op = "gateway.record"
	s.mu.Lock()
	r := recovery.Record{PID: s.pid, User: s.user.ID, Owner: s.id, State: recovery.State{
		SID: s.sid, Follows: slices.Clone(s.follows), Subscribed: s.subscribed,
	}}
	for _, j := range s.stories {
		r.State.Stories = append(r.State.Stories, recovery.Story{ID: j.id, Count: j.count, Since: j.since})
	}
	s.recorded = true
	s.mu.Unlock()
	held, err := g.deps.Sessions.SaveSession(context.WithoutCancel(ctx), r, g.opts.Now())
	if err != nil {
		return errs.Wrap(op, err)
	}
	if !held {
		s.supersede()
		return errs.E(op, errs.Unavailable, "The connection has ended.")
	}
	return nil
}

// forget drops the record of a session that ended on purpose. One that lost its
// connection is kept.
func (g *Gateway) forget(s *session, reason socketio.DisconnectReason) {
	s.mu.Lock()
	gone := s.recorded && !s.superseded
	s.mu.Unlock()
	if !gone || reason != socketio.ClientNamespaceDisconnect && reason != socketio.ServerNamespaceDisconnect {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), dropWait)
	defer cancel()
	if err := g.deps.Sessions.DropSession(ctx, s.pid, s.id); err != nil {
		g.opts.Logger.Debug("forget session", "error", err) // it expires
	}
}

// keepRecords says now and then which records live, and forgets those that do
// not, until ctx ends.
func (g *Gateway) keepRecords(ctx context.Context) {
	ticker := time.NewTicker(g.opts.RecoveryWindow / 8)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := g.opts.Now()
		if err := g.touchRecords(ctx, now); err != nil {
			g.opts.Logger.Warn("keep sessions", "error", err)
			continue
		}
		for {
			n, err := g.deps.Sessions.ExpireSessions(ctx, now.Add(-g.opts.RecoveryWindow), expireBatch)
			if err != nil {
				g.opts.Logger.Warn("expire sessions", "error", err)
			}
			if n < expireBatch {
				break
			}
		}
	}
}

func (g *Gateway) touchRecords(ctx context.Context, now time.Time) error {
	for pids := range slices.Chunk(g.hub.sessions.recorded(), touchBatch) {
		if err := g.deps.Sessions.TouchSessions(ctx, pids, now); err != nil {
			return err
		}
	}
	return nil
}
