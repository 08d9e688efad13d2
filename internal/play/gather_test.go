package play_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

// vote has players vote at the same moment, half for each of two options.
func (s *site) vote(n *play.Service, id play.ID, players []auth.UserID) {
	s.t.Helper()
	options := s.row(id).State.Options
	var wg sync.WaitGroup
	for i, who := range players {
		wg.Go(func() {
			c := play.Cmd{Kind: play.Choose, ID: "vote " + string(who), Round: 1, Option: options[i%2].ID}
			if _, err := n.Do(s.t.Context(), who, id, c); err != nil {
				s.t.Errorf("%s: %v", who, err)
			}
		})
	}
	wg.Wait()
}

// Who votes at the same moment shares a write, which begins when all are there.
func TestVotesOfAMomentShareAWrite(t *testing.T) {
	for _, count := range []int{1, 2, play.MaxSeats} {
		s := newSite(t, fork, 1)
		s.gather = time.Hour
		n, _ := s.node("n1", false)
		players := make([]auth.UserID, count)
		for i := range players {
			players[i] = auth.UserID(fmt.Sprint("u", i))
		}
		id := s.party(n, play.Change{MaxPlayers: text(play.MaxSeats), Mode: text(string(tale.ModeUnanimous))}, players...)
		before := s.row(id)
		s.vote(n, id, players)
		after := s.row(id)
		if writes := after.Version - before.Version; writes != 1 || len(after.State.Votes) != count && count > 1 {
			t.Errorf("%d players: %d writes, votes %v", count, writes, after.State.Votes)
		}
		s.replay(id)
	}
}

// A vote does not wait for long for others that do not come.
func TestVoteOfOneIsStored(t *testing.T) {
	s := newSite(t, fork, 1)
	s.gather = time.Millisecond
	n, _ := s.node("n1", false)
	id := s.party(n, play.Change{Mode: text(string(tale.ModeMajority))}, "ann", "ben", "cat")
	s.vote(n, id, []auth.UserID{"ann"})
	if votes := s.row(id).State.Votes; len(votes) != 1 {
		t.Errorf("votes: %v", votes)
	}
}

// What a node remembers of the last rounds answers late choices as the log would.
func TestLateChoicesAreTold(t *testing.T) {
	s := newSite(t, circle, 1)
	n, _ := s.node("n1", false)
	id := s.party(n, play.Change{Mode: text(string(tale.ModeFirst))}, "ann", "ben")
	choose := func(who auth.UserID, cmdID string, round int) (play.Result, error) {
		return n.Do(t.Context(), who, id, play.Cmd{Kind: play.Choose, ID: cmdID, Round: round, Option: s.row(id).State.Options[0].ID})
	}
	var first play.Result
	for round := 1; round <= 3; round++ {
		r, err := choose("ann", fmt.Sprint("a", round), round)
		if err != nil {
			t.Fatal(err)
		}
		if round == 1 {
			first = r
		}
		if _, err := choose("ben", fmt.Sprint("b", round), round); errs.CodeOf(err) != errs.StaleRound {
			t.Errorf("too late in round %d: %v", round, err)
		}
		if again, err := choose("ann", fmt.Sprint("a", round), round); err != nil || !again.Duplicate || again.Seq != r.Seq {
			t.Errorf("again in round %d: %+v, %v, want seq %d", round, again, err, r.Seq)
		}
	}
	if again, err := choose("ann", "a1", 1); err != nil || !again.Duplicate || again.Seq != first.Seq {
		t.Errorf("from long ago: %+v, %v, want seq %d", again, err, first.Seq)
	}
}
