package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

var (
	_ coedit.Notes       = (*Store)(nil)
	_ coedit.Invitations = (*Store)(nil)
)

const noteColumns = `e.id, s.id, e.passage_id, e.parent_id, e.anchor, e.user_id, e.created_at, e.resolved_at, e.resolved_by,
	coalesce(e.command, ''), e.body`

const (
	noteTables = ` FROM edit_notes e JOIN stories s ON s.n = e.story_n `
	insertNote = `INSERT INTO edit_notes (id, story_n, passage_id, parent_id, anchor, user_id, created_at, command, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, command) DO NOTHING`
	selectCommand = `SELECT ` + noteColumns + noteTables + `WHERE e.user_id = ? AND e.command = ?`
	selectNote    = `SELECT ` + noteColumns + noteTables + `WHERE s.id = ? AND e.id = ?`
	selectNotes   = `SELECT ` + noteColumns + noteTables + `WHERE s.id = ? ORDER BY e.n`
	countNotes    = `SELECT count(*) FROM edit_notes WHERE story_n = ?`
	resolveNote   = `UPDATE edit_notes SET resolved_at = ?, resolved_by = ? WHERE story_n = ? AND id = ?`

	invitationColumns = `i.code, s.id, i.role, i.user_id, i.invited_by, i.expires_at`
	invitationTables  = ` FROM edit_invitations i JOIN stories s ON s.n = i.story_n `
	insertInvitation  = `INSERT INTO edit_invitations (code, story_n, role, user_id, invited_by, expires_at) VALUES (?, ?, ?, ?, ?, ?)`
	expireInvitations = `DELETE FROM edit_invitations WHERE story_n = ? AND expires_at < ?`
	countInvitations  = `SELECT count(*) FROM edit_invitations WHERE story_n = ?`
	selectInvitation  = `SELECT ` + invitationColumns + invitationTables + `WHERE i.code = ?`
	selectInvitations = `SELECT ` + invitationColumns + invitationTables + `WHERE s.id = ? AND i.expires_at >= ? ORDER BY i.expires_at DESC, i.code`
	deleteInvitation  = `DELETE FROM edit_invitations WHERE story_n = ? AND code = ?`
)

func scanNote(row scanner) (coedit.Note, error) {
	var n coedit.Note
	var anchor string
	var created, resolved int64
	err := row.Scan(&n.ID, &n.StoryID, &n.PassageID, &n.ParentID, &anchor, &n.User.ID, &created, &resolved, &n.ResolvedBy.ID, &n.Command, &n.Text)
	if err == nil && anchor != "" {
		n.Anchor = new(coedit.Anchor)
		err = json.Unmarshal([]byte(anchor), n.Anchor)
	}
	n.CreatedAt, n.ResolvedAt = fromMillis(created), fromMillis(resolved)
	return n, err
}

// InsertNote implements coedit.Notes.
func (s *Store) InsertNote(ctx context.Context, n coedit.Note, limit int) (stored coedit.Note, err error) {
	var anchor []byte
	if n.Anchor != nil {
		if anchor, err = json.Marshal(n.Anchor); err != nil {
			return n, fmt.Errorf("encode anchor: %w", err)
		}
	}
	err = s.w.do(ctx, "store.InsertNote", &write{run: func(se *session) error {
		t, err := se.tail(n.StoryID)
		if err != nil {
			return err
		}
		rows, err := se.changed(insertNote, n.ID, t.n, n.PassageID, n.ParentID, string(anchor), string(n.User.ID),
			millis(n.CreatedAt), nullable(n.Command), n.Text)
		if err != nil {
			return fmt.Errorf("insert note: %w", err)
		}
		if rows == 0 {
			stored, err = scanNote(se.row(selectCommand, string(n.User.ID), n.Command))
			return err
		}
		stored = n
		return se.atMost(limit, "This story has as many notes as a story can have.", countNotes, t.n)
	}})
	return stored, err
}

