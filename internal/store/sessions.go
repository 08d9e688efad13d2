package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/recovery"
)

var _ recovery.Store = (*Store)(nil)

const (
	saveSession = `INSERT INTO socket_sessions (pid, user_id, owner, seen_at, state) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (pid) DO UPDATE SET seen_at = excluded.seen_at, state = excluded.state
		WHERE socket_sessions.owner = excluded.owner`
	selectSession  = `SELECT owner, state FROM socket_sessions WHERE pid = ? AND user_id = ? AND seen_at > ?`
	takeSession    = `UPDATE socket_sessions SET owner = ?, seen_at = ? WHERE pid = ?`
	dropSession    = `DELETE FROM socket_sessions WHERE pid = ? AND owner = ?`
	touchSessions  = `UPDATE socket_sessions SET seen_at = ? WHERE pid IN (SELECT value FROM json_each(?))`
	expireSessions = `DELETE FROM socket_sessions WHERE pid IN
		(SELECT pid FROM socket_sessions WHERE seen_at < ? ORDER BY seen_at LIMIT ?)`
)

// SaveSession implements recovery.Store.
func (s *Store) SaveSession(ctx context.Context, r recovery.Record, at time.Time) (held bool, err error) {
	state, err := json.Marshal(r.State)
	if err != nil {
		return false, fmt.Errorf("encode session: %w", err)
	}
	err = s.w.do(ctx, "store.SaveSession", &write{single: true, run: func(se *session) error {
		n, err := se.changed(saveSession, r.PID, string(r.User), r.Owner, millis(at), string(state))
		held = n > 0
		return err
	}})
	return held, err
}

// TakeSession implements recovery.Store.
func (s *Store) TakeSession(ctx context.Context, pid string, user auth.UserID, owner string, at, since time.Time) (r recovery.Record, ok bool, err error) {
	var state string
	wr := &write{run: func(se *session) error {
		r, ok = recovery.Record{PID: pid, User: user}, false
		err := se.row(selectSession, pid, string(user), millis(since)).Scan(&r.Owner, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if _, err := se.exec(takeSession, owner, millis(at), pid); err != nil {
			return fmt.Errorf("take session: %w", err)
		}
		ok = true
		return nil
	}}
	if err := s.w.do(ctx, "store.TakeSession", wr); err != nil || !ok {
		return recovery.Record{}, false, err
	}
	if err := json.Unmarshal([]byte(state), &r.State); err != nil {
		return recovery.Record{}, false, fmt.Errorf("decode session: %w", err)
	}
	return r, true, nil
}

// DropSession implements recovery.Store.
func (s *Store) DropSession(ctx context.Context, pid, owner string) error {
	return s.w.do(ctx, "store.DropSession", &write{single: true, run: func(se *session) error {
		_, err := se.exec(dropSession, pid, owner)
		return err
	}})
}

// TouchSessions implements recovery.Store.
func (s *Store) TouchSessions(ctx context.Context, pids []string, at time.Time) error {
	list, err := json.Marshal(pids)
	if err != nil {
		return fmt.Errorf("encode sessions: %w", err)
	}
	return s.w.do(ctx, "store.TouchSessions", &write{single: true, run: func(se *session) error {
		_, err := se.exec(touchSessions, millis(at), string(list))
		return err
	}})
}

// ExpireSessions implements recovery.Store.
func (s *Store) ExpireSessions(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.w.do(ctx, "store.ExpireSessions", &write{single: true, run: func(se *session) error {
		gone, err := se.changed(expireSessions, millis(before), limit)
		n = int(gone)
		return err
	}})
	return n, err
}
