package play_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

const start = int64(1_700_000_000_000)

// book returns a compiled story of Twee passages after a header.
func book(t testing.TB, twee string) *tale.Book {
	t.Helper()
	got, problems := tale.Import("t.twee", []byte(":: StoryTitle\nT\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n"+twee))
	if got == nil {
		t.Fatal(problems)
	}
	b, err := tale.Open(got)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const fork = ":: Start\nWhere to?\n[[Left]]\n[[Right]]\n[[Straight]]\n:: Left [end]\nL\n:: Right\nR\n[[Start]]\n:: Straight\nS\n[[Start]]\n[[Left]]\n"

// party is a state with a clock, driven by short commands.
type party struct {
	t    testing.TB
	book *tale.Book
	s    *play.State
	now  int64
	log  []play.Event
	cmds int
	aud  map[string]int
}

func newParty(t testing.TB, b *tale.Book, change play.Change, players ...auth.UserID) *party {
	t.Helper()
	p := &party{t: t, book: b, now: start}
	settings := play.DefaultSettings()
	seat := play.Seat{User: players[0], No: 1, Conn: play.On, Links: []play.Link{{Node: "n1", Epoch: 1}}}
	p.s, p.log = play.New(play.Data{
		ID: "p1", Code: "ABCDEF", StoryID: "s1", ReleaseID: "r1", Title: "T", Seed: "seed", Settings: &settings, Seat: &seat,
	}, p.now, "create")
	p.ok(play.Cmd{Kind: play.Configure, Actor: players[0], Change: change})
	for _, user := range players[1:] {
		p.ok(play.Cmd{Kind: play.Join, Actor: user, Node: "n1", Epoch: 1})
	}
	return p
}

func (p *party) try(c play.Cmd) error {
	p.cmds++
	if c.ID == "" {
		c.ID = strconv.Itoa(p.cmds)
	}
	old := p.s
	var before []byte
	if p.cmds%8 == 0 { // now and then: it takes longer than all else
		before, _ = json.Marshal(old)
	}
	next, events, err := play.Reduce(p.s, c, play.Env{Book: p.book, NowMs: p.now, Audience: p.aud})
	if after, _ := json.Marshal(old); before != nil && string(after) != string(before) {
		p.t.Fatalf("Reduce(%+v) changed its argument", c)
	}
	p.s = next
	p.log = append(p.log, events...)
	return err
}

func (p *party) ok(c play.Cmd) {
	p.t.Helper()
	if err := p.try(c); err != nil {
		p.t.Fatalf("%s by %s: %v", c.Kind, c.Actor, err)
	}
}

func (p *party) refused(code errs.Code, c play.Cmd) {
	p.t.Helper()
	if err := p.try(c); errs.CodeOf(err) != code {
		p.t.Errorf("%s by %s: %v, want %s", c.Kind, c.Actor, err, code)
	}
}

func (p *party) start() {
	p.t.Helper()
	p.ok(play.Cmd{Kind: play.Start, Actor: p.s.Host, Force: true})
}

// choose votes for the option with a label in the present round.
func (p *party) choose(user auth.UserID, label string) {
	p.t.Helper()
	p.ok(play.Cmd{Kind: play.Choose, Actor: user, Round: p.s.Round, Option: p.option(label)})
}

func (p *party) option(label string) string {
	for _, o := range p.s.Options {
		if o.Label == label {
			return o.ID
		}
	}
	return "no " + label
}

// at fails unless the party is in the passage of that name.
func (p *party) at(name string) {
	p.t.Helper()
	if got := p.book.Passages[p.s.Passage].Name; got != name {
		p.t.Fatalf("the party is at %q in round %d (%s), want %q\n%s", got, p.s.Round, p.s.Status, name, p.tail())
	}
}

func (p *party) tail() string {
	var b strings.Builder
	for _, e := range p.log[max(0, len(p.log)-8):] {
		data, _ := json.Marshal(e)
		fmt.Fprintln(&b, string(data))
	}
	return b.String()
}

// wait lets time pass, with the ticks that are due.
func (p *party) wait(d time.Duration) {
	p.t.Helper()
	end := p.now + d.Milliseconds()
	for due := p.s.DueMs(); due > 0 && due <= end; due = p.s.DueMs() {
		p.now = max(p.now, due)
		p.ok(play.Cmd{Kind: play.Tick})
	}
	p.now = end
}

func (p *party) off(user auth.UserID) {
	p.t.Helper()
	p.ok(play.Cmd{Kind: play.Detach, Actor: user, Node: "n1", Epoch: 1})
}

func (p *party) count(types ...play.EventType) int {
	n := 0
	for _, e := range p.log {
		if slices.Contains(types, e.Type) {
			n++
		}
	}
	return n
}

func text[T any](v T) *T { return &v }

func mode(m tale.Mode) play.Change { return play.Change{Mode: text(string(m))} }

func TestLobby(t *testing.T) {
	p := newParty(t, book(t, fork), play.Change{MaxPlayers: text(3), MinPlayers: text(2)}, "ann")
	p.refused(errs.WrongState, play.Cmd{Kind: play.Start, Actor: "ann"})
	p.ok(play.Cmd{Kind: play.Join, Actor: "ben", Node: "n1"})
	p.refused(errs.WrongState, play.Cmd{Kind: play.Start, Actor: "ann"}) // ben is not ready
	p.refused(errs.NotHost, play.Cmd{Kind: play.Start, Actor: "ben"})
	p.refused(errs.NotEligible, play.Cmd{Kind: play.Ready, Actor: "eve", Ready: text(true)})
	p.refused(errs.Validation, play.Cmd{Kind: play.Ready, Actor: "ben", Role: text("thief")})
	p.refused(errs.Validation, play.Cmd{Kind: play.Configure, Actor: "ann", Change: play.Change{MaxPlayers: text(17)}})
	p.refused(errs.Validation, play.Cmd{Kind: play.Configure, Actor: "ann", Change: play.Change{MaxPlayers: text(1), MinPlayers: text(1)}})
	p.ok(play.Cmd{Kind: play.Configure, Actor: "ann", Change: play.Change{Locked: text(true)}})
	p.refused(errs.Locked, play.Cmd{Kind: play.Join, Actor: "cat", Node: "n1"})
	p.ok(play.Cmd{Kind: play.Configure, Actor: "ann", Change: play.Change{Locked: text(false)}})
	p.ok(play.Cmd{Kind: play.Join, Actor: "cat", Node: "n1"})
	p.refused(errs.Full, play.Cmd{Kind: play.Join, Actor: "dan", Node: "n1"})
	p.ok(play.Cmd{Kind: play.Kick, Actor: "ann", User: "cat"})
	p.refused(errs.Kicked, play.Cmd{Kind: play.Join, Actor: "cat", Node: "n1"})
	p.ok(play.Cmd{Kind: play.Ready, Actor: "ben", Ready: text(true)})
	p.ok(play.Cmd{Kind: play.GiveHost, Actor: "ann", User: "ben"})
	p.refused(errs.NotHost, play.Cmd{Kind: play.Start, Actor: "ann"})
	p.ok(play.Cmd{Kind: play.Ready, Actor: "ann", Ready: text(true)})
	p.ok(play.Cmd{Kind: play.Start, Actor: "ben"})
	p.at("Start")
	p.refused(errs.WrongState, play.Cmd{Kind: play.Configure, Actor: "ben"})
}

func TestModes(t *testing.T) {
	for _, test := range []struct {
		name string
		mode tale.Mode
		play func(p *party)
	}{
		{"first: the first choice", tale.ModeFirst, func(p *party) { p.choose("cat", "Right"); p.at("Right") }},
		{"first: the second is too late", tale.ModeFirst, func(p *party) {
			c := play.Cmd{Kind: play.Choose, Actor: "ben", Round: p.s.Round, Option: p.option("Right")}
			p.choose("cat", "Straight")
			p.refused(errs.StaleRound, c)
		}},
		{"first: timeout takes one at random", tale.ModeFirst, func(p *party) { p.wait(61 * time.Second); p.count1(play.AtRandom) }},
		{"host: others cannot", tale.ModeHost, func(p *party) {
			p.refused(errs.NotEligible, play.Cmd{Kind: play.Choose, Actor: "ben", Round: 1, Option: p.option("Left")})
			p.ok(play.Cmd{Kind: play.Suggest, Actor: "ben", Round: 1, Option: p.option("Right")})
			p.choose("ann", "Right")
			p.at("Right")
		}},
		{"host: the time comes again once, then chance", tale.ModeHost, func(p *party) {
			p.wait(61 * time.Second)
			p.at("Start")
			p.wait(61 * time.Second)
			p.count1(play.AtRandom)
		}},
		{"host: migrates after the grace", tale.ModeHost, func(p *party) {
			p.off("ann")
			p.wait(31 * time.Second)
			p.choose("ben", "Right")
			p.at("Right")
		}},
		{"majority: more than half decides at once", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.at("Start")
			p.choose("ben", "Right")
			p.at("Start") // two of four
			p.choose("cat", "Right")
			p.at("Right")
		}},
		{"majority: most of all votes", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.choose("ben", "Right")
			p.choose("cat", "Left")
			p.choose("dan", "Straight")
			p.at("Right")
		}},
		{"majority: votes may change", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Left")
			p.choose("ann", "Right")
			p.choose("ben", "Right")
			p.choose("cat", "Right")
			p.at("Right")
		}},
		{"majority: tie, second vote among the tied", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.choose("ben", "Right")
			p.choose("cat", "Straight")
			p.choose("dan", "Straight")
			p.at("Start")
			if len(p.s.Tied) != 2 {
				p.t.Errorf("tied %v", p.s.Tied)
			}
			p.refused(errs.BadOption, play.Cmd{Kind: play.Choose, Actor: "ann", Round: 1, Option: p.option("Left")})
			p.choose("ann", "Straight")
			p.choose("cat", "Straight")
			p.choose("ben", "Straight")
			p.at("Straight")
		}},
		{"majority: tie again, chance", tale.ModeMajority, func(p *party) {
			for range 2 {
				p.choose("ann", "Right")
				p.choose("ben", "Right")
				p.choose("cat", "Straight")
				p.choose("dan", "Straight")
			}
			p.count1(play.AtRandom)
		}},
		{"majority: the time is up", tale.ModeMajority, func(p *party) { p.choose("ann", "Right"); p.wait(61 * time.Second); p.at("Right") }},
		{"majority: no votes, the time comes again once", tale.ModeMajority, func(p *party) {
			p.wait(61 * time.Second)
			p.at("Start")
			p.wait(60 * time.Second)
			p.count1(play.AtRandom)
		}},
		{"majority: who lost the connection is not waited for", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.choose("ben", "Right")
			p.choose("cat", "Left")
			p.off("dan")
			p.at("Right")
		}},
		{"majority: who was lost with a node is waited for during the grace", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.ok(play.Cmd{Kind: play.LoseNode, Node: "n1"})
			p.ok(play.Cmd{Kind: play.Attach, Actor: "ann", Node: "n2", Epoch: 1})
			p.at("Start")
			p.wait(31 * time.Second)
			p.at("Right")
		}},
		{"majority: the last who is missing leaves", tale.ModeMajority, func(p *party) {
			p.choose("ann", "Right")
			p.choose("ben", "Left")
			p.choose("cat", "Right")
			p.ok(play.Cmd{Kind: play.Leave, Actor: "dan"})
			p.at("Right")
		}},
		{"unanimous: all agree", tale.ModeUnanimous, func(p *party) {
			for _, user := range []auth.UserID{"ann", "ben", "cat"} {
				p.choose(user, "Right")
			}
			p.at("Start")
			p.choose("dan", "Left")
			p.at("Start")
			p.choose("dan", "Right")
			p.at("Right")
		}},
		{"unanimous: after three times most decide", tale.ModeUnanimous, func(p *party) {
			p.choose("ann", "Right")
			p.wait(125 * time.Second)
			p.at("Start")
			p.wait(60 * time.Second)
			p.at("Right")
		}},
		{"unanimous: all agree, none of them with a connection", tale.ModeUnanimous, func(p *party) {
			for _, user := range []auth.UserID{"ann", "ben", "cat", "dan"} {
				p.off(user)
			}
			for _, user := range []auth.UserID{"ann", "ben", "cat", "dan"} {
				p.at("Start")
				p.choose(user, "Right")
			}
			p.at("Right")
		}},
		{"rotate: one after the other", tale.ModeRotate, func(p *party) {
			p.refused(errs.NotEligible, play.Cmd{Kind: play.Choose, Actor: "ben", Round: 1, Option: p.option("Right")})
			p.choose("ann", "Right")
			p.choose("ben", "Start")
			p.choose("cat", "Straight")
			p.choose("dan", "Start")
			p.choose("ann", "Left")
			p.at("Left")
		}},
		{"rotate: who sleeps is passed over", tale.ModeRotate, func(p *party) { p.wait(61 * time.Second); p.choose("ben", "Right"); p.at("Right") }},
		{"rotate: a circle of sleepers, chance", tale.ModeRotate, func(p *party) { p.wait(4*60*time.Second + 2*time.Second); p.count1(play.AtRandom) }},
		{"rotate: who is gone is passed over", tale.ModeRotate, func(p *party) {
			p.ok(play.Cmd{Kind: play.Leave, Actor: "ann"})
			p.choose("ben", "Right")
			p.at("Right")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newParty(t, book(t, fork), mode(test.mode), "ann", "ben", "cat", "dan")
			p.start()
			p.at("Start")
			test.play(p)
			p.check()
		})
	}
}

