package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
)

// PlaysOf implements play.Members.
func (s *Store) PlaysOf(ctx context.Context, id auth.UserID, of story.ID, limit int) ([]play.Seen, error) {
	const query = `SELECT p.version, p.state, m.role, p.updated_at FROM play_members m JOIN plays p ON p.n = m.play_n
		WHERE m.user_id = ?1 AND (?2 = '' OR p.story_id = ?2) ORDER BY p.updated_at DESC, p.n DESC LIMIT ?3`
	list := make([]play.Seen, 0, limit)
	err := s.read(ctx, query, []any{string(id), string(of), limit}, func(rows *sql.Rows) error {
		var seen play.Seen
		var at int64
		var err error
		seen.Row, err = scanPlay(rows, &seen.Role, &at)
		seen.UpdatedAt = fromMillis(at)
		list = append(list, seen)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list parties: %w", err)
	}
	return list, nil
}

// numberOf returns the number of a party's row.
func (se *session) numberOf(id play.ID) (n int64, err error) {
	err = se.row(selectPlayN, string(id)).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errs.E("store.numberOf", errs.NotFound, "There is no such party, or you are not in it.")
	}
	if err != nil {
		return 0, fmt.Errorf("read a party: %w", err)
	}
	return n, nil
}

// AddWatcher implements play.Members.
func (s *Store) AddWatcher(ctx context.Context, id play.ID, watcher auth.UserID, at time.Time, limit int) error {
	const others = `SELECT count(*) FROM play_members WHERE play_n = ? AND role = 'spectator' AND user_id <> ?`
	return s.w.do(ctx, "store.AddWatcher", &write{run: func(se *session) error {
		n, err := se.numberOf(id)
		if err != nil {
			return err
		}
		var count int
		if err := se.row(others, n, string(watcher)).Scan(&count); err != nil {
			return fmt.Errorf("count spectators: %w", err)
		}
		if count >= limit {
			return errs.E("store.AddWatcher", errs.Full, "As many watch this party as may.")
		}
		if _, err := se.exec(upsertMemberOf, string(watcher), n, play.MemberWatcher, millis(at)); err != nil {
			return fmt.Errorf("write a spectator: %w", err)
		}
		return nil
	}})
}

// Watchers implements play.Members.
func (s *Store) Watchers(ctx context.Context, id play.ID) (n int, err error) {
	const query = `SELECT count(*) FROM play_members m JOIN plays p ON p.n = m.play_n WHERE p.id = ? AND m.role = 'spectator'`
	err = s.row(ctx, query, string(id)).Scan(&n)
	return n, err
}

// RemoveWatcher implements play.Members.
func (s *Store) RemoveWatcher(ctx context.Context, id play.ID, watcher auth.UserID) (was bool, err error) {
	const query = `DELETE FROM play_members WHERE user_id = ? AND role = 'spectator' AND play_n = (SELECT n FROM plays WHERE id = ?)`
	err = s.w.do(ctx, "store.RemoveWatcher", &write{single: true, run: func(se *session) error {
		n, err := se.changed(query, string(watcher), string(id))
		was = n > 0
		return err
	}})
	return was, err
}

// PlayRole implements play.Members.
func (s *Store) PlayRole(ctx context.Context, id play.ID, member auth.UserID) (role string, err error) {
	const query = `SELECT m.role FROM play_members m JOIN plays p ON p.n = m.play_n WHERE m.user_id = ? AND p.id = ?`
	err = s.row(ctx, query, string(member), string(id)).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return role, err
}

// InsertMessage implements play.Talk.
func (s *Store) InsertMessage(ctx context.Context, m play.Message) (stored play.Message, duplicate bool, err error) {
	const insert = `INSERT INTO play_chat (play_n, user_id, cmd_id, created_at, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (play_n, user_id, cmd_id) WHERE cmd_id <> '' DO NOTHING`
	const find = `SELECT n, created_at, content FROM play_chat WHERE play_n = ? AND user_id = ? AND cmd_id = ?`
	stored = m
	err = s.w.do(ctx, "store.InsertMessage", &write{run: func(se *session) error {
		n, err := se.numberOf(m.PlayID)
		if err != nil {
			return err
		}
		added, err := se.changed(insert, n, string(m.User.ID), m.CmdID, millis(m.At), m.Text)
		if err != nil {
			return fmt.Errorf("insert a message: %w", err)
		}
		duplicate = added == 0
		var at int64
		if err := se.row(find, n, string(m.User.ID), m.CmdID).Scan(&stored.ID, &at, &stored.Text); err != nil {
			return fmt.Errorf("read a message: %w", err)
		}
		stored.At = fromMillis(at)
		return nil
	}})
	return stored, duplicate, err
}

