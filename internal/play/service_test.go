package play_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// site is some nodes over one real database, all in this process. Time passes
// speed times as fast as it does.
type site struct {
	t       *testing.T
	path    string
	db      *store.Store
	stories *story.Service
	id      story.ID
	began   time.Time
	speed   int
	gather  time.Duration

	mu   sync.Mutex // guards told
	told []play.Event
}

func newSite(t *testing.T, twee string, speed int) *site {
	t.Helper()
	s := &site{t: t, path: filepath.Join(t.TempDir(), "test.db"), began: time.Now(), speed: speed, gather: -1}
	s.open()
	got, err := s.stories.Import(t.Context(), "ann", story.Draft{}, "t.twee", []byte(":: StoryTitle\nT\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n"+twee))
	if err != nil || tale.Failed(got.Problems) {
		t.Fatal(err, got.Problems)
	}
	s.id = got.Story.ID
	t.Cleanup(func() { s.db.Close() })
	return s
}

func (s *site) open() {
	db, err := store.Open(context.Background(), s.path, store.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.db, s.stories = db, story.NewService(db, nobodies{}, story.Options{})
}

func (s *site) now() time.Time { return s.began.Add(s.times(time.Since(s.began))) }

func (s *site) times(d time.Duration) time.Duration { return time.Duration(int64(d) * int64(s.speed)) }

// node starts a node; stop ends it as a crash does, without a word.
func (s *site) node(name string, shared bool) (n *play.Service, stop func()) {
	return s.run(s.db, play.Options{Now: s.now, Node: name, Shared: shared})
}

// nodeOn is node with another store and another clock; it has neighbours.
func (s *site) nodeOn(name string, db play.Store, now func() time.Time) (n *play.Service, stop func()) {
	return s.run(db, play.Options{Now: now, Node: name, Shared: true})
}

func (s *site) run(db play.Store, o play.Options) (n *play.Service, stop func()) {
	o.Beat, o.Gather, o.Logger = s.times(50*time.Millisecond), s.gather, slog.New(slog.DiscardHandler)
	n = play.NewService(play.Deps{Store: db, Stories: s.stories, People: nobodies{}, Publisher: s, Notifier: nobodies{}}, o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = n.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	s.t.Cleanup(stop)
	return n, stop
}

func (s *site) PlayChanged(_ context.Context, n play.News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, n.Events...)
}
func (s *site) PlaySaid(context.Context, play.Message)                     {}
func (s *site) PlayWatched(context.Context, play.ID, int)                  {}
func (s *site) PlayAudience(context.Context, play.ID, int, map[string]int) {}

// nobodies know nobody and tell nobody.
type nobodies struct{}

func (nobodies) Profile(_ context.Context, id auth.UserID) user.Profile { return user.Nobody(id) }
func (nobodies) Profiles(context.Context, []auth.UserID) map[auth.UserID]user.Profile {
	return nil
}
func (nobodies) Create(context.Context, notification.Draft) ([]notification.Notification, bool, error) {
	return nil, false, nil
}

// party makes a party of some players who are connected to a node, and starts it.
func (s *site) party(n *play.Service, change play.Change, players ...auth.UserID) play.ID {
	s.t.Helper()
	r, err := n.Create(s.t.Context(), players[0], play.Draft{StoryID: s.id, Change: change, CmdID: "create", Attach: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, user := range players[1:] {
		if _, err := n.Enter(s.t.Context(), user, play.Entry{ID: r.State.ID, CmdID: "join " + string(user), Attach: true}); err != nil {
			s.t.Fatal(err)
		}
	}
	s.do(n, r.State.ID, players[0], play.Cmd{Kind: play.Start, ID: "start", Force: true})
	return r.State.ID
}

func (s *site) do(n *play.Service, id play.ID, user auth.UserID, c play.Cmd) play.Result {
	s.t.Helper()
	r, err := n.Do(s.t.Context(), user, id, c)
	if err != nil {
		s.t.Fatalf("%s by %s: %v", c.Kind, user, err)
	}
	return r
}

func (s *site) row(id play.ID) play.Row {
	s.t.Helper()
	row, err := s.db.Play(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return row
}

// eventually waits until check is true.
func (s *site) eventually(what string, id play.ID, check func(*play.State) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		row := s.row(id)
		if check(row.State) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s; the party is %+v", what, row.State)
		}
	}
}

// replay fails unless the events of a party make its state.
func (s *site) replay(id play.ID) []play.Event {
	s.t.Helper()
	state := s.row(id).State // a node may go on meanwhile
	events, err := s.db.PlayEvents(s.t.Context(), id, 0, int(state.Seq))
	if err != nil {
		s.t.Fatal(err)
	}
	replayed := new(play.State)
	rounds := map[int]bool{}
	for i := range events {
		play.Apply(replayed, &events[i])
		if e := events[i]; e.Type == play.Resolved {
			if rounds[e.Round] {
				s.t.Errorf("round %d is decided twice", e.Round)
			}
			rounds[e.Round] = true
		}
	}
	if got, want := fmt.Sprint(*replayed), fmt.Sprint(*state); got != want {
		s.t.Errorf("the events make\n%s\nthe state is\n%s", got, want)
	}
	return events
}

func TestRestartInTheMiddleOfAVote(t *testing.T) {
	s := newSite(t, fork, 1)
	n, stop := s.node("n1", false)
	id := s.party(n, play.Change{TimerSec: text(60), Tie: text(play.TieRandom)}, "ann", "ben", "cat")
	before := s.row(id).State
	s.do(n, id, "ann", play.Cmd{Kind: play.Choose, ID: "vote", Round: 1, Option: before.Options[1].ID})
	stop()
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	n, _ = s.node("n2", false)
	s.eventually("the old node's connections end", id, func(st *play.State) bool { return len(st.Nodes()) == 0 })
	after := s.row(id).State
	if after.DeadlineMs != before.DeadlineMs || after.Votes["ann"] != before.Options[1].ID || after.Seed != before.Seed || after.Round != 1 {
		t.Errorf("after the restart the party is %+v", after)
	}
	again := s.do(n, id, "ann", play.Cmd{Kind: play.Choose, ID: "vote", Round: 1, Option: before.Options[1].ID})
	if !again.Duplicate {
		t.Errorf("the vote sent again gives %+v", again)
	}
	for i, who := range []auth.UserID{"ann", "ben", "cat"} { // they are connected again
		n.Link(id, who)
		if _, _, _, err := n.Sync(t.Context(), who, id, 0); err != nil {
			t.Fatal(i, err)
		}
	}
	s.do(n, id, "ben", play.Cmd{Kind: play.Choose, ID: "b", Round: 1, Option: before.Options[0].ID})
	s.do(n, id, "cat", play.Cmd{Kind: play.Choose, ID: "c", Round: 1, Option: before.Options[2].ID})
	if got, want := s.row(id).State.Path[0].Option, s.chance(before); got != want {
		t.Errorf("chance decides the tie for %s, before the restart it would have been %s", got, want)
	}
	s.replay(id)
}

// chance returns what comes of a tie of ann, ben and cat in a state that is in memory.
func (s *site) chance(st *play.State) string {
	s.t.Helper()
	for i, user := range []auth.UserID{"ann", "ben", "cat"} {
		option := st.Options[[]int{1, 0, 2}[i]].ID
		next, _, err := play.Reduce(st, play.Cmd{Kind: play.Choose, ID: string(user), Actor: user, Round: 1, Option: option}, play.Env{Book: book(s.t, fork), NowMs: st.ActiveMs})
		if err != nil {
			s.t.Fatal(err)
		}
		st = next
	}
	return st.Path[0].Option
}

func TestTwoNodesChooseAtOnce(t *testing.T) {
	s := newSite(t, fork, 1)
	a, _ := s.node("n1", true)
	b, _ := s.node("n2", true)
	id := s.party(a, mode(tale.ModeFirst), "ann", "ben")
	for i := range 20 {
		st := s.row(id).State
		if st.Status == play.Ended {
			break
		}
		option := st.Options[len(st.Options)-1].ID
		var wg sync.WaitGroup
		results := make([]error, 2)
		for j, who := range []auth.UserID{"ann", "ben"} {
			wg.Go(func() {
				node := []*play.Service{a, b}[j]
				_, results[j] = node.Do(t.Context(), who, id, play.Cmd{Kind: play.Choose, ID: fmt.Sprint(i, who), Round: st.Round, Option: option})
			})
		}
		wg.Wait()
		slices.SortFunc(results, func(x, y error) int { return len(errs.CodeOf(x)) - len(errs.CodeOf(y)) })
		if code := errs.CodeOf(results[1]); results[0] != nil || code != errs.StaleRound && code != errs.WrongState {
			t.Fatalf("round %d: %v, want one choice and STALE_ROUND", st.Round, results)
		}
	}
	s.replay(id)
}

func TestDeadlinesFireOnceOnManyNodes(t *testing.T) {
	s := newSite(t, ":: Start\n[[On->Start]]\n[[Too->Start]]\n", 100)
	a, _ := s.node("n1", true)
	s.node("n2", true)
	s.node("n3", true)
	id := s.party(a, play.Change{Mode: text(string(tale.ModeFirst)), TimerSec: text(5)}, "ann", "ben")
	s.eventually("ten deadlines", id, func(st *play.State) bool { return st.Round > 10 })
	if _, err := a.Do(t.Context(), "ann", id, play.Cmd{Kind: play.End, ID: "end"}); err != nil {
		t.Fatal(err)
	}
	events := s.replay(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	var told []int64
	for _, e := range s.told {
		told = append(told, e.Seq)
	}
	slices.Sort(told)
	if len(told) != len(events)-1 || len(slices.Compact(told)) != len(events)-1 { // the first is told to nobody: there is nobody yet
		t.Errorf("%d events are told, %d stored", len(told), len(events))
	}
}

func TestConnectionsOfADeadNodeEnd(t *testing.T) {
	s := newSite(t, fork, 10)
	a, _ := s.node("n1", true)
	b, crash := s.node("n2", true)
	id := s.party(a, play.Change{TimerSec: text(0)}, "ann")
	if _, err := b.Enter(t.Context(), "ben", play.Entry{ID: id, CmdID: "ben", Attach: true}); err != nil {
		t.Fatal(err)
	}
	crash()
	s.eventually("ben is in grace", id, func(st *play.State) bool { return st.Seats[1].Conn == play.InGrace })
	s.eventually("ben is off", id, func(st *play.State) bool { return st.Seats[1].Conn == play.Off })
	if st := s.row(id).State; st.Seats[0].Conn != play.On || st.Status != play.Playing {
		t.Errorf("ann is %s, the party %s", st.Seats[0].Conn, st.Status)
	}
	s.replay(id)
}

func TestUnlinkBeginsTheGrace(t *testing.T) {
	s := newSite(t, fork, 1)
	n, _ := s.node("n1", false)
	id := s.party(n, play.Change{}, "ann", "ben")
	n.Link(id, "ben") // a second tab
	n.Unlink(id, "ben")
	if st := s.row(id).State; st.Seats[1].Conn != play.On {
		t.Errorf("with one of two tabs ben is %s", st.Seats[1].Conn)
	}
	n.Unlink(id, "ben")
	s.eventually("ben is in grace", id, func(st *play.State) bool { return st.Seats[1].Conn == play.InGrace })
}
