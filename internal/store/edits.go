package store

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/story"
)

var (
	_ coedit.Log     = (*Store)(nil)
	_ coedit.Writers = (*Store)(nil)
)

const (
	// keptUpdates stay in the log behind the saved state, for nodes that are late.
	keptUpdates = 200
	// updatesRead is how many updates a query reads.
	updatesRead = 128
)

const (
	insertUpdate = `INSERT INTO edit_updates (story_n, seq, node, at, u)
		VALUES (?1, COALESCE((SELECT max(seq) FROM edit_updates WHERE story_n = ?1), 0) + 1, ?2, ?3, ?4) RETURNING seq`
	selectHead   = `SELECT COALESCE(max(seq), 0) FROM edit_updates WHERE story_n = ?`
	insertClient = `INSERT INTO edit_clients (story_n, client_id, user_id, first_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (story_n, client_id) DO NOTHING`
	selectHeads = `SELECT s.id, COALESCE((SELECT max(seq) FROM edit_updates u WHERE u.story_n = s.n), 0) FROM stories s
		WHERE s.id IN (SELECT value FROM json_each(?))`
	// A document that was never saved is in edit_updates only.
	selectDocs = `SELECT s.id FROM stories s
		WHERE s.n > coalesce((SELECT n FROM stories WHERE id = ?), 0)
		AND (EXISTS (SELECT 1 FROM edit_updates u WHERE u.story_n = s.n) OR EXISTS (SELECT 1 FROM edit_docs d WHERE d.story_n = s.n))
		ORDER BY s.n LIMIT ?`
	selectOwner = `SELECT c.user_id FROM edit_clients c JOIN stories s ON s.n = c.story_n
		WHERE s.id = ? AND c.client_id = ?`
	selectClient  = `SELECT user_id FROM edit_clients WHERE story_n = ? AND client_id = ?`
	selectDoc     = `SELECT d.snap_seq, d.snap FROM edit_docs d JOIN stories s ON s.n = d.story_n WHERE s.id = ?`
	selectUpdates = `SELECT u.seq, u.u FROM edit_updates u JOIN stories s ON s.n = u.story_n
		WHERE s.id = ? AND u.seq > ? ORDER BY u.seq LIMIT ?`
	saveDoc = `INSERT INTO edit_docs (story_n, snap_seq, snap) VALUES (?, ?, ?)
		ON CONFLICT (story_n) DO UPDATE SET snap_seq = excluded.snap_seq, snap = excluded.snap
		WHERE edit_docs.snap_seq < excluded.snap_seq`
	pruneUpdates  = `DELETE FROM edit_updates WHERE story_n = ? AND seq <= ?`
	insertRefused = `INSERT INTO edit_quarantine (story_n, user_id, code, at, u) VALUES (?, ?, ?, ?, ?)`
	dropRefused   = `DELETE FROM edit_quarantine WHERE at < ?`
)

// Document implements coedit.Log.
func (s *Store) Document(ctx context.Context, id story.ID) (coedit.Saved, error) {
	var saved coedit.Saved
	var packed []byte
	err := s.row(ctx, selectDoc, string(id)).Scan(&saved.Seq, &packed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // none: nobody has saved it yet
		return saved, fmt.Errorf("read document: %w", err)
	}
	if saved.Data, err = unpack(packed); err != nil {
		return saved, fmt.Errorf("read document: %w", err)
	}
	for saved.Head = saved.Seq; ; {
		page, err := s.Updates(ctx, id, saved.Head, updatesRead)
		if err != nil {
			return saved, err
		}
		saved.Tail = append(saved.Tail, page...)
		if len(page) > 0 {
			saved.Head = page[len(page)-1].Seq
		}
		if len(page) < updatesRead {
			return saved, nil
		}
	}
}

