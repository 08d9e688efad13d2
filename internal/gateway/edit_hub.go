package gateway

import (
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

var _ coedit.Publisher = (*Hub)(nil)

func roomEdit(id story.ID) string { return "edit:" + string(id) }

// editors are this node's connections that have the document open, except one, or empty.
func (h *Hub) editors(id story.ID, except string) socketio.Operator {
	to := h.ns.Local().To(roomEdit(id))
	if except != "" {
		to = to.Except(except)
	}
	return to
}

// Updated tells this node's editors: every node tells its own, in the order of seq.
func (h *Hub) Updated(id story.ID, u coedit.Update, from uint64, except string) {
	h.tell(h.editors(id, except), wire.EditUpdateEvent, wire.EditUpdate{StoryID: string(id), U: u.Data, Seq: u.Seq, From: int64(from)})
}

// AwarenessChanged tells this node's editors. It is told again, so whoever cannot take it now misses nothing.
func (h *Hub) AwarenessChanged(id story.ID, message []byte, except string) {
	h.tell(h.editors(id, except).Volatile(), wire.EditAwarenessEvent, wire.EditAwareness{StoryID: wire.ID(id), AW: message})
}

// CursorsMoved tells some of this node's editors, as AwarenessChanged does all.
func (h *Hub) CursorsMoved(conns []string, id story.ID, message []byte) {
	h.tell(h.ns.Local().To(conns...).Volatile(), wire.EditAwarenessEvent, wire.EditAwareness{StoryID: wire.ID(id), AW: message})
}

// RoleChanged tells one connection, and takes it out if it may not even read.
func (h *Hub) RoleChanged(conn string, id story.ID, role story.Role) {
	if role > story.None {
		h.tell(h.ns.Local().To(conn), wire.EditRoleEvent, wire.EditRole{StoryID: string(id), Role: role.String()})
		return
	}
	h.leave(h.ns.Local().To(conn), id, wire.EditClosedByRevoke)
}

// leave tells sockets that they hear no more of a document.
func (h *Hub) leave(to socketio.Operator, id story.ID, reason string) {
	h.tell(to, wire.EditClosedEvent, wire.EditClosed{StoryID: string(id), Reason: reason})
	if err := to.SocketsLeave(roomEdit(id)); err != nil {
		h.log.Error("leave a document", "error", err)
	}
}

// ResetNeeded tells one connection.
func (h *Hub) ResetNeeded(conn string, id story.ID, reason errs.Code) {
	h.tell(h.ns.Local().To(conn), wire.EditResetEvent, wire.EditReset{StoryID: string(id), Reason: reason})
}

// DocClosed tells this node's editors, and takes them out.
func (h *Hub) DocClosed(id story.ID) { h.leave(h.editors(id, ""), id, wire.EditClosedByServer) }

// NoteChanged tells the editors of all nodes.
func (h *Hub) NoteChanged(id story.ID, n coedit.Note) {
	h.tell(h.ns.To(roomEdit(id)), wire.EditCommentEvent, wire.EditCommentOf(n))
}

// DocPublished tells the editors of all nodes.
func (h *Hub) DocPublished(id story.ID, r coedit.Release) {
	h.tell(h.ns.To(roomEdit(id)), wire.EditPublishedEvent, wire.EditPublished{StoryID: string(id), Release: wire.EditReleaseOf(r)})
}
