package play

import (
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

// join gives the actor a seat, or back the one they had.
func (t *turn) join() error {
	seat := t.s.seat(t.cmd.Actor)
	switch {
	case seat != nil && seat.Conn == KickedOut:
		return refuse(errs.Kicked, "You were sent away from this party.")
	case seat != nil && !seat.gone():
		return t.attach()
	case t.s.Settings.Locked:
		return refuse(errs.Locked, "Nobody can join this party any more.")
	case t.s.taken() >= t.s.Settings.MaxPlayers:
		return refuse(errs.Full, "All seats of this party are taken.")
	case t.s.Status != Lobby && t.s.Settings.LateJoin != LateSeat && seat == nil:
		return refuse(errs.Locked, "The story has begun. You can watch.")
	case seat == nil && len(t.s.Seats) >= 2*MaxSeats:
		return refuse(errs.Full, "Too many have come and gone in this party.")
	}
	next := Seat{User: t.cmd.Actor, No: len(t.s.Seats) + 1}
	if seat != nil {
		next = *seat
		next.Ready = false
	}
	d := Data{Seat: &next}
	if t.s.Status != Lobby {
		d.Vars = t.env.Book.Initial(tale.Private)
		next.Role = t.freeRole()
	}
	t.link(&next)
	t.emit(Event{Type: Joined, Actor: t.cmd.Actor, Data: d})
	return nil
}

// freeRole returns a role that nobody plays any more, empty if there is none.
func (t *turn) freeRole() string {
	for _, role := range t.env.Book.Roles() {
		if !slices.ContainsFunc(t.s.Seats, func(s Seat) bool { return s.Role == role && !s.gone() }) {
			return role
		}
	}
	return ""
}

// link marks the seat as there: by the command's node or, without one, for a while.
func (t *turn) link(seat *Seat) {
	if t.cmd.Node == restNode {
		if len(seat.Links) == 0 {
			seat.Conn, seat.GraceMs = InGrace, t.env.NowMs+graceMilli
		}
		return
	}
	seat.Conn, seat.GraceMs, seat.Awaited = On, 0, false
	epoch := t.cmd.Epoch
	for _, l := range seat.Links {
		if l.Node == t.cmd.Node {
			epoch = max(epoch, l.Epoch)
		}
	}
	seat.Links = slices.DeleteFunc(slices.Clone(seat.Links), func(l Link) bool { return l.Node == t.cmd.Node })
	seat.Links = append(seat.Links, Link{Node: t.cmd.Node, Epoch: epoch})
}

// attach tells that the actor is connected. Whoever has no seat is not concerned.
func (t *turn) attach() error {
	old := t.s.seat(t.cmd.Actor)
	if old == nil || old.gone() {
		return nil
	}
	seat := *old
	t.link(&seat)
	if seat.Conn != old.Conn || !slices.Equal(seat.Links, old.Links) {
		t.emit(Event{Type: Connected, Actor: t.cmd.Actor, Data: Data{Seat: &seat}})
	}
	return nil
}

// touch keeps somebody there who acts without a connection.
func (t *turn) touch(old *Seat) {
	if old.Conn != Off {
		return
	}
	seat := *old
	seat.Conn, seat.GraceMs = InGrace, t.env.NowMs+graceMilli
	t.emit(Event{Type: Connected, Actor: seat.User, Data: Data{Seat: &seat}})
}

// detach takes a link away, unless a newer one stands for the same node.
func (t *turn) detach() {
	t.unlink(t.cmd.Actor, func(l Link) bool { return l.Node == t.cmd.Node && l.Epoch <= t.cmd.Epoch })
}

func (t *turn) loseNode() {
	for i := range t.s.Seats {
		t.unlink(t.s.Seats[i].User, func(l Link) bool { return l.Node == t.cmd.Node })
	}
}

func (t *turn) unlink(user auth.UserID, is func(Link) bool) {
	old := t.s.seat(user)
	if old == nil || old.gone() || !slices.ContainsFunc(old.Links, is) {
		return
	}
	seat := *old
	seat.Links = slices.DeleteFunc(slices.Clone(old.Links), is)
	if len(seat.Links) == 0 {
		seat.Conn, seat.GraceMs = InGrace, t.env.NowMs+graceMilli
		seat.Awaited = t.cmd.Kind == LoseNode
	}
	t.emit(Event{Type: Connected, Actor: user, Data: Data{Seat: &seat}})
}

// vacate ends somebody's part in the party.
func (t *turn) vacate(user auth.UserID, how EventType, conn Conn) {
	seat := *t.s.seat(user)
	seat.Conn, seat.Links, seat.GraceMs, seat.Ready, seat.Awaited = conn, nil, 0, false, false
	t.emit(Event{Type: how, Actor: t.cmd.Actor, Data: Data{Seat: &seat}})
}

func (t *turn) kick() error {
	seat := t.s.seat(t.cmd.User)
	if seat == nil || seat.gone() || t.cmd.User == t.cmd.Actor {
		return refuse(errs.Validation, "There is no such player to send away.")
	}
	t.vacate(t.cmd.User, Kicked, KickedOut)
	return nil
}

func (t *turn) giveHost() error {
	seat := t.s.seat(t.cmd.User)
	if seat == nil || !t.s.there(seat) {
		return refuse(errs.Validation, "The next host must be a player who is there.")
	}
	if t.cmd.User != t.s.Host {
		t.emit(Event{Type: HostChanged, Actor: t.cmd.Actor, Data: Data{User: t.cmd.User}})
	}
	return nil
}

// tick does what time has brought.
func (t *turn) tick() {
	now := t.env.NowMs
	for i := range t.s.Seats {
		if seat := t.s.Seats[i]; seat.Conn == InGrace && seat.GraceMs <= now {
			seat.Conn, seat.GraceMs, seat.Awaited = Off, 0, false
			t.emit(Event{Type: Connected, Actor: seat.User, Data: Data{Seat: &seat}})
		}
	}
	if t.s.expiresMs() <= now && len(t.events) == 0 {
		t.emit(Event{Type: Finished, Data: Data{Reason: ByExpiry}})
		return
	}
	if due := t.s.DeadlineMs; t.s.Status == Playing && due > 0 && due+int64(Lateness/1e6) <= now {
		// Who is there is settled first: a party that nobody is in stands still.
		t.settleHost()
		if len(t.s.players()) > 0 {
			t.timeout()
		}
	}
}

// settle puts right what the command has left open: who is host, whether
// anybody is there, whether the round is decided, and that somebody can act.
func (t *turn) settle() {
	if t.s.Status == Ended {
		return
	}
	t.settleHost()
	players := t.s.players()
	switch {
	case t.s.Status == Paused && t.s.Reason == Empty && len(players) > 0:
		t.goOn()
	case t.s.Status == Playing && len(players) == 0:
		t.stop(Empty)
	}
	if t.s.Status == Playing {
		t.settleProposal()
		t.evaluate()
	}
}

// settleHost finds another host if the old one is not there.
func (t *turn) settleHost() {
	players := t.s.players()
	if len(players) == 0 {
		return
	}
	there := func(id auth.UserID) bool {
		return slices.ContainsFunc(players, func(s *Seat) bool { return s.User == id })
	}
	next := t.s.Host
	switch {
	case t.s.Settings.StickyHost && t.s.Host != t.s.First && there(t.s.First) && t.cmd.Kind != GiveHost:
		next = t.s.First
	case !there(t.s.Host):
		next = players[0].User // seats are numbered in the order of joining
	}
	if next != t.s.Host {
		t.emit(Event{Type: HostChanged, Data: Data{User: next}})
	}
}
