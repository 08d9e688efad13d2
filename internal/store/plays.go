package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
)

var _ play.Store = (*Store)(nil)

const (
	insertPlay = `INSERT INTO plays (id, code, story_id, release_id, status, version, deadline_at, nodes, created_at, updated_at, state)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)`
	selectCode  = `SELECT id FROM plays WHERE code = ? AND code <> ''`
	selectPlayN = `SELECT n FROM plays WHERE id = ?`

	selectPlayAt = `SELECT n FROM plays WHERE id = ? AND version = ?`
	// An update names only what changes: SQLite writes the indexes of all columns that are named.
	updatePlay      = `UPDATE plays SET code = ?, status = ?, version = version + 1, deadline_at = ?, nodes = ?, updated_at = ?, state = ? WHERE n = ?`
	updatePlayRound = `UPDATE plays SET version = version + 1, deadline_at = ?, updated_at = ?, state = ? WHERE n = ?`
	updatePlayState = `UPDATE plays SET version = version + 1, updated_at = ?, state = ? WHERE n = ?`

	selectPlay        = `SELECT version, state FROM plays WHERE id = ?`
	selectPlayEvents  = `SELECT e.seq, e.round, e.type, e.actor_id, e.cmd_id, e.at, e.payload FROM play_events e JOIN plays p ON p.n = e.play_n WHERE p.id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`
	selectPlayCommand = `SELECT e.seq FROM play_events e JOIN plays p ON p.n = e.play_n WHERE p.id = ? AND e.cmd_id = ?`
	upsertMemberOf    = `INSERT INTO play_members (user_id, play_n, role, joined_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id, play_n) DO UPDATE SET role = excluded.role`
	deleteMemberOf = `DELETE FROM play_members WHERE user_id = ? AND play_n = ?`

	insertEventsHead = `INSERT INTO play_events (play_n, seq, round, type, actor_id, cmd_id, at, payload) VALUES `
	insertEventsRow  = `(?, ?, ?, ?, ?, ?, ?, ?)`
	insertEventsTail = ` ON CONFLICT DO NOTHING`
	maxEventRows     = 8 // in one statement; a prepared one for each number
	deleteEventsFrom = `DELETE FROM play_events WHERE play_n = ? AND seq >= ?`
)

// insertEvents are the statements that insert so many events.
var insertEvents = func() (list [maxEventRows + 1]string) {
	for n := 1; n < len(list); n++ {
		list[n] = insertEventsHead + strings.Repeat(insertEventsRow+", ", n-1) + insertEventsRow + insertEventsTail
	}
	return list
}()

// CreatePlay implements play.Store.
func (s *Store) CreatePlay(ctx context.Context, st *play.State, events []play.Event, key string) (id play.ID, duplicate bool, err error) {
	state, err := json.Marshal(st)
	if err != nil {
		return "", false, fmt.Errorf("encode a party: %w", err)
	}
	payloads, err := encodeEvents(events)
	if err != nil {
		return "", false, err
	}
	scope := "play:" + string(st.Host)
	since := fromMillis(st.CreatedMs).Add(-24 * time.Hour)
	id = st.ID
	err = s.w.do(ctx, "store.CreatePlay", &write{run: func(se *session) error {
		ids, err := se.remembered(scope, key, since)
		if err != nil {
			return err
		}
		if duplicate = ids != nil; duplicate {
			id = play.ID(ids[0])
			return nil
		}
		var other string
		if err := se.row(selectCode, st.Code).Scan(&other); !errors.Is(err, sql.ErrNoRows) {
			if err != nil {
				return fmt.Errorf("look for a code: %w", err)
			}
			return taken
		}
		_, err = se.exec(insertPlay, string(st.ID), st.Code, string(st.StoryID), string(st.ReleaseID), string(st.Status),
			st.DueMs(), nodesOf(st), st.CreatedMs, st.ActiveMs, state)
		if err != nil {
			return fmt.Errorf("insert a party: %w", err)
		}
		var n int64
		if err := se.row(selectPlayN, string(st.ID)).Scan(&n); err != nil {
			return fmt.Errorf("read a party: %w", err)
		}
		if err := insertPlayEvents(se, n, events, payloads); err != nil {
			return err
		}
		return se.remember(scope, key, []string{string(st.ID)}, fromMillis(st.CreatedMs))
	}})
	return id, duplicate, plainly(err)
}

