package gateway

import (
	"context"
	"net/url"
	"time"

	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// editHandlers has the events of writing together.
func (g *Gateway) editHandlers(ns *socketio.Namespace) {
	handle(ns, wire.EditOpenEvent, g.openDoc)
	ns.On(wire.EditUpdateEvent, g.pushUpdate)
	handle(ns, wire.EditSyncEvent, g.syncDoc)
	handle(ns, wire.EditAwarenessEvent, g.setAwareness)
	handle(ns, wire.EditCloseEvent, g.closeDoc)
	handle(ns, wire.EditCommentAddEvent, g.addNote)
	handle(ns, wire.EditCommentReplyEvent, g.replyNote)
	handle(ns, wire.EditCommentResolveEvent, g.resolveNote)
}

// openDoc lets the connection hear a document, and says what it lacks.
func (g *Gateway) openDoc(ctx context.Context, s *session, in wire.EditOpen) (wire.EditOpened, error) {
	id := story.ID(in.StoryID)
	room := roomEdit(id)
	// Before it is opened: no update may fall between the two.
	if err := s.socket.Join(room); err != nil {
		return wire.EditOpened{}, errs.E("gateway.openDoc", errs.RoomFull, "You have too many stories open in this tab.")
	}
	opened, err := g.deps.Edits.Open(ctx, coedit.Visitor{Conn: s.id, User: s.user, Client: uint64(in.ClientID)}, id, in.SV)
	if err != nil {
		s.socket.Leave(room)
		return wire.EditOpened{}, err
	}
	return wire.EditOpenedOf(id, opened, docURL(id, opened.Synced, in.SV)), nil
}

// docURL is where an update is fetched that is too large for a socket.
func docURL(id story.ID, s coedit.Synced, have []byte) string {
	if s.Update != nil {
		return ""
	}
	return "/v1/docs/" + url.PathEscape(string(id)) + "/state?sv=" + wire.EncodeVector(have)
}

func (g *Gateway) syncDoc(ctx context.Context, s *session, in wire.EditSync) (wire.EditSynced, error) {
	id := story.ID(in.StoryID)
	synced, err := g.deps.Edits.Sync(ctx, s.user.ID, id, in.SV)
	if err != nil {
		return wire.EditSynced{}, err
	}
	return wire.EditSyncedOf(id, synced, docURL(id, synced, in.SV)), nil
}

// pushUpdate hands a batch on and does not wait until it is stored: the next
// ones may come meanwhile, and are stored together.
func (g *Gateway) pushUpdate(ctx context.Context, socket *socketio.Socket, call *socketio.Call) error {
	s, ok := socket.Data().(*session)
	if !ok {
		return errs.E("gateway.pushUpdate", errs.Internal, "")
	}
	in, err := readPush(call)
	if err != nil {
		return err
	}
	if wait, ok := s.allowBytes(g.deps.Limits, len(in.U)); !ok {
		return tooFast("gateway.pushUpdate", wait)
	}
	g.deps.Edits.Push(s.id, s.user.ID, story.ID(in.StoryID), in.U, func(seq int64, err error) {
		if err == nil {
			err = call.Ack(wire.EditPushed{N: in.N, Seq: seq}.Answer())
		}
		g.respond(ctx, socket, call, nil, err)
	})
	return nil
}

func readPush(call *socketio.Call) (wire.EditPush, error) {
	if in, num, ok := wire.ReadEditPush(call.Raw(0)); ok {
		if in.U = call.Attachment(num); in.U != nil {
			return in, nil
		}
	}
	var in wire.EditPush
	err := decode(call, &in)
	return in, err
}

// allowBytes takes tokens for the size of an update. One that is larger than
// the bucket passes when that is full.
func (s *session) allowBytes(limits *ratelimit.Classes, n int) (wait time.Duration, ok bool) {
	if s.docBytes == nil {
		s.docBytes = ratelimit.NewBucket(limits.Rates.DocBytes, limits.Now)
	}
	return s.docBytes.AllowN(min(n, limits.Rates.DocBytes.Burst))
}

func (g *Gateway) setAwareness(_ context.Context, s *session, in wire.EditAwareness) (wire.EditAwarenessTaken, error) {
	if err := g.deps.Edits.SetAwareness(s.id, story.ID(in.StoryID), in.AW); err != nil {
		return wire.EditAwarenessTaken{}, silent{err}
	}
	return wire.EditAwarenessTaken{StoryID: string(in.StoryID)}, nil
}

func (g *Gateway) closeDoc(_ context.Context, s *session, in wire.EditClose) (wire.EditClosed, error) {
	id := story.ID(in.StoryID)
	s.socket.Leave(roomEdit(id))
	return wire.EditClosed{StoryID: string(id), Reason: wire.EditClosedByWish}, g.deps.Edits.Close(s.id, id)
}

func (g *Gateway) addNote(ctx context.Context, s *session, in wire.EditCommentAdd) (wire.EditComment, error) {
	return g.note(ctx, s, coedit.Note{
		StoryID: story.ID(in.StoryID), PassageID: string(in.PassageID), Anchor: wire.AnchorOf(in.Anchor), Text: in.Text, Command: in.CmdID,
	})
}

func (g *Gateway) replyNote(ctx context.Context, s *session, in wire.EditCommentReply) (wire.EditComment, error) {
	return g.note(ctx, s, coedit.Note{StoryID: story.ID(in.StoryID), ParentID: string(in.ParentID), Text: in.Text, Command: in.CmdID})
}

func (g *Gateway) note(ctx context.Context, s *session, n coedit.Note) (wire.EditComment, error) {
	n, err := g.deps.Edits.AddNote(context.WithoutCancel(ctx), s.user.ID, n)
	if err != nil {
		return wire.EditComment{}, err
	}
	return wire.EditCommentOf(n), nil
}

func (g *Gateway) resolveNote(ctx context.Context, s *session, in wire.EditCommentResolve) (wire.EditComment, error) {
	n, err := g.deps.Edits.ResolveNote(context.WithoutCancel(ctx), s.user.ID, story.ID(in.StoryID), string(in.CommentID), *in.Resolved)
	if err != nil {
		return wire.EditComment{}, err
	}
	return wire.EditCommentOf(n), nil
}
