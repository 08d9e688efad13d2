package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

var _ story.Store = (*Store)(nil)

// Comments are numbered without gaps and stay, so that the last seq is their number.
const storyColumns = `s.id, s.author_id, s.title, s.synopsis, s.cover_color, s.visibility, s.created_at,
	coalesce((SELECT max(seq) FROM comments WHERE story_n = s.n), 0),
	coalesce((SELECT max(no) FROM story_releases WHERE story_n = s.n), 0)`

const (
	insertStory = `INSERT INTO stories (id, author_id, title, synopsis, cover_color, visibility, created_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	selectStory  = `SELECT ` + storyColumns + `, s.body FROM stories s WHERE s.id = ?`
	selectRule   = `SELECT n, title, author_id, visibility FROM stories WHERE id = ?`
	selectRoles  = `SELECT user_id, role, created_at FROM story_members WHERE story_n = ?`
	selectNumber = `SELECT n FROM stories WHERE id = ?`
	countMembers = `SELECT count(*) FROM story_members WHERE story_n = ? AND user_id <> ?`
	upsertMember = `INSERT INTO story_members (story_n, user_id, role, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (story_n, user_id) DO UPDATE SET role = excluded.role, created_at = excluded.created_at`
	deleteMember = `DELETE FROM story_members WHERE story_n = ? AND user_id = ?`
)

func noStory(op string) error { return errs.E(op, errs.NotFound, "There is no such story.") }

func scanStory(row scanner, more ...any) (st story.Story, err error) {
	var at int64
	dest := []any{&st.ID, &st.Author.ID, &st.Title, &st.Synopsis, &st.CoverColor, &st.Visibility, &at, &st.CommentCount, &st.Release}
	if len(more) == 0 {
		dest = append(dest, &st.Body)
	}
	err = row.Scan(append(dest, more...)...)
	st.CreatedAt = fromMillis(at)
	return st, err
}

// CreateStory implements story.Store.
func (s *Store) CreateStory(ctx context.Context, st story.Story, key string, since time.Time) (stored story.Story, duplicate bool, err error) {
	scope := "story:" + string(st.Author.ID)
	wr := &write{run: func(se *session) error {
		id := string(st.ID)
		ids, err := se.remembered(scope, key, since)
		if err != nil {
			return err
		}
		if duplicate = ids != nil; duplicate {
			id = ids[0]
		} else {
			n, err := se.changed(insertStory, id, string(st.Author.ID), st.Title, st.Synopsis, st.CoverColor,
				string(st.Visibility), millis(st.CreatedAt), st.Body)
			if err != nil {
				return fmt.Errorf("insert story: %w", err)
			}
			duplicate = n == 0
			if err := se.remember(scope, key, []string{id}, st.CreatedAt); err != nil {
				return err
			}
		}
		stored, err = scanStory(se.row(selectStory, id))
		return err
	}}
	if err := s.w.do(ctx, "store.CreateStory", wr); err != nil {
		return story.Story{}, false, err
	}
	return stored, duplicate, nil
}

// Story implements story.Store.
func (s *Store) Story(ctx context.Context, id story.ID) (story.Story, error) {
	st, err := scanStory(s.row(ctx, selectStory, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return st, noStory("store.Story")
	}
	if err != nil {
		return st, fmt.Errorf("read story: %w", err)
	}
	return st, nil
}

// StoriesFor implements story.Store.
func (s *Store) StoriesFor(ctx context.Context, reader auth.UserID, below story.Position, limit int) ([]story.Story, error) {
	const query = `SELECT ` + storyColumns + `,
			coalesce((SELECT role FROM story_members m WHERE m.story_n = s.n AND m.user_id = ?1), 0)
		FROM stories s
		WHERE (s.created_at, s.id) < (?2, ?3) AND (s.visibility = 'public' OR s.author_id = ?1
			OR EXISTS (SELECT 1 FROM story_members m WHERE m.story_n = s.n AND m.user_id = ?1))
		ORDER BY s.created_at DESC, s.id DESC LIMIT ?4`
	at := int64(1<<63 - 1)
	if !below.CreatedAt.IsZero() {
		at = millis(below.CreatedAt)
	}
	list := make([]story.Story, 0, limit)
	err := s.read(ctx, query, []any{string(reader), at, string(below.ID), limit}, func(rows *sql.Rows) error {
		var role story.Role
		st, err := scanStory(rows, &role)
		st.Role = role
		list = append(list, st)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list stories: %w", err)
	}
	return list, nil
}

// Access implements story.Store.
func (s *Store) Access(ctx context.Context, id story.ID) (*story.Access, error) {
	a := &story.Access{ID: id}
	var n int64
	err := s.row(ctx, selectRule, string(id)).Scan(&n, &a.Title, &a.Author, &a.Visibility)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noStory("store.Access")
	}
	if err != nil {
		return nil, fmt.Errorf("read access: %w", err)
	}
	a.Members = make(map[auth.UserID]story.Grant)
	err = s.read(ctx, selectRoles, []any{n}, func(rows *sql.Rows) error {
		var id auth.UserID
		var g story.Grant
		var at int64
		err := rows.Scan(&id, &g.Role, &at)
		g.Since = fromMillis(at)
		a.Members[id] = g
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return a, nil
}

// SetMember implements story.Store.
func (s *Store) SetMember(ctx context.Context, id story.ID, userID auth.UserID, role story.Role, since time.Time, limit int) error {
	return s.w.do(ctx, "store.SetMember", &write{run: func(se *session) error {
		var n int64
		err := se.row(selectNumber, string(id)).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return noStory("store.SetMember")
		}
		if err != nil {
			return fmt.Errorf("read story: %w", err)
		}
		if role == story.None {
			if _, err := se.exec(deleteMember, n, string(userID)); err != nil {
				return fmt.Errorf("delete member: %w", err)
			}
			return nil
		}
		var others int
		if err := se.row(countMembers, n, string(userID)).Scan(&others); err != nil {
			return fmt.Errorf("count members: %w", err)
		}
		if others >= limit {
			return errs.E("store.SetMember", errs.Validation, "This story has as many members as a story can have.")
		}
		if _, err := se.exec(upsertMember, n, string(userID), int64(role), millis(since)); err != nil {
			return fmt.Errorf("store member: %w", err)
		}
		return nil
	}})
}
