package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

// Kind says what a command asks for.
type Kind string

// Kinds of commands. Those from Attach on are the server's own.
const (
	Join      Kind = "join"
	Leave     Kind = "leave"
	Ready     Kind = "ready"
	Configure Kind = "settings"
	Start     Kind = "start"
	Choose    Kind = "choose"
	Suggest   Kind = "suggest"
	Pause     Kind = "pause"
	Resume    Kind = "resume"
	Kick      Kind = "kick"
	GiveHost  Kind = "host"
	Rewind    Kind = "rewind"
	Agree     Kind = "agree"
	End       Kind = "end"
	Attach    Kind = "attach"   // a node has a connection of the actor
	Detach    Kind = "detach"   // the last connection of the actor at a node has ended
	LoseNode  Kind = "loseNode" // a node has died
	Tick      Kind = "tick"     // time has passed
	GoOn      Kind = "rematch"  // the party goes on as another one
)

// Cmd is a command.
type Cmd struct {
	Kind   Kind
	ID     string      // the client's; empty for the server's own
	Actor  auth.UserID // empty for LoseNode and Tick
	Round  int         // Choose, Suggest, Rewind
	Option string      // Choose, Suggest
	User   auth.UserID // Kick, GiveHost
	Ready  *bool       // Ready
	Role   *string     // Ready
	Change Change      // Configure
	Force  bool        // Start
	Agree  bool        // Agree
	Node   string      // Join, Attach, Detach, LoseNode
	Epoch  int64       // Join, Attach, Detach
	Next   ID          // GoOn
}

// Env is what a command meets.
type Env struct {
	Book     *tale.Book
	NowMs    int64          // milliseconds since 1970
	Audience map[string]int // votes of the spectators in this round
}

// turn is the work of one command.
type turn struct {
	s      *State
	env    Env
	cmd    Cmd
	events []Event
	autos  int
}

// New returns the first event of a party and its state.
func New(d Data, nowMs int64, cmdID string) (*State, []Event) {
	e := Event{Seq: 1, Type: Created, Actor: d.Seat.User, CmdID: cmdID, At: nowMs, Data: d}
	s := new(State)
	Apply(s, &e)
	e.After = s.clone()
	return s, []Event{e}
}

// Reduce returns what a command makes of a state: the state after it, which may
// be s itself if nothing happens, and the events that lead there. s is not
// changed. A refusal is an *errs.Error.
func Reduce(s *State, cmd Cmd, env Env) (*State, []Event, error) {
	t := &turn{s: s.clone(), env: env, cmd: cmd}
	if err := t.do(); err != nil {
		return s, nil, err
	}
	t.settle()
	if len(t.events) == 0 {
		return s, nil, nil
	}
	return t.s, t.events, nil
}

// emit makes something happen.
func (t *turn) emit(e Event) {
	e.Seq, e.At = t.s.Seq+1, t.env.NowMs
	if e.Type != Rounded {
		e.Round = t.s.Round
	}
	if len(t.events) == 0 {
		e.CmdID = t.cmd.ID
	}
	Apply(t.s, &e)
	e.After = t.s.clone()
	t.events = append(t.events, e)
}

func refuse(code errs.Code, message string) error { return errs.E("play.Reduce", code, message) }

func (t *turn) do() error {
	if t.s.Status == Ended && t.cmd.Kind != GoOn {
		switch t.cmd.Kind {
		case Attach, Detach, LoseNode, Tick:
			return nil
		}
		return refuse(errs.WrongState, "This party has ended.")
	}
	switch t.cmd.Kind {
	case Join:
		return t.join()
	case Attach:
		return t.attach()
	case Detach:
		t.detach()
		return nil
	case LoseNode:
		t.loseNode()
		return nil
	case Tick:
		t.tick()
		return nil
	}
	seat := t.s.seat(t.cmd.Actor)
	switch {
	case seat == nil || seat.Conn == Left:
		return refuse(errs.NotEligible, "You have no seat in this party.")
	case seat.Conn == KickedOut:
		return refuse(errs.Kicked, "You were sent away from this party.")
	}
	if t.cmd.Kind != Leave {
		t.touch(seat)
	}
	switch t.cmd.Kind {
	case Leave:
		t.vacate(t.cmd.Actor, LeftSeat, Left)
		return nil
	case Ready:
		return t.ready()
	case Choose:
		return t.choose()
	case Suggest:
		return t.suggest()
	case Rewind:
		return t.rewind()
	case Agree:
		return t.agree()
	}
	if t.s.Host != t.cmd.Actor {
		return refuse(errs.NotHost, "Only the host can do this.")
	}
	return t.asHost()
}

// asHost does what only the host may.
func (t *turn) asHost() error {
	switch t.cmd.Kind {
	case Configure:
		return t.configure()
	case Start:
		return t.start()
	case Pause:
		return t.pause()
	case Resume:
		return t.resume()
	case Kick:
		return t.kick()
	case GiveHost:
		return t.giveHost()
	case End:
		t.emit(Event{Type: Finished, Actor: t.cmd.Actor, Data: Data{Reason: ByHost}})
		return nil
	case GoOn:
		if t.s.Status != Ended || t.s.Rematch != "" {
			return refuse(errs.WrongState, "There can be one rematch, after the end.")
		}
		t.emit(Event{Type: Rematched, Actor: t.cmd.Actor, Data: Data{ID: t.cmd.Next}})
		return nil
	}
	return refuse(errs.Validation, "There is no such command.")
}