// count1 fails unless the first round was decided in a way.
func (p *party) count1(how play.How) {
	p.t.Helper()
	for _, e := range p.log {
		if e.Type == play.Resolved && e.Round == 1 {
			if e.Data.How != how {
				p.t.Errorf("the round was decided by %s, want %s", e.Data.How, how)
			}
			return
		}
	}
	p.t.Errorf("the round is not decided\n%s", p.tail())
}

// check fails unless the invariants of a state hold: I2, I6, I7, I9.
func (p *party) check() {
	p.t.Helper()
	replayed := new(play.State)
	resolved := map[int]bool{}
	for i, e := range p.log {
		if e.Seq != int64(i+1) {
			p.t.Fatalf("event %d has seq %d", i+1, e.Seq)
		}
		stored, err := json.Marshal(e)
		if err != nil {
			p.t.Fatal(err)
		}
		var read play.Event
		if err := json.Unmarshal(stored, &read); err != nil {
			p.t.Fatal(err)
		}
		play.Apply(replayed, &read)
		p.checkAfter(e, replayed)
		if e.Type == play.Resolved {
			if resolved[e.Round] {
				p.t.Fatalf("round %d is decided twice\n%s", e.Round, p.tail())
			}
			resolved[e.Round] = true
		}
	}
	got, _ := json.Marshal(replayed)
	want, _ := json.Marshal(p.s)
	if string(got) != string(want) {
		p.t.Fatalf("the events make\n%s\nthe state is\n%s\n%s", got, want, p.tail())
	}
	var there []auth.UserID
	for _, seat := range p.s.Seats {
		if seat.Conn == play.On || seat.Conn == play.InGrace {
			there = append(there, seat.User)
		}
	}
	if p.s.Status == play.Ended {
		return
	}
	if len(there) > 0 && !slices.Contains(there, p.s.Host) {
		p.t.Fatalf("the host %s is not among %v\n%s", p.s.Host, there, p.tail())
	}
	if p.s.Status != play.Playing || p.s.Settings.Pace == play.Mail {
		return
	}
	can := p.s.DeadlineMs > 0
	for _, seat := range p.s.Seats {
		can = can || seat.Conn == play.InGrace || seat.Conn == play.On && len(p.s.View(p.book, seat.User).Open) > 0
	}
	if !can {
		p.t.Fatalf("nobody can act\n%s", p.tail())
	}
}

