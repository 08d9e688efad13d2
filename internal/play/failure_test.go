package play_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// What may go wrong in a party, and the test that shows what comes of it:
//
//	two choose in the same millisecond on two nodes    TestTwoNodesChooseAtOnce
//	a choice and the deadline together                 TestChoiceAndDeadlineTogether
//	a node dies after the commit, before the answer    TestNodeDiesAroundTheCommit
//	a node dies before the commit                      TestNodeDiesAroundTheCommit
//	all of these at any moment, by chance              TestNodesThatRaceAndDie
//	Redis is lost for a minute                         test/cluster: TestPartyWithoutRedis
//	the database is lost for a while                   TestDatabaseIsLost; Postgres itself: test/cluster: TestPartyWhilePostgresFails
//	the last voter leaves                              TestModes
//	all leave and come back after five minutes         TestEmptyPartyStandsStill
//	the host leaves while only the host can act        TestHostLeavesWhoAloneCanAct, TestModes
//	one user in two tabs                               gateway: TestTwoTabsAreOneSeat; TestUnlinkBeginsTheGrace
//	a late off of the old socket after a new on        TestTwoTabsAndLateEnds
//	somebody sent away joins by the code               gateway: TestKickedPlayerHearsNothingMore
//	joining at the moment of the start                 TestJoinAtTheMomentOfTheStart
//	a release is replaced, or lost, while it is played TestReleaseChangesWhilePlaying
//	a vote for an option hidden to that role           TestRolesAndPrivateVariables
//	a log of 1,000 events                              TestLongLogIsItsState
//	the clock of a node is five seconds ahead          TestClockOfANodeIsWrong
//	the server restarts in the middle of a vote        TestRestartInTheMiddleOfAVote
//
// The invariants, and where they are looked at:
//
//	I1  a write raises the version by one              storetest: partyIsWrittenByOneOfTwo; TestNodesThatRaceAndDie
//	I2  a round is decided once                        TestRandomCommands, TestNodesThatRaceAndDie, test/cluster: TestPartyOnNodesThatDie
//	I3  a command has one effect and one result        TestNodesThatRaceAndDie, TestNodeDiesAroundTheCommit
//	I4  an acknowledged choice is in the log           TestNodesThatRaceAndDie, test/cluster: TestPartyOnNodesThatDie
//	I5  the options of a round stay                    TestRandomCommands
//	I6  somebody can act, or a deadline comes          TestRandomCommands
//	I7  there is a host while somebody is there        TestRandomCommands
//	I8  a view has nothing that is another's           TestRandomCommands, TestRolesAndPrivateVariables
//	I9  the log makes the state                        all of these
//	I10 nothing is told that is not stored             TestNodesThatRaceAndDie

// faulty is a store that can be lost.
type faulty struct {
	play.Store
	clock func() time.Time

	mu     sync.Mutex // guards the fields below
	away   bool       // everything fails
	before int        // commits that are lost before they are made
	after  int        // commits that are made and not answered
}

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *faulty) lost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away
}

func (f *faulty) CommitPlay(ctx context.Context, w play.Write, committed func()) error {
	f.mu.Lock()
	before, after := f.before > 0, f.after > 0
	if before {
		f.before--
	} else if after {
		f.after--
	}
	f.mu.Unlock()
	switch {
	case before || f.lost():
		return errLost
	case after:
		if err := f.Store.CommitPlay(ctx, w, func() {}); err != nil {
			return err
		}
		return errLost
	}
	return f.Store.CommitPlay(ctx, w, committed)
}

func (f *faulty) Play(ctx context.Context, id play.ID) (play.Row, error) {
	if f.lost() {
		return play.Row{}, errLost
	}
	return f.Store.Play(ctx, id)
}

func (f *faulty) DuePlays(ctx context.Context, at time.Time, limit int) ([]play.ID, error) {
	if f.lost() {
		return nil, errLost
	}
	return f.Store.DuePlays(ctx, at, limit)
}

func (f *faulty) PlayClock(ctx context.Context) (time.Time, error) {
	if f.clock == nil {
		return f.Store.PlayClock(ctx)
	}
	return f.clock(), nil
}