func (t *turn) configure() error {
	if t.s.Status != Lobby {
		return refuse(errs.WrongState, "Settings are changed in the lobby.")
	}
	next, err := t.s.Settings.with(t.cmd.Change)
	if err != nil {
		return err
	}
	if next.MaxPlayers < t.s.taken() {
		return refuse(errs.Validation, fmt.Sprintf("There are %d players already.", t.s.taken()))
	}
	if next != t.s.Settings {
		t.emit(Event{Type: Configured, Actor: t.cmd.Actor, Data: Data{Settings: &next}})
	}
	return nil
}

func (t *turn) ready() error {
	if t.s.Status != Lobby {
		return refuse(errs.WrongState, "The party has started.")
	}
	seat := *t.s.seat(t.cmd.Actor)
	before := seat
	if t.cmd.Ready != nil {
		seat.Ready = *t.cmd.Ready
	}
	if t.cmd.Role != nil {
		role := *t.cmd.Role
		if role != "" && !slices.Contains(t.env.Book.Roles(), role) {
			return refuse(errs.Validation, "The story has no such role.")
		}
		for i := range t.s.Seats {
			if other := &t.s.Seats[i]; role != "" && other.Role == role && other.User != seat.User && !other.gone() {
				return refuse(errs.Conflict, "Somebody else plays this role.")
			}
		}
		seat.Role = role
	}
	if seat.Ready != before.Ready || seat.Role != before.Role {
		t.emit(Event{Type: Readied, Actor: t.cmd.Actor, Data: Data{Seat: &seat}})
	}
	return nil
}

func (t *turn) start() error {
	if t.s.Status != Lobby {
		return refuse(errs.WrongState, "The party has started.")
	}
	players := t.s.players()
	if len(players) < t.s.Settings.MinPlayers {
		return refuse(errs.WrongState, fmt.Sprintf("The party needs %d players.", t.s.Settings.MinPlayers))
	}
	for _, p := range players {
		if !p.Ready && p.User != t.s.Host && !t.cmd.Force {
			return refuse(errs.WrongState, "Not everybody is ready.")
		}
	}
	d := Data{Vars: t.env.Book.Initial(tale.Shared), Priv: make(map[auth.UserID]Values), Roles: t.deal()}
	for i := range t.s.Seats {
		if !t.s.Seats[i].gone() {
			d.Priv[t.s.Seats[i].User] = t.env.Book.Initial(tale.Private)
		}
	}
	t.emit(Event{Type: Started, Actor: t.cmd.Actor, Data: d})
	t.enter(t.env.Book.Start)
	return nil
}

// deal gives each role of the story to a seat: those that were chosen first,
// then the others in the order of the seats. Whoever is left plays without one.
func (t *turn) deal() map[auth.UserID]string {
	dealt := make(map[auth.UserID]string)
	var free []string
	for _, role := range t.env.Book.Roles() {
		i := slices.IndexFunc(t.s.Seats, func(s Seat) bool { return s.Role == role && !s.gone() })
		if i < 0 {
			free = append(free, role)
		} else {
			dealt[t.s.Seats[i].User] = role
		}
	}
	for i := range t.s.Seats {
		seat := &t.s.Seats[i]
		if len(free) > 0 && !seat.gone() && dealt[seat.User] == "" {
			dealt[seat.User], free = free[0], free[1:]
		}
	}
	return dealt
}

func (t *turn) pause() error {
	if t.s.Status != Playing {
		return refuse(errs.WrongState, "Nothing is being played.")
	}
	t.stop(ByHost)
	return nil
}

// stop pauses, and keeps what is left of the time.
func (t *turn) stop(why Reason) {
	left := int64(0)
	if t.s.DeadlineMs > 0 {
		left = max(t.s.DeadlineMs-t.env.NowMs, 1000) // a second at least, to see what goes on
	}
	t.emit(Event{Type: PausedBy, Actor: t.cmd.Actor, Data: Data{Reason: why, LeftMs: left}})
}

func (t *turn) resume() error {
	if t.s.Status != Paused {
		return refuse(errs.WrongState, "The party is not paused.")
	}
	t.goOn()
	return nil
}

func (t *turn) goOn() {
	deadline := int64(0)
	if t.s.LeftMs > 0 {
		deadline = t.env.NowMs + t.s.LeftMs
	}
	loop := t.s.Reason == Loop
	t.emit(Event{Type: Resumed, Actor: t.cmd.Actor, Data: Data{Deadline: deadline}})
	if loop {
		t.follow()
	}
}

// timer returns how long a round in passage p may take, in milliseconds; 0: as long as it likes.
func (t *turn) timer(p *tale.Passage) int64 {
	if p.TimerSec > 0 && t.s.Settings.Pace == Live {
		return int64(p.TimerSec) * 1000
	}
	return int64(t.s.Settings.TimerSec) * 1000
}

func (t *turn) deadline(timer int64) int64 {
	if timer == 0 {
		return 0
	}
	return t.env.NowMs + timer
}

// draw returns one of ids by chance: the same one for the same party, round and try.
func (t *turn) draw(ids []string) string {
	mac := hmac.New(sha256.New, []byte(t.s.Seed))
	var n [16]byte
	binary.BigEndian.PutUint64(n[:], uint64(t.s.Round))
	binary.BigEndian.PutUint64(n[8:], uint64(len(t.s.Tied)))
	mac.Write(n[:])
	return ids[binary.BigEndian.Uint64(mac.Sum(nil))%uint64(len(ids))]
}
