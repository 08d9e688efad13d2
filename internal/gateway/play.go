package gateway

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

const (
	// maxParties is how many parties one connection may hear.
	maxParties = 16
	// playTypingTTL is how long somebody writes in a party without saying so again.
	playTypingTTL = 8 * time.Second
)

// playHandlers has the events of parties.
func (g *Gateway) playHandlers(ns *socketio.Namespace) {
	handle(ns, wire.PlayCreateEvent, g.createParty)
	handle(ns, wire.PlayJoinEvent, g.joinParty)
	handle(ns, wire.PlaySyncEvent, g.syncParty)
	handle(ns, wire.PlayCloseEvent, g.closeParty)
	handle(ns, wire.PlayRematchEvent, g.rematchParty)
	handle(ns, wire.PlayInviteEvent, g.inviteToParty)
	handle(ns, wire.PlayChatEvent, g.sayInParty)
	handle(ns, wire.PlayTypingEvent, g.typeInParty)
	g.commandHandlers(ns)
}

// commandHandlers has the events that are commands of the kernel.
func (g *Gateway) commandHandlers(ns *socketio.Namespace) {
	plain := func(event string, kind play.Kind) {
		command(g, ns, event, func(in wire.PlayCommand) (wire.ID, play.Cmd) {
			return in.SessionID, play.Cmd{Kind: kind, ID: in.CmdID, Force: in.Force}
		})
	}
	plain(wire.PlayLeaveEvent, play.Leave)
	plain(wire.PlayStartEvent, play.Start)
	plain(wire.PlayPauseEvent, play.Pause)
	plain(wire.PlayResumeEvent, play.Resume)
	plain(wire.PlayEndEvent, play.End)
	command(g, ns, wire.PlayReadyEvent, func(in wire.PlayReady) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Ready, ID: in.CmdID, Ready: in.Ready, Role: in.Role}
	})
	command(g, ns, wire.PlaySettingsEvent, func(in wire.PlayConfigure) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Configure, ID: in.CmdID, Change: wire.ChangeOf(in.Settings)}
	})
	command(g, ns, wire.PlayChooseEvent, func(in wire.PlayChoose) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Choose, ID: in.CmdID, Round: in.Round, Option: in.Option}
	})
	command(g, ns, wire.PlaySuggestEvent, func(in wire.PlayChoose) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Suggest, ID: in.CmdID, Round: in.Round, Option: in.Option}
	})
	command(g, ns, wire.PlayKickEvent, func(in wire.PlayUser) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Kick, ID: in.CmdID, User: auth.UserID(in.UserID)}
	})
	command(g, ns, wire.PlayHostEvent, func(in wire.PlayUser) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.GiveHost, ID: in.CmdID, User: auth.UserID(in.UserID)}
	})
	command(g, ns, wire.PlayRewindEvent, func(in wire.PlayRewind) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Rewind, ID: in.CmdID, Round: in.ToRound}
	})
	command(g, ns, wire.PlayAgreeEvent, func(in wire.PlayAgree) (wire.ID, play.Cmd) {
		return in.SessionID, play.Cmd{Kind: play.Agree, ID: in.CmdID, Agree: *in.Agree}
	})
}

// moved is the result of a command.
type moved struct {
	wire.PlayDone
	duplicate bool
}

func (m moved) repeated() bool { return m.duplicate }

// command registers the event of a command. It is carried out also if the
// connection ends meanwhile.
func command[In any](g *Gateway, ns *socketio.Namespace, event string, cmd func(In) (wire.ID, play.Cmd)) {
	handle(ns, event, func(ctx context.Context, s *session, in In) (moved, error) {
		id, c := cmd(in)
		r, err := g.deps.Plays.Do(context.WithoutCancel(ctx), s.user.ID, play.ID(id), c)
		if err != nil {
			return moved{}, err
		}
		if c.Kind == play.Leave {
			g.leaveParty(s, play.ID(id))
		}
		return moved{wire.PlayDoneOf(r), r.Duplicate}, nil
	})
}

// stated is a party as an answer.
type stated struct {
	wire.PlayState
	duplicate bool
}

func (s stated) repeated() bool { return s.duplicate }

func (g *Gateway) state(ctx context.Context, s *session, r play.Result, role string) stated {
	people := g.deps.Plays.People(ctx, r.State)
	st := wire.PlayStateOf(r.Row, r.Book, s.user.ID, role, people, g.deps.Plays.Now())
	st.View.Watching = g.deps.Plays.Watchers(ctx, r.State.ID)
	return stated{st, r.Duplicate}
}

func (g *Gateway) createParty(ctx context.Context, s *session, in wire.PlayCreate) (stated, error) {
	if s.fullOfParties() {
		return stated{}, tooManyParties()
	}
	ctx = context.WithoutCancel(ctx)
	r, err := g.deps.Plays.Create(ctx, s.user.ID, play.Draft{
		StoryID: story.ID(in.StoryID), ReleaseID: story.ReleaseID(in.ReleaseID), Change: wire.ChangeOf(in.Settings), CmdID: in.CmdID, Attach: true,
	})
	if err != nil {
		return stated{}, err
	}
	if err := g.hearParty(s, r.State.ID, true); err != nil {
		return stated{}, err
	}
	return g.state(ctx, s, r, play.MemberPlayer), nil
}