func TestNodeDiesAroundTheCommit(t *testing.T) {
	for _, test := range []struct {
		name      string
		fail      func(*faulty)
		duplicate bool
	}{
		{"after the commit: the result is given again", func(f *faulty) { f.after = 1 }, true},
		{"before the commit: the choice counts when it is sent again", func(f *faulty) { f.before = 1 }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, fork, 1)
			db := &faulty{Store: s.db}
			a, dies := s.nodeOn("n1", db, s.now)
			b, _ := s.node("n2", true)
			id := s.party(a, play.Change{}, "ann", "ben", "cat")
			vote := play.Cmd{Kind: play.Choose, ID: "vote", Round: 1, Option: s.row(id).State.Options[1].ID}
			db.set(func() { test.fail(db) })
			if _, err := a.Do(t.Context(), "ann", id, vote); errs.CodeOf(err) != errs.Unavailable {
				t.Fatalf("the node that loses its database answers %v", err)
			}
			dies()
			again := s.do(b, id, "ann", vote)
			votes := 0
			for _, e := range s.replay(id) {
				if e.Type == play.Voted {
					votes++
					if e.Seq != again.Seq {
						t.Errorf("the vote is event %d, the answer says %d", e.Seq, again.Seq)
					}
				}
			}
			if votes != 1 || again.Duplicate != test.duplicate {
				t.Errorf("%d votes are stored, duplicate %v", votes, again.Duplicate)
			}
		})
	}
}

func TestChoiceAndDeadlineTogether(t *testing.T) {
	for _, first := range []string{"the choice", "the deadline"} {
		p := newParty(t, book(t, fork), mode(tale.ModeFirst), "ann", "ben")
		p.start()
		p.now = p.s.DueMs()
		choice := play.Cmd{Kind: play.Choose, Actor: "ann", Round: 1, Option: p.option("Right")}
		if first == "the choice" {
			p.ok(choice)
			p.ok(play.Cmd{Kind: play.Tick}) // comes to nothing: another round has another deadline
			p.at("Right")
		} else {
			p.ok(play.Cmd{Kind: play.Tick})
			p.count1(play.AtRandom)
			if code := errs.CodeOf(p.try(choice)); code != errs.StaleRound && code != errs.WrongState {
				t.Errorf("the choice after the deadline is refused with %s", code)
			}
		}
		if p.s.Round != 2 {
			t.Errorf("%s first: the party is in round %d", first, p.s.Round)
		}
		p.check()
	}
	// And on two nodes, as it happens.
	s := newSite(t, ":: Start\n[[On->Start]]\n[[Too->Start]]\n", 20)
	a, _ := s.node("n1", true)
	b, _ := s.node("n2", true)
	id := s.party(a, play.Change{Mode: text(string(tale.ModeFirst)), TimerSec: text(5)}, "ann", "ben")
	for i := range 8 {
		st := s.row(id).State
		for s.now().UnixMilli() < st.DueMs() {
			time.Sleep(time.Millisecond)
		}
		_, err := b.Do(t.Context(), "ben", id, play.Cmd{Kind: play.Choose, ID: fmt.Sprint(i), Round: st.Round, Option: st.Options[0].ID})
		if code := errs.CodeOf(err); err != nil && code != errs.StaleRound {
			t.Fatalf("the choice at the deadline is refused with %v", err)
		}
		s.eventually("another round", id, func(now *play.State) bool { return now.Round > st.Round })
	}
	s.do(a, id, "ann", play.Cmd{Kind: play.End, ID: "end"})
	s.replay(id)
}

func TestHostLeavesWhoAloneCanAct(t *testing.T) {
	p := newParty(t, book(t, fork), play.Change{Mode: text(string(tale.ModeHost)), TimerSec: text(0)}, "ann", "ben", "cat")
	p.start()
	p.ok(play.Cmd{Kind: play.Leave, Actor: "ann"})
	p.choose("ben", "Right")
	p.at("Right")
	p.check()
}

func TestEmptyPartyStandsStill(t *testing.T) {
	p := newParty(t, book(t, fork), mode(tale.ModeMajority), "ann", "ben")
	p.start()
	p.wait(20 * time.Second)
	p.off("ann")
	p.off("ben")
	p.wait(5 * time.Minute)
	if p.s.Status != play.Paused || p.s.Reason != play.Empty || p.s.Round != 1 {
		t.Fatalf("%s (%s) in round %d, want paused (empty) in round 1", p.s.Status, p.s.Reason, p.s.Round)
	}
	p.ok(play.Cmd{Kind: play.Attach, Actor: "ben", Node: "n1", Epoch: 2})
	if p.s.Status != play.Playing || p.s.Host != "ben" || p.s.DeadlineMs <= p.now {
		t.Fatalf("%s, host %s, deadline in %d ms", p.s.Status, p.s.Host, p.s.DeadlineMs-p.now)
	}
	p.check()
}

