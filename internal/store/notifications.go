package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/notification"
)

var _ notification.Store = (*Store)(nil)

const notificationColumns = `id, user_id, type, title, body, link, actor_id, data, created_at, read_at`

const (
	insertNotification = `INSERT INTO notifications (` + notificationColumns + `, pos) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`
	addUnread          = `INSERT INTO inboxes (user_id, unread, rev) VALUES (?, 1, 1)
		ON CONFLICT (user_id) DO UPDATE SET unread = inboxes.unread + 1, rev = inboxes.rev + 1 RETURNING unread, rev`
	subtractUnread     = `UPDATE inboxes SET unread = unread - ?, rev = rev + 1 WHERE user_id = ? RETURNING unread, rev`
	selectCounts       = `SELECT unread, rev FROM inboxes WHERE user_id = ?`
	selectNotification = `SELECT ` + notificationColumns + `, pos FROM notifications WHERE id = ?`
	markOne            = `UPDATE notifications SET read_at = ?, read_pos = ? WHERE id = ? AND user_id = ? AND read_at = 0`
	markAll            = `UPDATE notifications SET read_at = ?, read_pos = ? WHERE user_id = ? AND read_at = 0`
)

// notificationScope is the scope of the idempotency keys of InsertNotifications.
const notificationScope = "notification"

// insertNotifications is part of the write it is called in.
func insertNotifications(se *session, ns []notification.Notification) ([]notification.Stored, error) {
	if len(ns) == 0 {
		return nil, nil
	}
	stored := make([]notification.Stored, len(ns))
	for i, n := range ns {
		stored[i].Pos = se.next()
		_, err := se.one(insertNotification, string(n.ID), string(n.UserID), string(n.Type), n.Title, n.Body,
			n.Link, string(n.Actor.ID), string(n.Data), millis(n.CreatedAt), stored[i].Pos)
		if err != nil {
			return nil, fmt.Errorf("insert notification: %w", err)
		}
		stored[i].Notification = n
		if err := se.later(addUnread, []any{string(n.UserID)}, &stored[i].Counts.Unread, &stored[i].Counts.Rev); err != nil {
			return nil, fmt.Errorf("count notification: %w", err)
		}
	}
	return stored, nil
}

// InsertNotifications implements notification.Store.
func (s *Store) InsertNotifications(ctx context.Context, ns []notification.Notification, key string, since time.Time, committed func([]notification.Stored)) (stored []notification.Stored, duplicate bool, err error) {
	wr := &write{run: func(se *session) error {
		ids, err := se.remembered(notificationScope, key, since)
		if err != nil {
			return err
		}
		if duplicate = ids != nil; duplicate {
			stored, err = firstNotifications(se, ids)
			return err
		}
		if stored, err = insertNotifications(se, ns); err != nil {
			return err
		}
		ids = make([]string, len(ns))
		for i, n := range ns {
			ids[i] = string(n.ID)
		}
		return se.remember(notificationScope, key, ids, ns[0].CreatedAt)
	}}
	if committed != nil {
		wr.committed = func() {
			if !duplicate {
				committed(stored)
			}
		}
	}
	if err := s.w.do(ctx, "store.InsertNotifications", wr); err != nil {
		return nil, false, err
	}
	return stored, duplicate, nil
}

func firstNotifications(se *session, ids []string) ([]notification.Stored, error) {
	stored := make([]notification.Stored, len(ids))
	for i, id := range ids {
		n, err := scanNotification(se.row(selectNotification, id), &stored[i].Pos)
		if err != nil {
			return nil, fmt.Errorf("read notification: %w", err)
		}
		stored[i].Notification = n
		if stored[i].Counts, err = scanCounts(se.row(selectCounts, string(n.UserID))); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

func scanNotification(row scanner, more ...any) (n notification.Notification, err error) {
	var data string
	var created, read int64
	dest := []any{&n.ID, &n.UserID, &n.Type, &n.Title, &n.Body, &n.Link, &n.Actor.ID, &data, &created, &read}
	err = row.Scan(append(dest, more...)...)
	n.CreatedAt, n.ReadAt = fromMillis(created), fromMillis(read)
	if data != "" {
		n.Data = []byte(data)
	}
	return n, err
}

// scanCounts reads an inbox's totals; one that is not there is empty.
func scanCounts(row scanner) (c notification.Counts, err error) {
	err = row.Scan(&c.Unread, &c.Rev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("read counts: %w", err)
	}
	return c, nil
}

// Notifications implements notification.Store.
func (s *Store) Notifications(ctx context.Context, id auth.UserID, unread bool, below notification.Position, limit int) ([]notification.Notification, notification.Counts, error) {
	// The totals are read first: they may be older than the list, never newer,
	// and what makes them newer is told.
	counts, err := s.NotificationCounts(ctx, id)
	if err != nil {
		return nil, counts, err
	}
	filter := ""
	if unread {
		filter = " AND read_at = 0"
	}
	query := `SELECT ` + notificationColumns + ` FROM notifications
		WHERE user_id = ? AND (created_at, id) < (?, ?)` + filter + ` ORDER BY created_at DESC, id DESC LIMIT ?`
	at := int64(1<<63 - 1)
	if !below.CreatedAt.IsZero() {
		at = millis(below.CreatedAt)
	}
	list := make([]notification.Notification, 0, limit)
	err = s.read(ctx, query, []any{string(id), at, string(below.ID), limit}, func(rows *sql.Rows) error {
		n, err := scanNotification(rows)
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, counts, fmt.Errorf("list notifications: %w", err)
	}
	return list, counts, nil
}

// MarkRead implements notification.Store.
func (s *Store) MarkRead(ctx context.Context, id auth.UserID, m notification.Mark, at time.Time, committed func(notification.Marked)) (notification.Marked, error) {
	var marked notification.Marked
	var changed int64
	wr := &write{run: func(se *session) (err error) {
		pos := se.pos + 1
		marked, changed = notification.Marked{All: m.All, ReadAt: at}, 0
		if m.All {
			changed, err = se.changed(markAll, millis(at), pos, string(id))
		}
		for _, nid := range m.IDs {
			if m.All || err != nil {
				break
			}
			var n int64
			if n, err = se.changed(markOne, millis(at), pos, string(nid), string(id)); n > 0 {
				changed += n
				marked.IDs = append(marked.IDs, nid)
			}
		}
		if err != nil {
			return fmt.Errorf("mark notifications: %w", err)
		}
		if changed == 0 {
			marked.Counts, err = scanCounts(se.row(selectCounts, string(id)))
			return err
		}
		marked.Pos = se.next()
		marked.Counts, err = scanCounts(se.row(subtractUnread, changed, string(id)))
		return err
	}}
	if committed != nil {
		wr.committed = func() {
			if changed > 0 {
				committed(marked)
			}
		}
	}
	if err := s.w.do(ctx, "store.MarkRead", wr); err != nil {
		return notification.Marked{}, err
	}
	return marked, nil
}

// NotificationCounts implements notification.Store.
func (s *Store) NotificationCounts(ctx context.Context, id auth.UserID) (notification.Counts, error) {
	return scanCounts(s.row(ctx, selectCounts, string(id)))
}
