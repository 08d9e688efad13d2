package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// editHandlers has the events of writing together.
func (g *Gateway) editHandlers(ns *socketio.Namespace) {
	handle(ns, wire.EditOpenEvent, unopened[wire.EditOpen, wire.EditOpened])
	handle(ns, wire.EditUpdateEvent, unopened[wire.EditPush, wire.EditPushed])
	handle(ns, wire.EditSyncEvent, unopened[wire.EditSync, wire.EditSynced])
	handle(ns, wire.EditAwarenessEvent, unopened[wire.EditAwareness, wire.EditAwarenessTaken])
	handle(ns, wire.EditCloseEvent, unopened[wire.EditClose, wire.EditClosed])
	handle(ns, wire.EditCommentAddEvent, unopened[wire.EditCommentAdd, wire.EditComment])
	handle(ns, wire.EditCommentReplyEvent, unopened[wire.EditCommentReply, wire.EditComment])
	handle(ns, wire.EditCommentResolveEvent, unopened[wire.EditCommentResolve, wire.EditComment])
}

// unopened refuses an event of a document: this server opens none.
func unopened[In, Out any](context.Context, *session, In) (out Out, err error) {
	return out, errs.E("gateway.edit", errs.Unavailable, "This server opens no documents.")
}
