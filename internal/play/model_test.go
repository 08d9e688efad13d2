package play_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// model runs several nodes over one store, in one goroutine. Whenever a node
// asks the store, chance decides whether another node acts first, or whether
// the node loses the store before or after its write. So every interleaving of
// the real service's steps can come, and a seed brings it again.
type model struct {
	t     *testing.T
	r     *rand.Rand
	book  *tale.Book
	nodes []*play.Service
	busy  []bool // nodes that are in the middle of something
	at    int    // the node that acts

	row    play.Row
	events []play.Event
	told   map[int64]bool // by seq
	now    time.Time
	cmds   int
	calm   bool // nothing goes wrong any more
}

var users = []auth.UserID{"ann", "ben", "cat", "dan"}

// TestNodesThatRaceAndDie is the model check: I1, I2, I3, I4, I9, I10.
// PLAY_SEEDS sets how many runs there are.
func TestNodesThatRaceAndDie(t *testing.T) {
	t.Parallel()
	seeds := 2000
	if n, err := strconv.Atoi(os.Getenv("PLAY_SEEDS")); err == nil {
		seeds = n
	} else if testing.Short() {
		seeds = 300
	}
	b := book(t, fork)
	for seed := range seeds {
		m := &model{
			t: t, r: rand.New(rand.NewPCG(uint64(seed), 2)), book: b, told: map[int64]bool{},
			now: time.UnixMilli(start),
		}
		m.run()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (m *model) run() {
	nodes := 1 + m.r.IntN(3) // one alone knows more than one of several
	for i := range nodes {
		m.nodes = append(m.nodes, play.NewService(play.Deps{Store: m, Stories: m, People: m, Publisher: m, Notifier: m}, play.Options{
			Now: func() time.Time { return m.now }, Node: fmt.Sprint("n", i), Shared: nodes > 1, Gather: -1,
		}))
		m.busy = append(m.busy, false)
	}
	p := newParty(m.t, m.book, play.Change{Mode: text(string([]tale.Mode{tale.ModeFirst, tale.ModeMajority, tale.ModeRotate}[m.r.IntN(3)])), TimerSec: text(30)}, users...)
	p.start()
	m.row, m.events = play.Row{State: p.s, Version: 1}, slices.Clone(p.log)
	for _, e := range p.log {
		m.told[e.Seq] = true
	}
	for range 25 {
		m.act()
		m.now = m.now.Add(time.Duration(m.r.IntN(12_000)) * time.Millisecond)
	}
	m.calm = true
	m.check()
}

// act has a node that is free do something, and its client try again, on any
// node, until it is answered.
func (m *model) act() {
	node := m.free()
	if node < 0 {
		return
	}
	s := m.row.State
	cmd := play.Cmd{Actor: users[m.r.IntN(len(users))]}
	m.cmds++
	cmd.ID = fmt.Sprint("cmd", m.cmds)
	switch m.r.IntN(8) {
	case 0:
		m.do(node, func(n *play.Service) error { return n.TickForTest(m.t.Context(), "p1") })
		return
	case 1:
		kind := []play.Kind{play.Attach, play.Detach}[m.r.IntN(2)]
		m.do(node, func(n *play.Service) error {
			return n.AttachForTest(m.t.Context(), "p1", play.Cmd{Kind: kind, Actor: cmd.Actor, Epoch: int64(m.cmds)})
		})
		return
	case 2:
		cmd.Kind = []play.Kind{play.Pause, play.Resume}[m.r.IntN(2)]
	default:
		cmd.Kind, cmd.Round = play.Choose, s.Round
		if n := len(s.Options); n > 0 {
			cmd.Option = s.Options[m.r.IntN(n)].ID
		}
	}
	for range 12 {
		var result play.Result
		err := m.do(node, func(n *play.Service) (err error) {
			result, err = n.Do(m.t.Context(), cmd.Actor, "p1", cmd)
			return err
		})
		if err == nil {
			m.acknowledge(cmd, result)
			return
		}
		if code := errs.CodeOf(err); code != errs.Unavailable && code != errs.Conflict {
			if seq := m.seqOf(play.CommandID(cmd.Actor, cmd.ID)); seq > 0 {
				m.t.Errorf("%s is stored at %d and refused: %v", cmd.ID, seq, err)
			}
			return // refused for good
		}
		if node = m.free(); node < 0 {
			return // the client gives up: stored or not, both are right
		}
	}
}

// acknowledge checks what a client was told: I3, I4.
func (m *model) acknowledge(cmd play.Cmd, r play.Result) {
	seq := m.seqOf(play.CommandID(cmd.Actor, cmd.ID))
	if seq > 0 && r.Seq != seq {
		m.t.Errorf("%s is stored at %d and answered with %d", cmd.ID, seq, r.Seq)
	}
	voted := slices.ContainsFunc(m.events, func(e play.Event) bool { // the same vote once more is no event
		return e.Type == play.Voted && e.Actor == cmd.Actor && e.Round == cmd.Round && e.Data.Option == cmd.Option
	})
	if cmd.Kind == play.Choose && seq == 0 && !voted {
		m.t.Errorf("%s of %s is acknowledged and lost", cmd.ID, cmd.Actor)
	}
}

func (m *model) seqOf(cmdID string) int64 {
	for _, e := range m.events {
		if e.CmdID == cmdID {
			return e.Seq
		}
	}
	return 0
}

func (m *model) free() int {
	i := m.r.IntN(len(m.nodes))
	for range m.nodes {
		if !m.busy[i] {
			return i
		}
		i = (i + 1) % len(m.nodes)
	}
	return -1
}

func (m *model) do(node int, f func(*play.Service) error) error {
	before := m.at
	m.busy[node], m.at = true, node
	defer func() { m.busy[node], m.at = false, before }()
	return f(m.nodes[node])
}

// maybe lets others act in between.
func (m *model) maybe() {
	if !m.calm && m.r.IntN(3) == 0 {
		m.act()
	}
}

// dies reports whether the store is lost now.
func (m *model) dies() bool { return !m.calm && m.r.IntN(12) == 0 }

var errLost = errs.E("model", errs.Unavailable, "The store is lost.")

func (m *model) check() {
	commands, rounds := map[string]bool{}, map[int]bool{}
	replayed := new(play.State)
	for i := range m.events {
		e := &m.events[i]
		stored, _ := json.Marshal(e)
		var read play.Event
		_ = json.Unmarshal(stored, &read)
		play.Apply(replayed, &read)
		if e.Seq != int64(i+1) {
			m.t.Errorf("event %d has seq %d", i+1, e.Seq)
		}
		if e.CmdID != "" && commands[e.CmdID] {
			m.t.Errorf("%s is stored twice", e.CmdID)
		}
		commands[e.CmdID] = true
		if e.Type == play.Resolved && rounds[e.Round] {
			m.t.Errorf("round %d is decided twice", e.Round)
		}
		rounds[e.Round] = rounds[e.Round] || e.Type == play.Resolved
	}
	got, _ := json.Marshal(replayed)
	want, _ := json.Marshal(m.row.State)
	if string(got) != string(want) {
		m.t.Errorf("the events make\n%s\nthe state is\n%s", got, want)
	}
}

// What follows is the store and all else that a service asks.

func (m *model) Play(context.Context, play.ID) (play.Row, error) {
	m.maybe()
	if m.dies() {
		return play.Row{}, errLost
	}
	return m.row, nil
}

func (m *model) CommitPlay(_ context.Context, w play.Write, committed func()) error {
	m.maybe()
	if m.dies() {
		return errLost // before the commit
	}
	if w.From != m.row.Version {
		return play.ErrConflict
	}
	for _, e := range w.Events {
		if e.CmdID != "" && m.seqOf(e.CmdID) > 0 {
			return play.ErrDuplicate
		}
	}
	if w.State.Seq != m.row.State.Seq+int64(len(w.Events)) {
		m.t.Errorf("version %d: seq goes from %d to %d with %d events", w.From, m.row.State.Seq, w.State.Seq, len(w.Events))
	}
	m.row = play.Row{State: w.State, Version: w.From + 1}
	m.events = append(m.events, w.Events...)
	if m.dies() {
		return errLost // after the commit, before anybody is told
	}
	committed()
	m.maybe()
	return nil
}

func (m *model) PlayCommand(_ context.Context, _ play.ID, cmdID string) (int64, error) {
	m.maybe()
	return m.seqOf(cmdID), nil
}

// PlayChanged fails if what is told is not stored: I10.
func (m *model) PlayChanged(_ context.Context, n play.News) {
	for _, e := range n.Events {
		if e.Seq > int64(len(m.events)) || m.events[e.Seq-1].Type != e.Type || m.told[e.Seq] {
			m.t.Errorf("event %d (%s) is told, stored or told before: %v", e.Seq, e.Type, m.told[e.Seq])
		}
		m.told[e.Seq] = true
	}
}

func (m *model) Release(context.Context, story.ReleaseID) (story.Release, error) {
	return story.Release{ID: "r1", StoryID: "s1", Content: m.book.Encode()}, nil
}

func (m *model) Profiles(context.Context, []auth.UserID) map[auth.UserID]user.Profile { return nil }

func (m *model) Profile(_ context.Context, id auth.UserID) user.Profile { return user.Nobody(id) }

func (m *model) Create(context.Context, notification.Draft) ([]notification.Notification, bool, error) {
	return nil, false, nil
}

func (m *model) MayRead(context.Context, auth.UserID, story.ID) (*story.Access, error) {
	return &story.Access{}, nil
}

func (m *model) LatestRelease(ctx context.Context, _ auth.UserID, _ story.ID) (story.Release, error) {
	return m.Release(ctx, "r1")
}

func (m *model) PlayEvents(_ context.Context, _ play.ID, after int64, _ int) ([]play.Event, error) {
	return m.events[after:], nil
}

func (m *model) CreatePlay(context.Context, *play.State, []play.Event, string) (play.ID, bool, error) {
	return "", false, errLost
}
func (m *model) PlayOfCode(context.Context, string) (play.ID, error) { return "p1", nil }
func (m *model) PlaysOf(context.Context, auth.UserID, story.ID, int) ([]play.Seen, error) {
	return nil, nil
}
func (m *model) AddWatcher(context.Context, play.ID, auth.UserID, time.Time, int) error { return nil }
func (m *model) RemoveWatcher(context.Context, play.ID, auth.UserID) (bool, error)      { return false, nil }
func (m *model) PlayRole(context.Context, play.ID, auth.UserID) (string, error)         { return "", nil }
func (m *model) OpenPlays(context.Context, auth.UserID) (int, error)                    { return 0, nil }
func (m *model) InsertMessage(_ context.Context, msg play.Message) (play.Message, bool, error) {
	return msg, false, nil
}
func (m *model) Messages(context.Context, play.ID, int64, int) ([]play.Message, error) {
	return nil, nil
}
func (m *model) SetAudienceVote(context.Context, play.ID, int, auth.UserID, string) error { return nil }
func (m *model) AudienceVotes(context.Context, play.ID, int) (map[string]int, error)      { return nil, nil }
func (m *model) DuePlays(context.Context, time.Time, int) ([]play.ID, error)              { return nil, nil }
func (m *model) BeatNode(context.Context, string, time.Time) (bool, error)                { return false, nil }
func (m *model) SilentNodes(context.Context, string, time.Time) ([]string, error)         { return nil, nil }
func (m *model) PlaysOfNode(context.Context, string, int) ([]play.ID, error)              { return nil, nil }
func (m *model) ForgetNode(context.Context, string) error                                 { return nil }
func (m *model) ForgetEvents(context.Context, time.Time, int) (int, bool, error) {
	return 0, false, nil
}
func (m *model) PlayClock(context.Context) (time.Time, error)               { return time.Time{}, nil }
func (m *model) PlaySaid(context.Context, play.Message)                     {}
func (m *model) Watchers(context.Context, play.ID) (int, error)             { return 0, nil }
func (m *model) PlayWatched(context.Context, play.ID, int)                  {}
func (m *model) PlayAudience(context.Context, play.ID, int, map[string]int) {}