func TestPauseKeepsWhatIsLeft(t *testing.T) {
	p := newParty(t, book(t, fork), mode(tale.ModeMajority), "ann", "ben")
	p.start()
	p.now += 20_000
	p.ok(play.Cmd{Kind: play.Pause, Actor: "ann"})
	p.refused(errs.WrongState, play.Cmd{Kind: play.Choose, Actor: "ben", Round: 1, Option: p.option("Left")})
	p.wait(24 * time.Hour)
	p.ok(play.Cmd{Kind: play.Resume, Actor: "ann"})
	if left := p.s.DeadlineMs - p.now; left != 40_000 {
		t.Errorf("%d ms are left, want 40000", left)
	}
	p.check()
}

func TestAutoLoopPauses(t *testing.T) {
	p := newParty(t, book(t, ":: Start\na\n[[B]]{auto}\n:: B\nb\n[[Start]]{auto}\n"), play.Change{}, "ann")
	p.start()
	if p.s.Status != play.Paused || p.s.Reason != play.Loop {
		t.Fatalf("%s (%s), want paused (loop)", p.s.Status, p.s.Reason)
	}
	p.ok(play.Cmd{Kind: play.End, Actor: "ann"})
	p.check()
}

func TestRewindNeedsAll(t *testing.T) {
	twee := ":: StoryInit\n<<set $n = 0>>\n:: Start\n<<set $n += 1>>$n\n[[On]]{once}\n[[Off]]\n:: On\n<<set $n += 10>>$n\n[[Start]]\n:: Off [end]\n"
	p := newParty(t, book(t, twee), mode(tale.ModeFirst), "ann", "ben")
	p.start()
	p.choose("ann", "On")
	p.choose("ben", "Start")
	if p.s.Vars["n"] != tale.IntValue(12) || len(p.s.Options) != 1 {
		t.Fatalf("n is %v, options %v", p.s.Vars["n"], p.s.Options)
	}
	p.refused(errs.Validation, play.Cmd{Kind: play.Rewind, Actor: "ann", Round: 3})
	p.ok(play.Cmd{Kind: play.Rewind, Actor: "ann", Round: 2})
	p.ok(play.Cmd{Kind: play.Agree, Actor: "ben", Agree: false})
	p.refused(errs.WrongState, play.Cmd{Kind: play.Agree, Actor: "ben", Agree: true})
	p.ok(play.Cmd{Kind: play.Rewind, Actor: "ann", Round: 1})
	p.at("Start")
	p.ok(play.Cmd{Kind: play.Agree, Actor: "ben", Agree: true})
	p.at("Start")
	if p.s.Vars["n"] != tale.IntValue(1) || len(p.s.Options) != 2 || p.s.Round != 4 || len(p.s.Path) != 1 {
		t.Fatalf("n is %v, round %d, options %v", p.s.Vars["n"], p.s.Round, p.s.Options)
	}
	p.check()
}