// Messages implements play.Talk.
func (s *Store) Messages(ctx context.Context, id play.ID, below int64, limit int) ([]play.Message, error) {
	const query = `SELECT c.n, c.user_id, c.cmd_id, c.created_at, c.content FROM play_chat c JOIN plays p ON p.n = c.play_n
		WHERE p.id = ? AND c.n < ? ORDER BY c.n DESC LIMIT ?`
	if below <= 0 {
		below = 1<<63 - 1
	}
	list := make([]play.Message, 0, limit)
	err := s.read(ctx, query, []any{string(id), below, limit}, func(rows *sql.Rows) error {
		m := play.Message{PlayID: id}
		var at int64
		err := rows.Scan(&m.ID, &m.User.ID, &m.CmdID, &at, &m.Text)
		m.At = fromMillis(at)
		list = append(list, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}

// SetAudienceVote implements play.Talk.
func (s *Store) SetAudienceVote(ctx context.Context, id play.ID, round int, voter auth.UserID, option string) error {
	const upsert = `INSERT INTO play_votes (play_n, round, voter_id, option_id) VALUES (?, ?, ?, ?)
		ON CONFLICT (play_n, round, voter_id) DO UPDATE SET option_id = excluded.option_id`
	return s.w.do(ctx, "store.SetAudienceVote", &write{run: func(se *session) error {
		n, err := se.numberOf(id)
		if err != nil {
			return err
		}
		_, err = se.exec(upsert, n, round, string(voter), option)
		return err
	}})
}

// AudienceVotes implements play.Talk.
func (s *Store) AudienceVotes(ctx context.Context, id play.ID, round int) (map[string]int, error) {
	const query = `SELECT v.option_id, count(*) FROM play_votes v JOIN plays p ON p.n = v.play_n
		WHERE p.id = ? AND v.round = ? GROUP BY v.option_id`
	counts := make(map[string]int)
	err := s.read(ctx, query, []any{string(id), round}, func(rows *sql.Rows) error {
		var option string
		var n int
		err := rows.Scan(&option, &n)
		counts[option] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the audience's votes: %w", err)
	}
	return counts, nil
}

// DuePlays implements play.Watch.
func (s *Store) DuePlays(ctx context.Context, at time.Time, limit int) ([]play.ID, error) {
	return s.playIDs(ctx, `SELECT id FROM plays WHERE deadline_at > 0 AND deadline_at <= ? ORDER BY deadline_at LIMIT ?`, millis(at), limit)
}

// PlaysOfNode implements play.Watch. It looks at all parties that have not
// ended; nodes die rarely.
func (s *Store) PlaysOfNode(ctx context.Context, node string, limit int) ([]play.ID, error) {
	return s.playIDs(ctx, `SELECT id FROM plays WHERE nodes LIKE ? AND nodes <> '' LIMIT ?`, "% "+node+" %", limit)
}

func (s *Store) playIDs(ctx context.Context, query string, args ...any) ([]play.ID, error) {
	var ids []play.ID
	err := s.read(ctx, query, args, func(rows *sql.Rows) error {
		var id play.ID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for parties: %w", err)
	}
	return ids, nil
}

// BeatNode implements play.Watch.
func (s *Store) BeatNode(ctx context.Context, node string, at time.Time) (first bool, err error) {
	err = s.w.do(ctx, "store.BeatNode", &write{run: func(se *session) error {
		n, err := se.changed(`UPDATE play_nodes SET seen_at = ? WHERE id = ?`, millis(at), node)
		if err != nil || n > 0 {
			return err
		}
		first = true
		_, err = se.exec(`INSERT INTO play_nodes (id, seen_at) VALUES (?, ?)`, node, millis(at))
		return err
	}})
	return first, err
}

// SilentNodes implements play.Watch.
func (s *Store) SilentNodes(ctx context.Context, node string, since time.Time) ([]string, error) {
	var list []string
	err := s.read(ctx, `SELECT id FROM play_nodes WHERE id <> ? AND seen_at < ?`, []any{node, millis(since)}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for nodes: %w", err)
	}
	return list, nil
}

// ForgetNode implements play.Watch.
func (s *Store) ForgetNode(ctx context.Context, node string) error {
	return s.w.do(ctx, "store.ForgetNode", &write{single: true, run: func(se *session) error {
		_, err := se.exec(`DELETE FROM play_nodes WHERE id = ?`, node)
		return err
	}})
}

// ForgetEvents implements play.Watch.
func (s *Store) ForgetEvents(ctx context.Context, ended time.Time, limit int) (deleted int, more bool, err error) {
	const find = `SELECT n FROM plays WHERE status = 'ended' AND logged = 1 AND updated_at < ? ORDER BY updated_at LIMIT 1`
	const remove = `DELETE FROM play_events WHERE play_n = ? AND seq < (SELECT min(seq) FROM play_events WHERE play_n = ?) + ?`
	err = s.w.do(ctx, "store.ForgetEvents", &write{run: func(se *session) error {
		deleted, more = 0, false
		var n int64
		err := se.row(find, millis(ended)).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for an old party: %w", err)
		}
		rows, err := se.changed(remove, n, n, limit)
		if err != nil {
			return fmt.Errorf("delete events: %w", err)
		}
		deleted, more = int(rows), true
		if deleted == limit {
			return nil // there may be others
		}
		if _, err := se.exec(`DELETE FROM play_votes WHERE play_n = ?`, n); err != nil {
			return fmt.Errorf("delete votes: %w", err)
		}
		if _, err := se.exec(`UPDATE plays SET logged = 0 WHERE n = ?`, n); err != nil {
			return fmt.Errorf("write a party: %w", err)
		}
		return nil
	}})
	return deleted, more, err
}

// PlayClock implements play.Watch: the clock of a database that several nodes
// share; the zero time of one that is in this process.
func (s *Store) PlayClock(ctx context.Context) (time.Time, error) {
	if _, shared := s.db.migrating(); !shared {
		return time.Time{}, nil
	}
	var ms int64
	err := s.row(ctx, `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`).Scan(&ms)
	return fromMillis(ms), err
}