// The errors of package play as errors with a code, which writes hand through as they are.
var (
	taken      = &errs.Error{Op: "store.CreatePlay", Code: errs.Conflict, Err: play.ErrCodeTaken}
	conflicted = &errs.Error{Op: "store.CommitPlay", Code: errs.Conflict, Err: play.ErrConflict}
	duplicated = &errs.Error{Op: "store.CommitPlay", Code: errs.Conflict, Err: play.ErrDuplicate}
)

// plainly returns what package play names, as it is named.
func plainly(err error) error {
	for _, e := range []error{play.ErrCodeTaken, play.ErrConflict, play.ErrDuplicate} {
		if errors.Is(err, e) {
			return e
		}
	}
	return err
}

// nodesOf returns the nodes with connections as they are stored; one that has ended needs none.
func nodesOf(st *play.State) string {
	if st.Status == play.Ended {
		return ""
	}
	if nodes := st.Nodes(); len(nodes) > 0 {
		return " " + strings.Join(nodes, " ") + " "
	}
	return ""
}

// CommitPlay implements play.Store.
func (s *Store) CommitPlay(ctx context.Context, w play.Write, committed func()) error {
	state, err := json.Marshal(w.State)
	if err != nil {
		return fmt.Errorf("encode a party: %w", err)
	}
	payloads, err := encodeEvents(w.Events)
	if err != nil {
		return err
	}
	query, args := updateOf(w, state)
	// Most writes are a log that grows and a state: the log is taken back by
	// hand where a command was stored before, which is cheaper than a savepoint.
	plain := query != updatePlay && !slices.ContainsFunc(w.Events, changesMembers)
	err = s.w.do(ctx, "store.CommitPlay", &write{committed: committed, single: plain, run: func(se *session) error {
		var n int64
		err := se.row(selectPlayAt, string(w.State.ID), w.From).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return conflicted
		}
		if err != nil {
			return fmt.Errorf("read a party: %w", err)
		}
		if err := insertPlayEvents(se, n, w.Events, payloads); err != nil {
			return err
		}
		if _, err := se.one(query, append(args, n)...); err != nil {
			return fmt.Errorf("write a party: %w", errors.Join(errFatal, err)) // its events are there
		}
		return nil
	}})
	return plainly(err)
}

// updateOf returns the statement that writes w with the least work, and its arguments but the last.
func updateOf(w play.Write, state []byte) (query string, args []any) {
	st, was := w.State, w.Was
	rest := []any{st.ActiveMs, state}
	switch {
	case was == nil || was.Code != st.Code || was.Status != st.Status || nodesOf(was) != nodesOf(st):
		return updatePlay, append([]any{st.Code, string(st.Status), st.DueMs(), nodesOf(st)}, rest...)
	case was.DueMs() != st.DueMs():
		return updatePlayRound, append([]any{st.DueMs()}, rest...)
	}
	return updatePlayState, rest
}

// eventPayload is what no column of play_events has of an event.
type eventPayload struct {
	For  auth.UserID `json:"for,omitempty"`
	Data *play.Data  `json:"data"`
}

// encodeEvents returns what is stored of events beside the columns.
func encodeEvents(events []play.Event) ([]string, error) {
	list := make([]string, len(events))
	for i := range events {
		payload, err := json.Marshal(eventPayload{events[i].For, &events[i].Data})
		if err != nil {
			return nil, fmt.Errorf("encode an event: %w", err)
		}
		list[i] = string(payload)
	}
	return list, nil
}

// changesMembers reports whether an event is more than a line of the log.
func changesMembers(e play.Event) bool {
	return e.Type == play.Created || e.Type == play.Joined || e.Type == play.LeftSeat || e.Type == play.Kicked
}

