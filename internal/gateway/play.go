package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// playHandlers has the events of parties.
func (g *Gateway) playHandlers(ns *socketio.Namespace) {
	handle(ns, wire.PlayCreateEvent, unplayed[wire.PlayCreate, wire.PlayState])
	handle(ns, wire.PlayJoinEvent, unplayed[wire.PlayJoin, wire.PlayState])
	handle(ns, wire.PlayReadyEvent, unplayed[wire.PlayReady, wire.PlayDone])
	handle(ns, wire.PlaySettingsEvent, unplayed[wire.PlayConfigure, wire.PlayDone])
	handle(ns, wire.PlayChooseEvent, unplayed[wire.PlayChoose, wire.PlayDone])
	handle(ns, wire.PlaySuggestEvent, unplayed[wire.PlayChoose, wire.PlayDone])
	handle(ns, wire.PlayKickEvent, unplayed[wire.PlayUser, wire.PlayDone])
	handle(ns, wire.PlayHostEvent, unplayed[wire.PlayUser, wire.PlayDone])
	handle(ns, wire.PlayRewindEvent, unplayed[wire.PlayRewind, wire.PlayDone])
	handle(ns, wire.PlayAgreeEvent, unplayed[wire.PlayAgree, wire.PlayDone])
	handle(ns, wire.PlayInviteEvent, unplayed[wire.PlayInvite, wire.PlayInvited])
	handle(ns, wire.PlayChatEvent, unplayed[wire.PlayChatSend, wire.PlayChat])
	handle(ns, wire.PlayTypingEvent, unplayed[wire.PlayTyping, wire.PlayTyping])
	handle(ns, wire.PlaySyncEvent, unplayed[wire.PlaySync, wire.PlaySynced])
	for _, event := range []string{
		wire.PlayLeaveEvent, wire.PlayStartEvent, wire.PlayPauseEvent, wire.PlayResumeEvent, wire.PlayEndEvent, wire.PlayRematchEvent,
	} {
		handle(ns, event, unplayed[wire.PlayCommand, wire.PlayDone])
	}
}

// unplayed refuses an event of a party: this server has none.
func unplayed[In, Out any](context.Context, *session, In) (out Out, err error) {
	return out, errs.E("gateway.play", errs.Unavailable, "This server has no parties.")
}
