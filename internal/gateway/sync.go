package gateway

import (
	"context"
	"strings"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// roomMe is how clients name their own inbox.
const roomMe = "user:me"

const (
	defaultSync = 100
	maxSync     = feed.MaxRoom
)

// syncSince answers what has happened in a room since a position.
func (g *Gateway) syncSince(ctx context.Context, s *session, in wire.SyncSince) (wire.SyncPage, error) {
	const op = "gateway.syncSince"
	if in.Limit == 0 {
		in.Limit = defaultSync
	}
	id, isStory := strings.CutPrefix(in.Room, roomStory(""))
	switch {
	case in.Limit < 1 || in.Limit > maxSync:
		return wire.SyncPage{}, errs.E(op, errs.Validation, "limit must be between 1 and 500.")
	case in.Seq < 0:
		return wire.SyncPage{}, errs.E(op, errs.Validation, "seq must not be negative.")
	case in.Epoch != g.hub.epoch:
		return wire.SyncPage{}, errs.E(op, errs.EpochChanged, "This position is none of ours. Read the list anew.")
	case isStory:
		return g.syncStory(ctx, s, story.ID(id), in)
	case in.Room == roomMe:
		return g.syncInbox(ctx, s, in)
	}
	return wire.SyncPage{}, errs.E(op, errs.Validation, `room must be "story:ID" or "user:me".`)
}

func (g *Gateway) syncStory(ctx context.Context, s *session, id story.ID, in wire.SyncSince) (wire.SyncPage, error) {
	list, position, err := g.deps.Comments.Since(ctx, s.user.ID, id, in.Seq, in.Limit)
	if err != nil {
		return wire.SyncPage{}, err
	}
	page := wire.SyncPage{Events: make([]wire.SyncEvent, 0, len(list)), Epoch: in.Epoch, Seq: in.Seq}
	for _, c := range list {
		data, err := wire.Encode(wire.CommentOf(c))
		if err != nil {
			return wire.SyncPage{}, err
		}
		page.Events = append(page.Events, wire.SyncEvent{Event: wire.CommentCreatedEvent, Data: data, Seq: c.Seq})
		page.Seq = c.Seq
	}
	page.Complete = page.Seq >= position.Seq
	return page, nil
}

// syncInbox reads what the feed would replay.
func (g *Gateway) syncInbox(ctx context.Context, s *session, in wire.SyncSince) (wire.SyncPage, error) {
	missed, err := g.hub.missed(ctx, []feed.Want{{Room: roomUser(s.user.ID), After: in.Seq}})
	if err != nil {
		return wire.SyncPage{}, err
	}
	if len(missed.Gaps) > 0 {
		return wire.SyncPage{}, errs.E("gateway.syncInbox", errs.Gone, "Too much has happened since. Read the list anew.")
	}
	page := wire.SyncPage{Events: []wire.SyncEvent{}, Epoch: in.Epoch, Seq: max(in.Seq, missed.Cursor), Complete: true}
	for i, e := range missed.Events {
		if i == in.Limit {
			page.Seq, page.Complete = missed.Events[i-1].Pos, false
			break
		}
		if packet, ok := e.Body.(*socketio.Packet); ok {
			page.Events = append(page.Events, wire.SyncEvent{Event: packet.Event(), Data: packet.Args().Raw(0), Seq: e.Pos})
		}
	}
	return page, nil
}
