package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// circle never ends by itself. In Wait the bots let the time run out.
const circle = `:: StoryTitle
Circle
:: StoryData
{"ifid":"D674C58C-DEFA-4F70-B7A2-27742230C0FC"}
:: StoryInit
<<set $n = 0>>
:: Start
<<set $n += 1>>$n
[[Left]]
[[Right]]
:: Left
[[Start]]
[[Right]]
:: Right
[[Start]]
[[Wait]]
:: Wait [timer:5]
[[Start]]
[[Left]]
`

var (
	players = []string{"ann", "ben", "cat", "dan"}
	modes   = []tale.Mode{tale.ModeFirst, tale.ModeHost, tale.ModeMajority, tale.ModeUnanimous, tale.ModeRotate}
)

// arena is two nodes that die in turn and four bots in one party of each mode.
type arena struct {
	t       *testing.T
	url     string // of the database
	nodes   []*harness.Node
	proxies []*harness.Proxy // the balancer's way to a node that lives, one for each bot
	bots    *harness.Bots
	parties []string
	acked   map[string][]string // ids of commands by party
	finals  map[string][]string // by party
}

// TestPartyOnNodesThatDie has four stock clients play on two nodes, one of which
// is killed every few seconds. In every party no round is decided twice, no
// acknowledged choice is lost, every deadline fires once, the log makes the
// state, and all players end in the same one. PLAY_CLUSTER_FOR sets how long
// ("60s").
func TestPartyOnNodesThatDie(t *testing.T) {
	length := 12 * time.Second
	if text := os.Getenv("PLAY_CLUSTER_FOR"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	a := newArena(t)
	ctx, cancel := context.WithTimeout(t.Context(), length+4*patience)
	defer cancel()
	for i, name := range players {
		a.bots.Play(harness.Bot{
			Name: name, URL: "http://" + a.proxies[i].Addr, Token: harness.Token(t, name), Parties: a.parties, First: i == 0,
		})
	}
	a.hear(ctx, "all have joined", func() func(harness.BotSaid) bool {
		joined := 0
		return func(s harness.BotSaid) bool {
			if s.Joined {
				joined++
			}
			return joined == len(players)*len(a.parties)
		}
	}())
	for _, id := range a.parties {
		a.post(ctx, "ann", "/v1/plays/"+id+"/start", `{"force":true}`, new(any))
	}
	kills := a.kill(length)
	a.bots.Rest()
	for _, id := range a.parties {
		a.end(ctx, id)
	}
	a.hear(ctx, "all know the end", func(harness.BotSaid) bool {
		for _, id := range a.parties {
			if len(a.finals[id]) < len(players) {
				return false
			}
		}
		return true
	})
	a.check(ctx, kills)
}

func newArena(t *testing.T) *arena {
	a := &arena{t: t, url: servers.Postgres(t), acked: map[string][]string{}, finals: map[string][]string{}}
	settings := []string{"REDIS_URL=" + servers.Redis(t).URL, "DATABASE_URL=" + a.url, "RATE_MOVE=1000000/s"}
	a.nodes = []*harness.Node{harness.Start(t, settings...), harness.Start(t, settings...)}
	a.bots = harness.StartBots(t)
	for i := range players {
		a.proxies = append(a.proxies, harness.NewProxy(t))
		a.proxies[i].Target(a.home(i).Addr)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var made struct{ Story struct{ ID string } }
	a.post(ctx, "ann", "/v1/stories:import?name=circle.twee", circle, &made)
	for _, mode := range modes {
		var party struct{ SessionID string }
		body := fmt.Sprintf(`{"storyId":%q,"settings":{"mode":%q,"timerSec":30,"tie":"random"}}`, made.Story.ID, mode)
		a.post(ctx, "ann", "/v1/plays", body, &party)
		a.parties = append(a.parties, party.SessionID)
	}
	return a
}

// home returns the node of a bot: two have the same.
func (a *arena) home(bot int) *harness.Node { return a.nodes[bot/2] }

// kill kills one node after the other for a time. Its players go to the other
// one, and come home when it is back.
func (a *arena) kill(length time.Duration) (kills int) {
	for began := time.Now(); time.Since(began) < length; kills++ {
		time.Sleep(2 * time.Second) // not a wait for anything: the schedule of deaths
		dead, alive := a.nodes[kills%2], a.nodes[1-kills%2]
		for _, p := range a.proxies {
			p.Target(alive.Addr)
		}
		dead.Kill()
		dead.Restart()
		for i, p := range a.proxies {
			if a.home(i) == dead {
				p.Target(dead.Addr)
				p.Cut()
			}
		}
	}
	return kills
}

// hear listens to the bots until enough is true of what one of them says.
func (a *arena) hear(ctx context.Context, what string, enough func(harness.BotSaid) bool) {
	a.t.Helper()
	for {
		select {
		case s, ok := <-a.bots.Said:
			if !ok {
				a.t.Fatalf("the bots have gone; not heard: %s", what)
			}
			switch {
			case s.Wrong != "":
				a.t.Error(s.Wrong)
			case s.Acked != "":
				a.acked[s.Party] = append(a.acked[s.Party], play.CommandID(auth.UserID(s.Bot), s.Acked))
			case s.Final != nil:
				a.finals[s.Party] = append(a.finals[s.Party], string(s.Final))
			}
			if enough(s) {
				return
			}
		case <-ctx.Done():
			a.t.Fatalf("not in time: %s; ends: %d", what, len(a.finals))
		}
	}
}

// post posts to the first node, which lives, and decodes what it answers; to is
// nil where it may refuse.
func (a *arena) post(ctx context.Context, user, path, body string, to any) (done bool) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.nodes[0].Addr+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+harness.Token(a.t, user))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	done = res.StatusCode < http.StatusMultipleChoices
	if to == nil {
		return done
	}
	answer, err := io.ReadAll(res.Body)
	if err == nil && done {
		err = json.Unmarshal(answer, to)
	}
	if err != nil || !done {
		a.t.Fatalf("%s: %s %s %v", path, res.Status, answer, err)
	}
	return done
}

