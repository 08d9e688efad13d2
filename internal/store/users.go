package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/user"
)

var (
	_ user.Store     = (*Store)(nil)
	_ presence.Store = (*Store)(nil)
)

// SaveProfiles implements user.Store.
func (s *Store) SaveProfiles(ctx context.Context, profiles []user.Profile) error {
	const upsert = `INSERT INTO users (id, display_name, avatar_url) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, avatar_url = excluded.avatar_url
		WHERE users.display_name <> excluded.display_name OR users.avatar_url <> excluded.avatar_url`
	return s.w.do(ctx, "store.SaveProfiles", &write{run: func(se *session) error {
		for _, p := range profiles {
			if _, err := se.exec(upsert, string(p.ID), p.DisplayName, p.AvatarURL); err != nil {
				return fmt.Errorf("store profile: %w", err)
			}
		}
		return nil
	}})
}

// Profiles implements user.Store.
func (s *Store) Profiles(ctx context.Context, ids []auth.UserID) ([]user.Profile, error) {
	const query = `SELECT id, display_name, avatar_url FROM users
		WHERE id IN (SELECT value FROM json_each(?)) AND display_name <> ''`
	var list []user.Profile
	err := s.read(ctx, query, []any{jsonList(ids)}, func(rows *sql.Rows) error {
		var p user.Profile
		err := rows.Scan(&p.ID, &p.DisplayName, &p.AvatarURL)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	return list, nil
}

// SaveLastSeen implements presence.Store.
func (s *Store) SaveLastSeen(ctx context.Context, seen []presence.Seen) error {
	const upsert = `INSERT INTO users (id, last_seen_at) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET last_seen_at = excluded.last_seen_at
		WHERE users.last_seen_at < excluded.last_seen_at`
	return s.w.do(ctx, "store.SaveLastSeen", &write{run: func(se *session) error {
		for _, v := range seen {
			if _, err := se.exec(upsert, string(v.UserID), millis(v.At)); err != nil {
				return fmt.Errorf("store last seen: %w", err)
			}
		}
		return nil
	}})
}

// LastSeen implements presence.Store.
func (s *Store) LastSeen(ctx context.Context, ids []auth.UserID) ([]presence.Seen, error) {
	const query = `SELECT id, last_seen_at FROM users WHERE id IN (SELECT value FROM json_each(?)) AND last_seen_at > 0`
	var list []presence.Seen
	err := s.read(ctx, query, []any{jsonList(ids)}, func(rows *sql.Rows) error {
		var v presence.Seen
		var at int64
		err := rows.Scan(&v.UserID, &at)
		v.At = fromMillis(at)
		list = append(list, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read last seen: %w", err)
	}
	return list, nil
}

// SetInvisible implements presence.Store.
func (s *Store) SetInvisible(ctx context.Context, id auth.UserID, invisible bool) error {
	const upsert = `INSERT INTO users (id, invisible) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET invisible = excluded.invisible`
	return s.w.do(ctx, "store.SetInvisible", &write{run: func(se *session) error {
		if _, err := se.exec(upsert, string(id), flag(invisible)); err != nil {
			return fmt.Errorf("store whether to be seen: %w", err)
		}
		return nil
	}})
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Invisible implements presence.Store.
func (s *Store) Invisible(ctx context.Context, id auth.UserID) (bool, error) {
	var invisible int64
	err := s.row(ctx, `SELECT invisible FROM users WHERE id = ?`, string(id)).Scan(&invisible)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read whether to be seen: %w", err)
	}
	return invisible != 0, nil
}

// jsonList makes one argument of many: a query of any number of ids stays one prepared statement.
func jsonList[ID ~string](ids []ID) string {
	b, err := json.Marshal(ids)
	if err != nil {
		return "[]" // strings always marshal
	}
	return string(b)
}
