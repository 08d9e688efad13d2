package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// crossing never ends by itself either.
const crossing = ":: StoryTitle\nCrossing\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\n[[On->Start]]\n[[Too->Start]]\n[[Three->Start]]\n"

// guest is somebody who plays a party over one connection.
type guest struct {
	*gatewaytest.Client
	ctx   context.Context
	t     *testing.T
	name  string
	party string
	cmds  int
}

// seen is what a guest is shown.
type seen struct {
	Seq       int64
	ServerNow time.Time
	View      struct {
		Status string
		Round  struct {
			Round        int
			Options      []struct{ ID string }
			DeadlineInMs int64
		}
		Votes struct{ By map[string]string }
		Path  []struct{ Label string }
	}
}

// opens makes a party of a guest who plays a story at the node; joins brings another one.
func opens(ctx context.Context, t *testing.T, n *harness.Node, name, story, settings string) *guest {
	t.Helper()
	a := &arena{t: t, nodes: []*harness.Node{n}}
	var made struct{ Story struct{ ID string } }
	a.post(ctx, name, "/v1/stories:import?name=story.twee", story, &made)
	var party struct{ SessionID string }
	a.post(ctx, name, "/v1/plays", fmt.Sprintf(`{"storyId":%q,"settings":%s}`, made.Story.ID, settings), &party)
	return joins(ctx, t, n, name, party.SessionID)
}

func joins(ctx context.Context, t *testing.T, n *harness.Node, name, party string) *guest {
	t.Helper()
	g := &guest{ctx: ctx, t: t, name: name, party: party}
	g.connect(n)
	g.must("play:join", nil)
	return g
}

func (g *guest) connect(n *harness.Node) {
	g.t.Helper()
	c, err := n.Open(g.ctx, g.name)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(c.Close)
	g.Client = c
}

func (g *guest) call(event string, more map[string]any) gatewaytest.Ack {
	g.t.Helper()
	g.cmds++
	payload := map[string]any{"sessionId": g.party, "cmdId": fmt.Sprint(g.name, g.cmds)}
	for name, value := range more {
		payload[name] = value
	}
	answer, err := g.Call(g.ctx, event, payload)
	if err != nil {
		g.t.Fatalf("%s: %s: %v", g.name, event, err)
	}
	return answer
}

func (g *guest) must(event string, more map[string]any) json.RawMessage {
	g.t.Helper()
	answer := g.call(event, more)
	if !answer.OK {
		g.t.Fatalf("%s: %s: %+v", g.name, event, answer.Error)
	}
	return answer.Data
}

// looks returns the party as it is now.
func (g *guest) looks() seen {
	g.t.Helper()
	var got struct{ State seen }
	if err := json.Unmarshal(g.must("play:sync", map[string]any{"sinceSeq": 0}), &got); err != nil {
		g.t.Fatal(err)
	}
	return got.State
}

// choice is what chooses an option of the round that is on.
func (g *guest) choice(option int) map[string]any {
	now := g.looks()
	return map[string]any{"round": now.View.Round.Round, "option": now.View.Round.Options[option].ID}
}

// hears waits for an event of the party of a type.
func (g *guest) hears(kind string) {
	g.t.Helper()
	for {
		e, err := g.Next(g.ctx, "play:event")
		if err != nil {
			g.t.Fatalf("%s does not hear %s: %v", g.name, kind, err)
		}
		var event struct{ Type string }
		if err := json.Unmarshal(e, &event); err != nil {
			g.t.Fatal(err)
		}
		if event.Type == kind {
			return
		}
	}
}