// Updates implements coedit.Log.
func (s *Store) Updates(ctx context.Context, id story.ID, after int64, limit int) ([]coedit.Update, error) {
	var list []coedit.Update
	err := s.read(ctx, selectUpdates, []any{string(id), after, limit}, func(rows *sql.Rows) error {
		var u coedit.Update
		err := rows.Scan(&u.Seq, &u.Data)
		list = append(list, u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	return list, nil
}

// Append implements coedit.Log.
func (s *Store) Append(ctx context.Context, id story.ID, e coedit.Entry) (seq int64, err error) {
	err = s.w.do(ctx, "store.Append", &write{story: id, single: len(e.Clients) == 0, run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		if err := se.follows(t.n, e.After); err != nil {
			return err
		}
		if err := se.bindClients(t.n, e); err != nil {
			return err
		}
		if err := se.later(insertUpdate, []any{t.n, e.Node, millis(e.At), e.Data}, &seq); err != nil {
			return fmt.Errorf("insert update: %w", err)
		}
		return nil
	}})
	return seq, err
}

// follows reports coedit.ErrConflict unless the document ends there.
func (se *session) follows(n, after int64) error {
	if after == coedit.Anywhere {
		return nil
	}
	var head int64
	if err := se.row(selectHead, n).Scan(&head); err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	if head != after {
		return coedit.ErrConflict
	}
	return nil
}

// bindClients makes client ids belong to who writes with them.
func (se *session) bindClients(n int64, e coedit.Entry) error {
	for client, userID := range e.Clients {
		rows, err := se.changed(insertClient, n, int64(client), string(userID), millis(e.At))
		if err != nil {
			return fmt.Errorf("insert client: %w", err)
		}
		if rows == 1 {
			continue
		}
		var owner auth.UserID
		if err := se.row(selectClient, n, int64(client)).Scan(&owner); err != nil {
			return fmt.Errorf("read client: %w", err)
		}
		if owner != userID {
			return &coedit.ForeignClientError{Client: client, Owner: owner}
		}
	}
	return nil
}

// Heads implements coedit.Log.
func (s *Store) Heads(ctx context.Context, ids []story.ID) (map[story.ID]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("encode ids: %w", err)
	}
	heads := make(map[story.ID]int64, len(ids))
	err = s.read(ctx, selectHeads, []any{string(list)}, func(rows *sql.Rows) error {
		var id story.ID
		var head int64
		err := rows.Scan(&id, &head)
		if head > 0 {
			heads[id] = head
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	return heads, nil
}

// Compact implements coedit.Log.
func (s *Store) Compact(ctx context.Context, id story.ID, seq int64, state []byte) error {
	packed := pack(state)
	return s.w.do(ctx, "store.Compact", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		rows, err := se.changed(saveDoc, t.n, seq, packed)
		if err != nil || rows == 0 { // somebody has saved a later state
			return err
		}
		_, err = se.exec(pruneUpdates, t.n, seq-keptUpdates)
		return err
	}})
}

// Quarantine implements coedit.Log.
func (s *Store) Quarantine(ctx context.Context, id story.ID, r coedit.Refused) error {
	return s.w.do(ctx, "store.Quarantine", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		_, err = se.exec(insertRefused, t.n, string(r.UserID), r.Code, millis(r.At), r.Data)
		return err
	}})
}

// DropRefused implements coedit.Log.
func (s *Store) DropRefused(ctx context.Context, before time.Time) (dropped int64, err error) {
	err = s.w.do(ctx, "store.DropRefused", &write{run: func(se *session) (err error) {
		dropped, err = se.changed(dropRefused, millis(before))
		return err
	}})
	return dropped, err
}

// Documents implements coedit.Log.
func (s *Store) Documents(ctx context.Context, after story.ID, limit int) ([]story.ID, error) {
	var ids []story.ID
	err := s.read(ctx, selectDocs, []any{string(after), limit}, func(rows *sql.Rows) error {
		var id story.ID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return ids, nil
}

// WritersOf implements coedit.Writers.
func (s *Store) WritersOf(ctx context.Context, id story.ID, clients []uint64) (map[uint64]auth.UserID, error) {
	owners := make(map[uint64]auth.UserID, len(clients))
	for _, client := range clients { // one, as a rule
		var owner auth.UserID
		err := s.row(ctx, selectOwner, string(id), int64(client)).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read client: %w", err)
		}
		owners[client] = owner
	}
	return owners, nil
}

// pack compresses a state, about to a half.
func pack(state []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed) // errors only for unknown levels
	_, _ = w.Write(state)                        // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// unpack is the inverse of pack. What is larger than a document can be is refused.
func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	const most = 4 * coedit.MaxState
	state, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), most+1))
	if err == nil && len(state) > most {
		err = errors.New("state is too large")
	}
	return state, err
}