const roles = `:: StoryInit
<<set private $clue = "none">>
<<set $open = false>>
:: Start
<<set $clue = role == "thief" ? "the key" : "nothing">>
You know $clue.
[[Pick the lock->Vault]]{who: role:thief}
[[Break it->Vault]]{who: role:knight}
[[Whisper->Vault]]{if: clue == "the key"}
[[Leave->Out]]
:: Vault [end]
:: Out [end]
`

func TestRolesAndPrivateVariables(t *testing.T) {
	p := newParty(t, book(t, roles), play.Change{Votes: text(play.VotesHidden)}, "ann", "ben", "cat")
	p.ok(play.Cmd{Kind: play.Ready, Actor: "ben", Role: text("thief")})
	p.refused(errs.Conflict, play.Cmd{Kind: play.Ready, Actor: "cat", Role: text("thief")})
	p.start()
	thief, knight, watcher := p.s.View(p.book, "ben"), p.s.View(p.book, "ann"), p.s.View(p.book, "eve")
	if thief.Round.Text != "You know the key." || knight.Round.Text != "You know nothing." || watcher.Round.Text != "You know none." {
		t.Errorf("texts %q, %q, %q", thief.Round.Text, knight.Round.Text, watcher.Round.Text)
	}
	if len(thief.Round.Options) != 4 || len(knight.Round.Options) != 3 || len(watcher.Round.Options) != 3 {
		t.Errorf("options %d, %d, %d", len(thief.Round.Options), len(knight.Round.Options), len(watcher.Round.Options))
	}
	p.refused(errs.BadOption, play.Cmd{Kind: play.Choose, Actor: "ann", Round: 1, Option: p.option("Whisper")})
	p.refused(errs.BadOption, play.Cmd{Kind: play.Choose, Actor: "ann", Round: 1, Option: p.option("Pick the lock")})
	p.choose("ben", "Whisper")
	seen, _ := json.Marshal(p.s.View(p.book, "ann"))
	for _, secret := range []string{"the key", "Whisper", `"seed":"seed"`, p.option("Whisper")} {
		if strings.Contains(string(seen), secret) {
			t.Errorf("ann sees %q in %s", secret, seen)
		}
	}
	// When the thief has gone, what was the thief's is everybody's.
	p.ok(play.Cmd{Kind: play.Leave, Actor: "ben"})
	if open := p.s.View(p.book, "ann").Open; !slices.Contains(open, p.option("Pick the lock")) {
		t.Errorf("open are %v", open)
	}
	p.check()
}