// audit checks the log of a party.
func audit(ctx context.Context, t *testing.T, url, party string) tally {
	t.Helper()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row, err := db.Play(ctx, play.ID(party))
	if err != nil {
		t.Fatal(err)
	}
	events, err := db.PlayEvents(ctx, play.ID(party), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return checkLog(t, row, events)
}

// TestPartyWithoutRedis: choices count on both nodes while Redis is away, and
// when it is back everybody is told to look, and hears again what others do.
func TestPartyWithoutRedis(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	redis, url := servers.Redis(t), servers.Postgres(t)
	settings := []string{"REDIS_URL=" + redis.URL, "DATABASE_URL=" + url, "RATE_MOVE=1000000/s"}
	a, b := harness.Start(t, settings...), harness.Start(t, settings...)
	ann := opens(ctx, t, a, "ann", crossing, `{"mode":"majority"}`)
	ben := joins(ctx, t, b, "ben", ann.party)
	ann.must("play:start", map[string]any{"force": true})
	ben.hears("round")

	redis.Stop()
	for range 5 {
		ann.must("play:choose", ann.choice(0))
		ben.must("play:choose", ben.choice(0))
	}
	if at := ann.looks(); at.View.Round.Round != 6 {
		t.Errorf("after five rounds without Redis ann is in round %d", at.View.Round.Round)
	}
	redis.Restart()
	for _, g := range []*guest{ann, ben} {
		if _, err := g.Next(ctx, "play:gap"); err != nil {
			t.Fatalf("%s is not told to look: %v", g.name, err)
		}
	}
	if x, y := ann.looks(), ben.looks(); x.Seq != y.Seq || len(x.View.Path) != 6 || len(y.View.Path) != 6 {
		t.Errorf("ann is at %d (%d steps), ben at %d (%d steps)", x.Seq, len(x.View.Path), y.Seq, len(y.View.Path))
	}
	ann.must("play:choose", ann.choice(1))
	ben.hears("voted")
	audit(ctx, t, url, ann.party)
}

// TestPartyWhilePostgresFails: without the database choices are refused as
// UNAVAILABLE, and the deadline that passes meanwhile fires once, late.
func TestPartyWhilePostgresFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	pg := servers.NewPostgresServer(t)
	settings := []string{"REDIS_URL=" + servers.Redis(t).URL, "DATABASE_URL=" + pg.URL, "RATE_MOVE=1000000/s"}
	a, b := harness.Start(t, settings...), harness.Start(t, settings...)
	ann := opens(ctx, t, a, "ann", crossing, `{"mode":"first","timerSec":5}`)
	ben := joins(ctx, t, b, "ben", ann.party)
	ann.must("play:start", map[string]any{"force": true})
	choice := ann.choice(0)
	deadline := time.Now().Add(5 * time.Second)

	pg.Stop(t)
	for _, g := range []*guest{ann, ben} {
		if answer := g.call("play:choose", choice); answer.OK || answer.Error.Code != "UNAVAILABLE" {
			t.Errorf("without the database %s is answered with %+v", g.name, answer)
		}
	}
	time.Sleep(time.Until(deadline.Add(time.Second))) // the time that must pass without a database
	pg.Start(t)
	ben.hears("resolved")
	for {
		answer := ann.call("play:choose", ann.choice(0))
		if answer.OK {
			break
		}
		if answer.Error.Code != "UNAVAILABLE" && answer.Error.Code != "STALE_ROUND" {
			t.Fatalf("with the database back ann is answered with %+v", answer)
		}
	}
	ann.must("play:end", nil)
	if sum := audit(ctx, t, pg.URL, ann.party); sum.deadlines < 1 || sum.late < time.Second {
		t.Errorf("%d deadlines, the latest %s late", sum.deadlines, sum.late)
	}
}

// TestServerRestartsInTheMiddleOfAVote: the same deadline, the same votes, and
// chance decides the tie as it would have.
func TestServerRestartsInTheMiddleOfAVote(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	file := filepath.Join(t.TempDir(), "test.db")
	n := harness.Start(t, "DATABASE_URL="+file)
	ann := opens(ctx, t, n, "ann", crossing, `{"mode":"majority","tie":"random","timerSec":120}`)
	ben, cat := joins(ctx, t, n, "ben", ann.party), joins(ctx, t, n, "cat", ann.party)
	ann.must("play:start", map[string]any{"force": true})
	ann.must("play:choose", ann.choice(0))
	ben.must("play:choose", ben.choice(1))
	before := cat.looks()
	n.Kill()
	n.Restart()
	for _, g := range []*guest{ann, ben, cat} {
		g.connect(n)
	}
	after := cat.looks()
	ends := func(s seen) time.Time {
		return s.ServerNow.Add(time.Duration(s.View.Round.DeadlineInMs) * time.Millisecond)
	}
	if d := ends(after).Sub(ends(before)).Abs(); d > 10*time.Millisecond || after.View.Round.DeadlineInMs == 0 {
		t.Errorf("the deadline is off by %s", d)
	}
	if fmt.Sprint(after.View.Votes) != fmt.Sprint(before.View.Votes) || len(after.View.Votes.By) != 2 {
		t.Errorf("the votes are %v, were %v", after.View.Votes, before.View.Votes)
	}
	cat.must("play:choose", cat.choice(2))
	if at := ann.looks(); at.View.Round.Round != 2 {
		t.Errorf("after the tie the party is in round %d", at.View.Round.Round)
	}
	ann.must("play:end", nil)
	n.Stop()
	audit(ctx, t, file, ann.party)
}