func TestTwoTabsAndLateEnds(t *testing.T) {
	p := newParty(t, book(t, fork), mode(tale.ModeMajority), "ann", "ben")
	conn := func(user auth.UserID) play.Conn {
		for _, s := range p.s.Seats {
			if s.User == user {
				return s.Conn
			}
		}
		return ""
	}
	p.ok(play.Cmd{Kind: play.Attach, Actor: "ben", Node: "n2", Epoch: 1})
	p.off("ben")
	if got := conn("ben"); got != play.On {
		t.Errorf("with a tab at another node ben is %s", got)
	}
	p.ok(play.Cmd{Kind: play.Attach, Actor: "ben", Node: "n2", Epoch: 7})
	p.ok(play.Cmd{Kind: play.Detach, Actor: "ben", Node: "n2", Epoch: 6}) // of the connection before
	if got := conn("ben"); got != play.On {
		t.Errorf("after a late end ben is %s", got)
	}
	p.ok(play.Cmd{Kind: play.LoseNode, Node: "n2"})
	if got := conn("ben"); got != play.InGrace {
		t.Errorf("after the death of the node ben is %s", got)
	}
	p.wait(31 * time.Second)
	if got := conn("ben"); got != play.Off {
		t.Errorf("after the grace ben is %s", got)
	}
	p.check()
}

func TestJoinAtTheMomentOfTheStart(t *testing.T) {
	for _, lateJoin := range []string{play.LateSeat, play.LateDeny} {
		for i := range 10 {
			s := newSite(t, fork, 1)
			a, _ := s.node("n1", true)
			b, _ := s.node("n2", true)
			r, err := a.Create(t.Context(), "ann", play.Draft{StoryID: s.id, Change: play.Change{LateJoin: text(lateJoin)}, CmdID: "create", Attach: true})
			if err != nil {
				t.Fatal(err)
			}
			id := r.State.ID
			var both sync.WaitGroup
			var joined error
			both.Go(func() {
				_, joined = b.Enter(t.Context(), "ben", play.Entry{ID: id, CmdID: "join", Attach: true})
			})
			both.Go(func() { s.do(a, id, "ann", play.Cmd{Kind: play.Start, ID: "start", Force: true}) })
			both.Wait()
			st := s.row(id).State
			seated := len(st.Seats) == 2
			if seated == (joined != nil) || joined != nil && (lateJoin == play.LateSeat || errs.CodeOf(joined) != errs.Locked) {
				t.Fatalf("%s %d: ben joins with %v and is seated: %v", lateJoin, i, joined, seated)
			}
			if seated && st.Priv["ben"] == nil {
				t.Errorf("%s %d: ben has no variables of his own", lateJoin, i)
			}
			s.do(a, id, "ann", play.Cmd{Kind: play.Choose, ID: "1", Round: 1, Option: st.Options[1].ID})
			if seated && slices.Contains(st.Eligible, "ben") {
				s.do(b, id, "ben", play.Cmd{Kind: play.Choose, ID: "2", Round: 1, Option: st.Options[1].ID})
			}
			if round := s.row(id).State.Round; round != 2 {
				t.Errorf("%s %d: all have chosen, and the party is in round %d", lateJoin, i, round)
			}
			s.replay(id)
		}
	}
}

// forgetful are stories whose releases can be lost.
type forgetful struct {
	play.Stories
	lost bool
}

func (f *forgetful) Release(ctx context.Context, id story.ReleaseID) (story.Release, error) {
	if f.lost {
		return story.Release{}, errs.E("forgetful", errs.NotFound, "There is no such release.")
	}
	return f.Stories.Release(ctx, id)
}

func TestReleaseChangesWhilePlaying(t *testing.T) {
	s := newSite(t, fork, 1)
	a, _ := s.node("n1", true)
	id := s.party(a, mode(tale.ModeFirst), "ann", "ben")
	before := s.row(id).State
	other, problems := tale.Import("t.twee", []byte(":: StoryTitle\nT\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\nAnother story.\n[[End]]\n:: End [end]\n"))
	if other == nil {
		t.Fatal(problems)
	}
	if _, err := s.stories.Publish(t.Context(), "ann", s.id, other.Draft()); err != nil {
		t.Fatal(err)
	}
	b, _ := s.node("n2", true) // has read neither
	s.do(b, id, "ben", play.Cmd{Kind: play.Choose, ID: "1", Round: 1, Option: before.Options[1].ID})
	if st := s.row(id).State; st.ReleaseID != before.ReleaseID || st.Round != 2 || st.Status != play.Playing {
		t.Errorf("after the new release the party is %+v", st)
	}
	// A release that is not there any more is an answer, on a node that has not read it.
	c := play.NewService(play.Deps{Store: s.db, Stories: &forgetful{s.stories, true}, People: nobodies{}, Publisher: s, Notifier: nobodies{}}, play.Options{Shared: true})
	_, err := c.Do(t.Context(), "ben", id, play.Cmd{Kind: play.Choose, ID: "2", Round: 2, Option: "x"})
	if errs.CodeOf(err) != errs.NotFound {
		t.Errorf("without the release a choice is answered with %v", err)
	}
	s.do(a, id, "ben", play.Cmd{Kind: play.Choose, ID: "3", Round: 2, Option: s.row(id).State.Options[0].ID})
	s.replay(id)
}