func TestAudienceIsOneSeat(t *testing.T) {
	p := newParty(t, book(t, fork), play.Change{Audience: text(play.AudienceOneSeat)}, "ann", "ben")
	p.start()
	p.aud = map[string]int{p.option("Right"): 5, p.option("Left"): 2}
	p.choose("ann", "Right") // with the audience two of three
	p.at("Right")
	p.check()
}

func TestRematch(t *testing.T) {
	p := newParty(t, book(t, fork), mode(tale.ModeFirst), "ann", "ben")
	p.start()
	p.refused(errs.WrongState, play.Cmd{Kind: play.GoOn, Actor: "ann", Next: "p2"})
	p.choose("ben", "Left")
	if p.s.Status != play.Ended || p.s.Reason != play.ByStory {
		t.Fatalf("%s (%s)", p.s.Status, p.s.Reason)
	}
	p.refused(errs.WrongState, play.Cmd{Kind: play.Choose, Actor: "ann", Round: 2, Option: "x"})
	p.ok(play.Cmd{Kind: play.GoOn, Actor: "ann", Next: "p2"})
	p.refused(errs.WrongState, play.Cmd{Kind: play.GoOn, Actor: "ann", Next: "p3"})
	p.check()
}

func TestVariablesHaveAnEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString(":: StoryInit\n")
	for i := range 60 {
		fmt.Fprintf(&b, "<<set $s%d = \"\">>\n", i)
	}
	b.WriteString(":: Start\n")
	for i := range 60 {
		fmt.Fprintf(&b, "<<set $s%d = \"%s\">>\n", i, strings.Repeat("x", 250))
	}
	b.WriteString("[[Start]]\n")
	p := newParty(t, book(t, b.String()), play.Change{}, "ann")
	p.start()
	data, _ := json.Marshal(p.s)
	if len(data) > 20<<10 || p.count(play.ScriptError) == 0 {
		t.Errorf("the state has %d bytes, %d errors are noted", len(data), p.count(play.ScriptError))
	}
	p.check()
}
