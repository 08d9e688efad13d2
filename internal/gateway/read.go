package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// nameFor is how somebody calls a room: their own inbox is user:me.
func nameFor(user auth.UserID, room string) string {
	if room == roomUser(user) {
		return roomMe
	}
	return room
}

// roomsFor are the rooms that somebody calls so.
func roomsFor(user auth.UserID, names []string) []string {
	return wire.Map(names, func(name string) string {
		if name == roomMe {
			return roomUser(user)
		}
		return name
	})
}

// News returns what has happened in rooms ("story:ID", "user:me") above an
// offset, for those who have no socket; without an offset nothing, and where to
// begin. It asks for no rights to stories.
func (h *Hub) News(ctx context.Context, user auth.UserID, names []string, offset string) (wire.News, error) {
	const op = "gateway.News"
	news := wire.News{Events: []wire.NewsEvent{}, Gaps: []wire.SyncGap{}}
	if offset == "" {
		news.Offset = h.offset(h.feed.Cursor())
		return news, nil
	}
	rooms := roomsFor(user, names)
	pos, ok := h.position(offset)
	if ok {
		reaching, cancel := context.WithTimeout(ctx, reachWait)
		defer cancel()
		var err error
		if ok, err = h.feed.Reach(reaching, pos); err != nil {
			return news, errs.Wrap(op, err)
		}
	}
	if !ok {
		at := h.feed.Cursor()
		for _, room := range rooms {
			news.Gaps = append(news.Gaps, h.gap(user, room, 0, at, true))
		}
		news.Offset = h.offset(at)
		return news, nil
	}
	wants := wire.Map(rooms, func(room string) feed.Want { return feed.Want{Room: room, After: pos} })
	missed, err := h.missed(ctx, wants)
	if err != nil {
		return news, err
	}
	news.Offset = h.offset(missed.Cursor)
	for _, room := range missed.Gaps {
		news.Gaps = append(news.Gaps, h.gap(user, room, pos, missed.Cursor, false))
	}
	for _, e := range missed.Events {
		if packet, ok := e.Body.(*socketio.Packet); ok {
			news.Events = append(news.Events, wire.NewsEvent{
				Room: nameFor(user, e.Room), Event: packet.Event(), Data: packet.Args().Raw(0), Offset: h.offset(e.Pos),
			})
		}
	}
	return news, nil
}

// missed returns what was told in rooms since a position.
func (h *Hub) missed(ctx context.Context, wants []feed.Want) (missed feed.Missed, err error) {
	const op = "gateway.missed"
	for range prepareTries {
		replay, err := h.feed.Prepare(ctx, wants, "")
		if err != nil {
			return missed, errs.Wrap(op, err)
		}
		if h.feed.Hold(replay, func(m feed.Missed) { missed = m }) {
			return missed, nil
		}
	}
	return missed, errs.E(op, errs.Unavailable, "Too much happens right now. Try again in a moment.")
}

// Watch returns a channel that has a value when there is news in the rooms, until
// cancel is called.
func (h *Hub) Watch(user auth.UserID, names []string) (rang <-chan struct{}, cancel func()) {
	return h.feed.Watch(roomsFor(user, names))
}
