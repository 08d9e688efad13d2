package play_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

// TestRandomCommands plays random parties and checks the invariants after each
// command. PLAY_SEEDS sets how many.
func TestRandomCommands(t *testing.T) {
	t.Parallel()
	seeds := 2000
	if n, err := strconv.Atoi(os.Getenv("PLAY_SEEDS")); err == nil {
		seeds = n
	} else if testing.Short() {
		seeds = 300
	}
	books := []*tale.Book{book(t, fork), book(t, roles), book(t, ":: Start\n<<set $n += 1>>\n[[A]]{if: n < 9}\n[[B]]{once}\n[[C]]{if: n > 4; who: host}\n:: A [mode:rotate timer:10]\n[[Start]]\n[[B]]{who: turn}\n:: B\n[[Start]]{auto}\n:: C [end]\n")}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		randomParty(t, r, books[seed%len(books)])
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomParty(t *testing.T, r *rand.Rand, b *tale.Book) {
	users := []auth.UserID{"ann", "ben", "cat", "dan", "eve"}
	modes := []tale.Mode{tale.ModeFirst, tale.ModeHost, tale.ModeMajority, tale.ModeUnanimous, tale.ModeRotate}
	change := mode(modes[r.IntN(len(modes))])
	change.TimerSec = text([]int{0, 5, 60}[r.IntN(3)])
	change.Tie = text([]string{play.TieRevote, play.TieHost, play.TieRandom}[r.IntN(3)])
	change.Votes = text([]string{play.VotesOpen, play.VotesCounts, play.VotesHidden}[r.IntN(3)])
	change.StickyHost = text(r.IntN(2) == 0)
	change.Audience = text([]string{play.AudienceOff, play.AudienceOneSeat}[r.IntN(2)])
	p := newParty(t, b, change, users[:1+r.IntN(4)]...)
	if r.IntN(4) > 0 {
		p.start()
	}
	kinds := []play.Kind{play.Choose, play.Choose, play.Choose, play.Choose, play.Suggest, play.Join, play.Leave, play.Pause, play.Resume, play.Kick, play.GiveHost,
		play.Rewind, play.Agree, play.Agree, play.Attach, play.Attach, play.Detach, play.Detach, play.LoseNode, play.Tick, play.Tick, play.Start, play.Ready}
	for range 60 {
		user := users[r.IntN(len(users))]
		c := play.Cmd{
			Kind: kinds[r.IntN(len(kinds))], Actor: user, User: users[r.IntN(len(users))], Round: p.s.Round - r.IntN(2)*r.IntN(2), Force: true,
			Agree: r.IntN(4) > 0, Node: []string{"n1", "n2"}[r.IntN(2)], Epoch: int64(r.IntN(5)), Ready: text(true),
		}
		if n := len(p.s.Options); n > 0 {
			c.Option = p.s.Options[r.IntN(n)].ID
			p.aud = map[string]int{p.s.Options[r.IntN(n)].ID: 1 + r.IntN(3)}
		}
		if c.Kind == play.Rewind {
			c.Round = 1 + r.IntN(p.s.Round+1)
		}
		options, round := fmt.Sprint(p.s.Options), p.s.Round
		_ = p.try(c)
		if p.s.Round == round && fmt.Sprint(p.s.Options) != options {
			t.Fatalf("the options of round %d changed", round)
		}
		p.now += int64(r.IntN(20_000))
		if r.IntN(3) == 0 {
			p.wait(time.Duration(r.IntN(40)) * time.Second)
		}
		if p.s.Status == play.Ended {
			break
		}
		p.checkView(users)
	}
	p.check()
}

// checkAfter fails if later events have changed the state that e was told with.
func (p *party) checkAfter(e play.Event, replayed *play.State) {
	p.t.Helper()
	if e.Seq%16 != 0 { // now and then: it takes longer than all else
		return
	}
	got, _ := json.Marshal(e.After)
	if want, _ := json.Marshal(replayed); string(got) != string(want) {
		p.t.Fatalf("the state after event %d is\n%s\nit was\n%s", e.Seq, got, want)
	}
}

// checkView fails if a view has what is not for its viewer: I8.
func (p *party) checkView(users []auth.UserID) {
	for _, viewer := range append(users, "watcher") {
		v := p.s.View(p.book, viewer)
		if v.State.Seed != "" || v.State.Priv != nil || v.State.Votes != nil {
			p.t.Fatalf("%s sees secrets", viewer)
		}
		if v.Round != nil {
			for _, o := range v.Round.Options {
				i := slices.IndexFunc(p.s.Options, func(other play.Option) bool { return other.ID == o.ID })
				if full := p.s.Options[i]; full.Only && !slices.Contains(full.For, viewer) && !slices.Contains(v.Open, o.ID) {
					p.t.Fatalf("%s sees the option %s", viewer, o.ID)
				}
			}
		}
		own := p.s.Priv[viewer]
		if !reflect.DeepEqual(v.Vars, own) && len(own) > 0 {
			p.t.Fatalf("%s has %v, sees %v", viewer, own, v.Vars)
		}
	}
}
