package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

var _ comment.Store = (*Store)(nil)

// maxTails is how many stories' ends the writer remembers, about 150 bytes each.
const maxTails = 50_000

// storyTail is where a story's comments end. Only the writer's goroutine touches it.
type storyTail struct {
	n   int64 // number of the story's row
	seq int64 // of its last comment
}

const commentColumns = `c.id, s.id, c.seq, coalesce(c.parent_id, ''), c.user_id, c.created_at, coalesce(c.cid, ''), c.content, c.pos`

const (
	insertComment = `INSERT INTO comments (id, story_n, seq, parent_id, user_id, created_at, cid, content, pos)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (cid, user_id) WHERE cid IS NOT NULL DO NOTHING`
	selectTail = `SELECT n, coalesce((SELECT max(seq) FROM comments WHERE story_n = stories.n), 0) FROM stories WHERE id = ?`
	// Of many stories, for a group of writes.
	selectTails = `SELECT s.id, s.n, coalesce((SELECT max(seq) FROM comments WHERE story_n = s.n), 0)
		FROM stories s WHERE s.id IN (SELECT value FROM json_each(?))`
	selectCID = `SELECT ` + commentColumns + ` FROM comments c JOIN stories s ON s.n = c.story_n WHERE c.cid = ? AND c.user_id = ?`
	freeCID   = `UPDATE comments SET cid = NULL WHERE cid = ? AND user_id = ?`
)

// tail returns where the story ends.
func (se *session) tail(id story.ID) (*storyTail, error) {
	if t, ok := se.stories[string(id)]; ok {
		return t, nil
	}
	t := new(storyTail)
	err := se.row(selectTail, string(id)).Scan(&t.n, &t.seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.E("store.tail", errs.NotFound, "There is no such story.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the story's end: %w", err)
	}
	se.know(string(id), t)
	return t, nil
}

func (se *session) know(id string, t *storyTail) {
	if len(se.stories) >= maxTails {
		se.forgetTail()
	}
	se.stories[id] = t
}

// forgetTail makes room: any will do, it is read again when needed. One that
// moved in this transaction is right only in memory's and the transaction's view alike.
func (se *session) forgetTail() {
	for id := range se.stories {
		delete(se.stories, id)
		return
	}
}

// InsertComment implements comment.Store.
func (s *Store) InsertComment(ctx context.Context, c comment.Comment, since time.Time, ns []notification.Notification, committed func(comment.Receipt)) (comment.Receipt, error) {
	c.Epoch = s.epoch
	var r comment.Receipt
	wr := &write{single: len(ns) == 0, story: c.StoryID}
	wr.run = func(se *session) error {
		r = comment.Receipt{Comment: c}
		return insertOne(se, &r, since, ns)
	}
	if committed != nil {
		wr.committed = func() {
			if !r.Duplicate {
				committed(r)
			}
		}
	}
	if err := s.w.do(ctx, "store.InsertComment", wr); err != nil {
		return comment.Receipt{}, err
	}
	return r, nil
}

func insertOne(se *session, r *comment.Receipt, since time.Time, ns []notification.Notification) error {
	c := &r.Comment
	t, err := se.tail(c.StoryID)
	if err != nil {
		return err
	}
	for {
		inserted, err := se.one(insertComment, string(c.ID), t.n, t.seq+1, nullable(string(c.ParentID)),
			string(c.User.ID), millis(c.CreatedAt), nullable(c.CID), c.Content, se.pos+1)
		if err != nil {
			return fmt.Errorf("insert comment: %w", err)
		}
		if inserted {
			break
		}
		first, err := scanComment(se.row(selectCID, c.CID, string(c.User.ID)))
		if err != nil {
			return fmt.Errorf("read the comment of a cid: %w", err)
		}
		if first.CreatedAt.After(since) {
			first.Epoch = c.Epoch
			r.Comment, r.Duplicate = first, true
			return nil
		}
		if _, err := se.exec(freeCID, c.CID, string(c.User.ID)); err != nil {
			return fmt.Errorf("free a cid: %w", err)
		}
	}
	c.Pos = se.next()
	stored, err := insertNotifications(se, ns)
	if err != nil {
		return err
	}
	// Last: if anything failed, memory knows of nothing.
	t.seq++
	se.touched = append(se.touched, string(c.StoryID))
	c.Seq, r.Notifications = t.seq, stored
	return nil
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func scanComment(row scanner) (comment.Comment, error) {
	var c comment.Comment
	var at int64
	err := row.Scan(&c.ID, &c.StoryID, &c.Seq, &c.ParentID, &c.User.ID, &at, &c.CID, &c.Content, &c.Pos)
	c.CreatedAt = fromMillis(at)
	return c, err
}

// Comment implements comment.Store.
func (s *Store) Comment(ctx context.Context, id comment.ID) (comment.Comment, error) {
	const query = `SELECT ` + commentColumns + ` FROM comments c JOIN stories s ON s.n = c.story_n WHERE c.id = ?`
	c, err := scanComment(s.row(ctx, query, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return comment.Comment{}, errs.E("store.Comment", errs.NotFound, "There is no such comment.")
	}
	if err != nil {
		return comment.Comment{}, fmt.Errorf("read comment: %w", err)
	}
	c.Epoch = s.epoch
	return c, nil
}

// Comments implements comment.Store.
func (s *Store) Comments(ctx context.Context, id story.ID, below int64, limit int) ([]comment.Comment, comment.Seq, error) {
	// The position is read first: a comment that comes in between is in the
	// page and is told again, which does no harm; one that is missing would.
	pos := comment.Seq{Epoch: s.epoch}
	var n int64
	err := s.row(ctx, selectTail, string(id)).Scan(&n, &pos.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pos, errs.E("store.Comments", errs.NotFound, "There is no such story.")
	}
	if err != nil {
		return nil, pos, fmt.Errorf("read the story's end: %w", err)
	}
	if limit <= 0 {
		return nil, pos, nil
	}
	if below <= 0 {
		below = 1<<63 - 1
	}
	const query = `SELECT ` + commentColumns + ` FROM comments c JOIN stories s ON s.n = c.story_n
		WHERE c.story_n = ? AND c.seq < ? ORDER BY c.seq DESC LIMIT ?`
	list := make([]comment.Comment, 0, limit)
	err = s.read(ctx, query, []any{n, below, limit}, func(rows *sql.Rows) error {
		c, err := scanComment(rows)
		c.Epoch = s.epoch
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, pos, fmt.Errorf("list comments: %w", err)
	}
	return list, pos, nil
}
