package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

// firstPage is how many comments are looked at first: most who come back have
// missed few. The pages that follow are larger.
const firstPage = 32

// Epoch returns what the positions in this database belong to.
func (s *Store) Epoch() string { return s.epoch }

// Head returns the position of the last committed event.
func (s *Store) Head(ctx context.Context) (pos int64, err error) {
	if err := s.row(ctx, `SELECT pos FROM feed_head`).Scan(&pos); err != nil {
		return 0, fmt.Errorf("read the head: %w", err)
	}
	return pos, nil
}

// StoryComments returns the newest comments of a story above a position, in
// order and at most limit. It reads little more than it returns. Authors come
// without their names.
func (s *Store) StoryComments(ctx context.Context, id story.ID, after int64, limit int) ([]comment.Comment, error) {
	var found []comment.Comment
	below, page := int64(0), firstPage
	for len(found) < limit {
		list, _, err := s.Comments(ctx, id, below, page)
		if errs.CodeOf(err) == errs.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		// Positions rise with seq.
		newer := list
		if i := slices.IndexFunc(list, func(c comment.Comment) bool { return c.Pos <= after }); i >= 0 {
			newer = list[:i]
		}
		found = append(found, newer...)
		if len(newer) < page {
			break
		}
		below, page = list[len(list)-1].Seq, limit
	}
	found = found[:min(len(found), limit)]
	slices.Reverse(found)
	return found, nil
}

// CommentsSince returns the comments of a story above a seq, the oldest first
// and at most limit, and the story's position at that moment.
func (s *Store) CommentsSince(ctx context.Context, id story.ID, seq int64, limit int) ([]comment.Comment, comment.Seq, error) {
	_, pos, err := s.Comments(ctx, id, 0, 0)
	if err != nil {
		return nil, pos, err
	}
	list, err := s.comments(ctx, `SELECT `+commentColumns+` FROM comments c JOIN stories s ON s.n = c.story_n
		WHERE s.id = ? AND c.seq > ? ORDER BY c.seq LIMIT ?`, string(id), seq, limit)
	return list, pos, err
}

func (s *Store) comments(ctx context.Context, query string, args ...any) (list []comment.Comment, err error) {
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		c, err := scanComment(rows)
		c.Epoch = s.epoch
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list comments: %w", err)
	}
	return list, nil
}

// InboxNews returns the newest notifications of a user, and what the user has
// read, above a position: each in order and at most limit.
func (s *Store) InboxNews(ctx context.Context, id auth.UserID, after int64, limit int) ([]notification.Stored, []notification.Read, error) {
	news, err := s.news(ctx, `SELECT `+notificationColumns+`, pos FROM notifications
		WHERE user_id = ? AND pos > ? ORDER BY pos DESC LIMIT ?`, string(id), after, limit)
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(news)
	reads, err := s.reads(ctx, `SELECT user_id, id, read_at, read_pos FROM notifications
		WHERE user_id = ?1 AND read_pos > ?2 AND read_pos >= (SELECT coalesce(min(p), 0) FROM (SELECT DISTINCT read_pos AS p
			FROM notifications WHERE user_id = ?1 AND read_pos > ?2 ORDER BY read_pos DESC LIMIT ?3) AS newest)
		ORDER BY read_pos, n`, string(id), after, limit)
	return news, reads, err
}

// Committed returns all events with after < position <= upTo, each kind in order.
func (s *Store) Committed(ctx context.Context, after, upTo int64) (cs []comment.Comment, news []notification.Stored, reads []notification.Read, err error) {
	cs, err = s.comments(ctx, `SELECT `+commentColumns+` FROM comments c JOIN stories s ON s.n = c.story_n
		WHERE c.pos > ? AND c.pos <= ? ORDER BY c.pos`, after, upTo)
	if err == nil {
		news, err = s.news(ctx, `SELECT `+notificationColumns+`, pos FROM notifications WHERE pos > ? AND pos <= ? ORDER BY pos`, after, upTo)
	}
	if err == nil {
		reads, err = s.reads(ctx, `SELECT user_id, id, read_at, read_pos FROM notifications
			WHERE read_pos > ? AND read_pos <= ? ORDER BY read_pos, n`, after, upTo)
	}
	return cs, news, reads, err
}

// news reads notifications with the totals of their inboxes as they are now.
func (s *Store) news(ctx context.Context, query string, args ...any) (list []notification.Stored, err error) {
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		var n notification.Stored
		var err error
		n.Notification, err = scanNotification(rows, &n.Pos)
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	for i := range list {
		if i > 0 && list[i].Notification.UserID == list[i-1].Notification.UserID {
			list[i].Counts = list[i-1].Counts
		} else if list[i].Counts, err = s.NotificationCounts(ctx, list[i].Notification.UserID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// reads reads what was marked, one entry for each position.
func (s *Store) reads(ctx context.Context, query string, args ...any) (list []notification.Read, err error) {
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		var r notification.Read
		var id notification.ID
		var at int64
		if err := rows.Scan(&r.UserID, &id, &at, &r.Marked.Pos); err != nil {
			return err
		}
		if n := len(list); n == 0 || list[n-1].Marked.Pos != r.Marked.Pos {
			r.Marked.ReadAt = fromMillis(at)
			list = append(list, r)
		}
		m := &list[len(list)-1].Marked
		m.IDs = append(m.IDs, id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what was read: %w", err)
	}
	for i := range list {
		if m := &list[i].Marked; len(m.IDs) > notification.MaxRead {
			m.IDs, m.All = nil, true // so many only by asking for all
		}
		if list[i].Marked.Counts, err = s.NotificationCounts(ctx, list[i].UserID); err != nil {
			return nil, err
		}
	}
	return list, nil
}