func TestLongLogIsItsState(t *testing.T) {
	s := newSite(t, ":: StoryInit\n<<set $n = 0>>\n<<set private $own = 0>>\n:: Start\n<<set $n += 1>><<set $own += $n>>$n $own\n[[On->Start]]\n[[Too->Start]]\n", 1)
	n, _ := s.node("n1", false)
	id := s.party(n, mode(tale.ModeFirst), "ann", "ben")
	for i := 0; s.row(id).State.Seq < 1000; i++ {
		st := s.row(id).State
		s.do(n, id, "ben", play.Cmd{Kind: play.Choose, ID: fmt.Sprint(i), Round: st.Round, Option: st.Options[i%2].ID})
	}
	if events := s.replay(id); len(events) < 1000 {
		t.Errorf("the log has %d events", len(events))
	}
	st := s.row(id).State
	r, _, events, err := n.Sync(t.Context(), "ann", id, 5)
	if err != nil || events != nil || r.State.Seq != st.Seq {
		t.Errorf("who missed it all is given %d events and the state at %d: %v", len(events), r.State.Seq, err)
	}
	var read int64
	for after := int64(0); after < st.Seq; after = read {
		page, _, err := n.Log(t.Context(), "ann", id, after)
		if err != nil || len(page) == 0 || page[0].Seq != after+1 {
			t.Fatalf("the page after %d: %d events, %v", after, len(page), err)
		}
		read = page[len(page)-1].Seq
	}
	if read != st.Seq {
		t.Errorf("the pages end at %d, want %d", read, st.Seq)
	}
}

// simulated runs a test with a clock that stands still while anything works.
func simulated(t *testing.T, test func(t *testing.T, s *site)) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, ":: Start\n[[On->Start]]\n[[Too->Start]]\n", 1)
		test(t, s)
	})
}

func TestClockOfANodeIsWrong(t *testing.T) {
	simulated(t, func(t *testing.T, s *site) {
		db := &faulty{Store: s.db, clock: s.now}
		a, stop := s.nodeOn("n1", db, s.now)
		s.nodeOn("n2", db, func() time.Time { return s.now().Add(5 * time.Second) })
		id := s.party(a, play.Change{Mode: text(string(tale.ModeFirst)), TimerSec: text(10)}, "ann", "ben")
		time.Sleep(15 * time.Second)
		stop()                       // the one whose clock is right
		time.Sleep(25 * time.Second) // after more the players, who were there, would count as gone
		synctest.Wait()
		s.checkDeadlines(id, 10*time.Second, 3)
	})
}

func TestDatabaseIsLost(t *testing.T) {
	simulated(t, func(t *testing.T, s *site) {
		db := &faulty{Store: s.db, clock: s.now}
		a, _ := s.nodeOn("n1", db, s.now)
		b, _ := s.nodeOn("n2", db, s.now)
		id := s.party(a, play.Change{Mode: text(string(tale.ModeFirst)), TimerSec: text(10)}, "ann", "ben")
		time.Sleep(5 * time.Second)
		db.set(func() { db.away = true })
		choice := play.Cmd{Kind: play.Choose, ID: "c", Round: 1, Option: s.row(id).State.Options[0].ID}
		for _, node := range []*play.Service{a, b} {
			if _, err := node.Do(t.Context(), "ann", id, choice); errs.CodeOf(err) != errs.Unavailable {
				t.Errorf("without the database a choice is answered with %v", err)
			}
		}
		time.Sleep(10 * time.Second) // a deadline passes
		if round := s.row(id).State.Round; round != 1 {
			t.Errorf("without the database the party is in round %d", round)
		}
		db.set(func() { db.away = false })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if round := s.row(id).State.Round; round != 2 {
			t.Errorf("with the database back the party is in round %d", round)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		s.checkDeadlines(id, 10*time.Second, 4)
	})
}

// checkDeadlines fails unless chance has decided that many rounds, none before
// its time of that length was over.
func (s *site) checkDeadlines(id play.ID, timer time.Duration, want int) {
	s.t.Helper()
	began, fired := int64(0), 0
	events := s.replay(id)
	for _, e := range events {
		switch e.Type {
		case play.Rounded:
			began = e.At
		case play.Resolved:
			fired++
			if took := time.Duration(e.At-began) * time.Millisecond; took < timer+play.Lateness {
				s.t.Errorf("round %d was over after %s", e.Round, took)
			}
		}
	}
	if last := events[len(events)-1].At; last > s.now().UnixMilli() {
		s.t.Errorf("the last event is %d ms ahead of its time", last-s.now().UnixMilli())
	}
	if fired != want {
		log, _ := json.Marshal(events)
		s.t.Errorf("%d deadlines have fired, want %d\n%.2000s", fired, want, log)
	}
}