// atMost refuses with VALIDATION if a query counts more than limit.
func (se *session) atMost(limit int, message, query string, args ...any) error {
	var count int
	if err := se.row(query, args...).Scan(&count); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	if count > limit {
		return errs.E("store.atMost", errs.Validation, message)
	}
	return nil
}

func noNote(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E("store.Note", errs.NotFound, "There is no such note.")
	}
	if err != nil {
		return fmt.Errorf("read note: %w", err)
	}
	return nil
}

// Note implements coedit.Notes.
func (s *Store) Note(ctx context.Context, id story.ID, note string) (coedit.Note, error) {
	n, err := scanNote(s.row(ctx, selectNote, string(id), note))
	return n, noNote(err)
}

// NotesOf implements coedit.Notes.
func (s *Store) NotesOf(ctx context.Context, id story.ID) ([]coedit.Note, error) {
	list := []coedit.Note{}
	err := s.read(ctx, selectNotes, []any{string(id)}, func(rows *sql.Rows) error {
		n, err := scanNote(rows)
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	return list, nil
}

// ResolveNote implements coedit.Notes.
func (s *Store) ResolveNote(ctx context.Context, id story.ID, note string, by auth.UserID, at time.Time) (n coedit.Note, err error) {
	if at.IsZero() {
		by = ""
	}
	err = s.w.do(ctx, "store.ResolveNote", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		if _, err := se.exec(resolveNote, millis(at), string(by), t.n, note); err != nil {
			return fmt.Errorf("resolve note: %w", err)
		}
		n, err = scanNote(se.row(selectNote, string(id), note))
		return noNote(err)
	}})
	return n, err
}

func scanInvitation(row scanner) (i coedit.Invitation, err error) {
	var expires int64
	err = row.Scan(&i.Code, &i.StoryID, &i.Role, &i.User.ID, &i.InvitedBy.ID, &expires)
	i.ExpiresAt = fromMillis(expires)
	return i, err
}

// InsertInvitation implements coedit.Invitations.
func (s *Store) InsertInvitation(ctx context.Context, i coedit.Invitation, now time.Time, limit int) error {
	return s.w.do(ctx, "store.InsertInvitation", &write{run: func(se *session) error {
		t, err := se.tail(i.StoryID)
		if err != nil {
			return err
		}
		if _, err := se.exec(expireInvitations, t.n, millis(now)); err != nil {
			return fmt.Errorf("expire invitations: %w", err)
		}
		_, err = se.exec(insertInvitation, i.Code, t.n, int64(i.Role), string(i.User.ID), string(i.InvitedBy.ID), millis(i.ExpiresAt))
		if err != nil {
			return fmt.Errorf("insert invitation: %w", err)
		}
		return se.atMost(limit, "This story has as many open invitations as a story can have.", countInvitations, t.n)
	}})
}

// Invitation implements coedit.Invitations.
func (s *Store) Invitation(ctx context.Context, code string) (coedit.Invitation, error) {
	i, err := scanInvitation(s.row(ctx, selectInvitation, code))
	if errors.Is(err, sql.ErrNoRows) {
		return i, errs.E("store.Invitation", errs.NotFound, "There is no such invitation.")
	}
	if err != nil {
		return i, fmt.Errorf("read invitation: %w", err)
	}
	return i, nil
}

// InvitationsOf implements coedit.Invitations.
func (s *Store) InvitationsOf(ctx context.Context, id story.ID, now time.Time) ([]coedit.Invitation, error) {
	list := []coedit.Invitation{}
	err := s.read(ctx, selectInvitations, []any{string(id), millis(now)}, func(rows *sql.Rows) error {
		i, err := scanInvitation(rows)
		list = append(list, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	return list, nil
}

// DeleteInvitation implements coedit.Invitations.
func (s *Store) DeleteInvitation(ctx context.Context, id story.ID, code string) error {
	return s.w.do(ctx, "store.DeleteInvitation", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		_, err = se.exec(deleteInvitation, t.n, code)
		return err
	}})
}