// end ends a party; its host may be any of the players by now.
func (a *arena) end(ctx context.Context, id string) {
	a.t.Helper()
	for _, name := range players {
		if a.post(ctx, name, "/v1/plays/"+id+"/end", `{}`, nil) {
			return
		}
	}
	a.t.Errorf("nobody can end the party %s", id)
}

// check compares what the bots know with what is stored.
func (a *arena) check(ctx context.Context, kills int) {
	db, err := store.Open(ctx, a.url, store.Options{})
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	var sum tally
	for i, id := range a.parties {
		row, err := db.Play(ctx, play.ID(id))
		if err != nil {
			a.t.Fatal(err)
		}
		events, err := db.PlayEvents(ctx, play.ID(id), 0, 1<<20)
		if err != nil {
			a.t.Fatal(err)
		}
		one := checkLog(a.t, row, events)
		for _, cmd := range a.acked[id] {
			if !one.commands[cmd] {
				a.t.Errorf("%s: %s was acknowledged and is lost", modes[i], cmd)
			}
		}
		ends := slices.Compact(slices.Sorted(slices.Values(a.finals[id])))
		if len(ends) != 1 {
			a.t.Errorf("%s: the players end in %d states:", modes[i], len(ends))
			for _, end := range ends {
				a.t.Logf("%.100s ... %s", end, end[max(0, len(end)-300):])
			}
		}
		var end struct {
			Seq  int64
			Host string
			Path []struct {
				Round     int
				PassageID string
			}
		}
		if err := json.Unmarshal([]byte(ends[0]), &end); err != nil {
			a.t.Fatal(err)
		}
		if end.Seq != row.State.Seq || end.Host != string(row.State.Host) || len(end.Path) != len(row.State.Path) {
			a.t.Errorf("%s: the players end at %d with %d steps, stored are %d and %d", modes[i], end.Seq, len(end.Path), row.State.Seq, len(row.State.Path))
		}
		sum.add(one)
		a.t.Logf("%s: %d rounds, %d acknowledged choices, %d deadlines, the latest %s late", modes[i], row.State.Round, len(a.acked[id]), one.deadlines, one.late)
	}
	a.t.Logf("%d kills, %d rounds, %d events, %d deadlines", kills, sum.rounds, sum.events, sum.deadlines)
	if sum.rounds < 20 || sum.deadlines < 3 || len(sum.commands) < 20 {
		a.t.Error("too little was played to show anything")
	}
}

// tally is what a log shows.
type tally struct {
	rounds, events, deadlines int
	late                      time.Duration // the latest deadline
	commands                  map[string]bool
}

func (t *tally) add(o tally) {
	t.rounds, t.events, t.deadlines = t.rounds+o.rounds, t.events+o.events, t.deadlines+o.deadlines
	if t.commands == nil {
		t.commands = map[string]bool{}
	}
	for cmd := range o.commands {
		t.commands[fmt.Sprint(t.events, cmd)] = true
	}
}

// checkLog fails unless the log of a party makes its state, decides each round
// once, and fires each deadline once and not too early.
func checkLog(t *testing.T, row play.Row, events []play.Event) tally {
	t.Helper()
	sum := tally{events: len(events), commands: map[string]bool{}}
	replayed, decided, fired := new(play.State), map[int]bool{}, map[int64]bool{}
	for i := range events {
		e := &events[i]
		if due := replayed.DeadlineMs; due > 0 && byTime(replayed, e) {
			late := time.Duration(e.At-due) * time.Millisecond
			alone := i == 0 || events[i-1].At != e.At // else it may be what the end of a connection has decided
			switch {
			case late >= play.Lateness:
				if fired[due] {
					t.Errorf("event %d (%s): the deadline %d fires twice", e.Seq, e.Type, due)
				}
				fired[due] = true
				sum.deadlines++
				sum.late = max(sum.late, late)
			case alone:
				t.Errorf("event %d (%s): the deadline fires at %s", e.Seq, e.Type, late)
			}
		}
		if e.Type == play.Resolved && decided[e.Round] {
			t.Errorf("round %d is decided twice", e.Round)
		}
		decided[e.Round] = decided[e.Round] || e.Type == play.Resolved
		if e.CmdID != "" && sum.commands[e.CmdID] {
			t.Errorf("%s is stored twice", e.CmdID)
		}
		sum.commands[e.CmdID] = true
		play.Apply(replayed, e)
	}
	sum.rounds = row.State.Round
	got, _ := json.Marshal(replayed)
	want, _ := json.Marshal(row.State)
	if string(got) != string(want) {
		t.Errorf("the log makes\n%s\nthe state is\n%s", got, want)
	}
	return sum
}

// byTime reports whether an event is what the end of the time does.
func byTime(s *play.State, e *play.Event) bool {
	switch {
	case e.CmdID != "":
		return false
	case e.Type == play.Turned:
		return e.Data.Deadline != s.DeadlineMs // else the seat was empty
	case e.Type == play.Resolved:
		return e.Data.How == play.AtRandom || e.Data.How == play.Most
	}
	return e.Type == play.Rearmed || e.Type == play.Revote
}