// insertPlayEvents adds events with their payloads to the log of the party n,
// and keeps the members up to date.
func insertPlayEvents(se *session, n int64, events []play.Event, payloads []string) error {
	for rest := events; len(rest) > 0; {
		some := rest[:min(len(rest), maxEventRows)]
		rest = rest[len(some):]
		args := make([]any, 0, 8*len(some))
		for i := range some {
			e := &some[i]
			args = append(args, n, e.Seq, e.Round, string(e.Type), string(e.Actor), e.CmdID, e.At, payloads[i])
		}
		added, err := se.changed(insertEvents[len(some)], args...)
		if err != nil {
			return fmt.Errorf("insert events: %w", err)
		}
		if added != int64(len(some)) {
			if _, err := se.exec(deleteEventsFrom, n, events[0].Seq); err != nil {
				return fmt.Errorf("take events back: %w", errors.Join(errFatal, err))
			}
			return duplicated
		}
		payloads = payloads[len(some):]
	}
	for i := range events {
		e := &events[i]
		var err error
		switch e.Type {
		case play.Created, play.Joined:
			_, err = se.exec(upsertMemberOf, string(e.Data.Seat.User), n, play.MemberPlayer, e.At)
		case play.LeftSeat, play.Kicked:
			_, err = se.exec(deleteMemberOf, string(e.Data.Seat.User), n)
		}
		if err != nil {
			return fmt.Errorf("write a member: %w", err)
		}
	}
	return nil
}

// Play implements play.Store.
func (s *Store) Play(ctx context.Context, id play.ID) (play.Row, error) {
	return scanPlay(s.row(ctx, selectPlay, string(id)))
}

func scanPlay(row scanner, more ...any) (play.Row, error) {
	var state []byte
	r := play.Row{State: new(play.State)}
	err := row.Scan(append([]any{&r.Version, &state}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return play.Row{}, errs.E("store.Play", errs.NotFound, "There is no such party, or you are not in it.")
	}
	if err != nil {
		return play.Row{}, fmt.Errorf("read a party: %w", err)
	}
	if err := json.Unmarshal(state, r.State); err != nil {
		return play.Row{}, fmt.Errorf("decode a party: %w", err)
	}
	return r, nil
}

// PlayOfCode implements play.Store.
func (s *Store) PlayOfCode(ctx context.Context, code string) (id play.ID, err error) {
	err = s.row(ctx, selectCode, code).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errs.E("store.PlayOfCode", errs.BadCode, "No party has this code.")
	}
	return id, err
}

// PlayCommand implements play.Store.
func (s *Store) PlayCommand(ctx context.Context, id play.ID, cmdID string) (seq int64, err error) {
	err = s.row(ctx, selectPlayCommand, string(id), cmdID).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// PlayEvents implements play.Store.
func (s *Store) PlayEvents(ctx context.Context, id play.ID, after int64, limit int) ([]play.Event, error) {
	var list []play.Event
	err := s.read(ctx, selectPlayEvents, []any{string(id), after, limit}, func(rows *sql.Rows) error {
		var payload []byte
		var e play.Event
		if err := rows.Scan(&e.Seq, &e.Round, &e.Type, &e.Actor, &e.CmdID, &e.At, &payload); err != nil {
			return err
		}
		p := eventPayload{Data: &e.Data}
		if err := json.Unmarshal(payload, &p); err != nil {
			return fmt.Errorf("decode an event: %w", err)
		}
		e.For = p.For
		list = append(list, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return list, nil
}

// OpenPlays implements play.Members.
func (s *Store) OpenPlays(ctx context.Context, player auth.UserID) (n int, err error) {
	const query = `SELECT count(*) FROM play_members m JOIN plays p ON p.n = m.play_n
		WHERE m.user_id = ? AND m.role = 'player' AND p.status <> 'ended'`
	err = s.row(ctx, query, string(player)).Scan(&n)
	return n, err
}
