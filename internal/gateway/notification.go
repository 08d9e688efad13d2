package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/wire"
)

func (g *Gateway) listNotifications(ctx context.Context, s *session, in wire.NotificationList) (wire.NotificationPage, error) {
	page, err := g.deps.Notifications.List(ctx, s.user.ID, notification.Query{Cursor: in.Cursor, Limit: in.Limit, Unread: in.Unread})
	if err != nil {
		return wire.NotificationPage{}, err
	}
	return wire.NotificationPageOf(page), nil
}

func (g *Gateway) readNotifications(ctx context.Context, s *session, in wire.NotificationRead) (wire.NotificationReadDone, error) {
	marked, err := g.deps.Notifications.MarkRead(context.WithoutCancel(ctx), s.user.ID, wire.MarkOf(in, s.sid))
	if err != nil {
		return wire.NotificationReadDone{}, err
	}
	return wire.MarkedOf(marked), nil
}