func tooManyParties() error {
	return errs.E("gateway.play", errs.RoomFull, "You have too many parties open in this tab.")
}

// hearParty lets the connection hear a party. linked says that the service
// counts the connection for it already.
func (g *Gateway) hearParty(s *session, id play.ID, linked bool) error {
	first, ok := s.enterParty(id)
	if linked && (!first || !ok) {
		g.deps.Plays.Unlink(id, s.user.ID) // it is counted once
	}
	if !ok {
		return errs.E("gateway.hearParty", errs.Unavailable, "The connection has ended.")
	}
	if err := s.socket.Join(roomPlay(id), roomPlayUser(id, s.user.ID)); err != nil {
		return tooManyParties()
	}
	return nil
}

// joinParty gives the user a seat or a place to watch from. The rooms come
// first, so that no event falls between the answer and them.
func (g *Gateway) joinParty(ctx context.Context, s *session, in wire.PlayJoin) (stated, error) {
	ctx = context.WithoutCancel(ctx)
	if s.fullOfParties() {
		return stated{}, tooManyParties()
	}
	if in.SessionID == "" {
		if wait, ok := g.deps.Limits.Code.Allow(string(s.user.ID)); !ok {
			return stated{}, tooFast("gateway.joinParty", wait)
		}
	}
	id, err := g.deps.Plays.Find(ctx, play.ID(in.SessionID), in.Code)
	if err != nil {
		return stated{}, err
	}
	if _, err := g.deps.Plays.Enter(ctx, s.user.ID, play.Entry{ID: id, As: in.As, CmdID: in.CmdID, Attach: true}); err != nil {
		return stated{}, err
	}
	if err := g.hearParty(s, id, true); err != nil {
		return stated{}, err
	}
	r, role, err := g.deps.Plays.Get(ctx, s.user.ID, id) // again: what came before the rooms
	if err != nil {
		return stated{}, err
	}
	return g.state(ctx, s, r, role), nil
}

// syncParty lets a member hear the party again and tells what was missed.
func (g *Gateway) syncParty(ctx context.Context, s *session, in wire.PlaySync) (wire.PlaySynced, error) {
	id := play.ID(in.SessionID)
	if _, _, err := g.deps.Plays.Get(ctx, s.user.ID, id); err != nil {
		return wire.PlaySynced{}, err
	}
	if !s.inParty(id) {
		if s.fullOfParties() {
			return wire.PlaySynced{}, tooManyParties()
		}
		g.deps.Plays.Link(id, s.user.ID)
		if err := g.hearParty(s, id, true); err != nil {
			return wire.PlaySynced{}, err
		}
	}
	r, role, events, err := g.deps.Plays.Sync(ctx, s.user.ID, id, in.SinceSeq)
	if err != nil {
		return wire.PlaySynced{}, err
	}
	if events == nil {
		st := g.state(ctx, s, r, role).PlayState
		return wire.PlaySynced{Events: []wire.PlayEvent{}, State: &st}, nil
	}
	people, now := g.deps.Plays.People(ctx, r.State), g.deps.Plays.Now()
	return wire.PlaySynced{Events: wire.Map(events, func(e play.Event) wire.PlayEvent {
		return wire.PlayEventOf(e, r.Row, r.Book, s.user.ID, people, now)
	})}, nil
}

func (g *Gateway) rematchParty(ctx context.Context, s *session, in wire.PlayCommand) (moved, error) {
	r, err := g.deps.Plays.Rematch(context.WithoutCancel(ctx), s.user.ID, play.ID(in.SessionID), in.CmdID)
	if err != nil {
		return moved{}, err
	}
	done := wire.PlayDoneOf(r)
	done.SessionID, done.Rematch = string(in.SessionID), string(r.State.ID)
	return moved{done, r.Duplicate}, nil
}

func (g *Gateway) inviteToParty(ctx context.Context, s *session, in wire.PlayInvite) (wire.PlayInvited, error) {
	ids, err := g.deps.Plays.Invite(ctx, s.user.ID, play.ID(in.SessionID), wire.UserIDs(in.UserIDs))
	return wire.PlayInvited{Invited: wire.Map(ids, func(id auth.UserID) string { return string(id) })}, err
}

// said is what was said, as the answer to play:chat.
type said struct {
	wire.PlayChat
	duplicate bool
}

func (m said) repeated() bool { return m.duplicate }

func (g *Gateway) sayInParty(ctx context.Context, s *session, in wire.PlayChatSend) (said, error) {
	m, duplicate, err := g.deps.Plays.Say(context.WithoutCancel(ctx), s.user.ID, play.ID(in.SessionID), in.Text, in.CmdID)
	if err != nil {
		return said{}, err
	}
	return said{wire.PlayChatOf(m), duplicate}, nil
}

// typeInParty tells the others. It is not kept: it ends by itself.
func (g *Gateway) typeInParty(_ context.Context, s *session, in wire.PlayTyping) (wire.PlayTyping, error) {
	id := play.ID(in.SessionID)
	if !s.inParty(id) {
		return in, silent{errs.E("gateway.typeInParty", errs.NotJoined, "Join the party before typing in it.")}
	}
	g.hub.playTyping(id, s.user, *in.IsTyping)
	return in, nil
}

// closeParty lets the connection hear no more of a party; with the user's last
// one the grace of the seat begins.
func (g *Gateway) closeParty(_ context.Context, s *session, in wire.PlayClose) (wire.PlayClosed, error) {
	g.leaveParty(s, play.ID(in.SessionID))
	return wire.PlayClosed{}, nil
}

// leaveParty ends what the user's connections here hear of a party.
func (g *Gateway) leaveParty(s *session, id play.ID) {
	if s.leaveParty(id) {
		g.deps.Plays.Unlink(id, s.user.ID)
	}
	s.socket.Leave(roomPlay(id))
	s.socket.Leave(roomPlayUser(id, s.user.ID))
}

// enterParty remembers that the session hears a party; first says that it did
// not before. ok is false if the session has ended.
func (s *session) enterParty(id play.ID) (first, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false, false
	}
	if slices.Contains(s.parties, id) {
		return false, true
	}
	s.parties = append(s.parties, id)
	return true, true
}

func (s *session) inParty(id play.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.parties, id)
}

func (s *session) fullOfParties() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parties) >= maxParties
}

// leaveParty forgets a party and reports whether the session heard it.
func (s *session) leaveParty(id play.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.parties, id)
	if i >= 0 {
		s.parties = slices.Delete(s.parties, i, i+1)
	}
	return i >= 0
}

// leaveParties forgets all parties and returns them.
func (s *session) leaveParties() []play.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.parties
	s.parties = nil
	return all
}

var _ play.Publisher = (*Hub)(nil)

func roomPlay(id play.ID) string { return "play:" + string(id) }

func roomPlayUser(id play.ID, user auth.UserID) string {
	return "play:" + string(id) + ":u:" + string(user)
}

// PlayChanged tells the members what happened, each event once, with a stub of
// what is for one player alone.
func (h *Hub) PlayChanged(_ context.Context, n play.News) {
	id := n.State.ID
	room := h.ns.To(roomPlay(id))
	for _, e := range n.Events {
		if e.For == "" {
			h.tellEvent(room, e, n, "")
		} else {
			own := roomPlayUser(id, e.For)
			h.tellEvent(h.ns.To(own), e, n, e.For)
			h.tellEvent(room.Except(own), e, n, "")
		}
		if e.Type == play.Kicked { // on all nodes
			own := roomPlayUser(id, e.Data.Seat.User)
			if err := h.ns.To(own).SocketsLeave(roomPlay(id), own); err != nil {
				h.log.Error("leave a party", "error", err)
			}
		}
	}
}

// tellEvent tells an event as viewer may see it. It is encoded here, because a
// value that may hold anything would be searched for bytes first.
func (h *Hub) tellEvent(to socketio.Operator, e play.Event, n play.News, viewer auth.UserID) {
	payload, err := json.Marshal(wire.PlayEventOf(e, n.Row, n.Book, viewer, n.People, n.Now))
	if err != nil {
		h.log.Error("encode an event of a party", "type", e.Type, "error", err)
		return
	}
	h.tell(to, wire.PlayEventEvent, json.RawMessage(payload))
}

// PlaySaid tells the members.
func (h *Hub) PlaySaid(_ context.Context, m play.Message) {
	h.tell(h.ns.To(roomPlay(m.PlayID)), wire.PlayChatEvent, wire.PlayChatOf(m))
}

// PlayAudience tells the members.
func (h *Hub) PlayAudience(_ context.Context, id play.ID, round int, counts map[string]int) {
	h.tell(h.ns.Volatile().To(roomPlay(id)), wire.PlayAudienceEvent, wire.PlayAudience{SessionID: string(id), Round: round, Counts: counts})
}

// PlayWatched tells the members.
func (h *Hub) PlayWatched(_ context.Context, id play.ID, watchers int) {
	h.tell(h.ns.Volatile().To(roomPlay(id)), wire.PlayPresenceEvent, wire.PlayPresence{SessionID: string(id), Watching: watchers})
}

func (h *Hub) playTyping(id play.ID, who user.Profile, typing bool) {
	h.tell(h.ns.Volatile().To(roomPlay(id)).Except(roomPlayUser(id, who.ID)), wire.PlayTypingEvent, wire.PlayTypingNews{
		SessionID: string(id), User: wire.UserOf(who), IsTyping: typing, ExpiresInMs: playTypingTTL.Milliseconds(),
	})
}

// PartiesUnknown asks every connection to look at its parties again: what other
// nodes told may not have come here.
func (h *Hub) PartiesUnknown() {
	for _, s := range h.sessions.all() {
		s.mu.Lock()
		parties := slices.Clone(s.parties)
		s.mu.Unlock()
		for _, id := range parties {
			h.tellOne(s.socket, wire.PlayGapEvent, wire.PlayGap{SessionID: string(id)})
		}
	}
}
