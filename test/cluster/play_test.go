package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// circle never ends by itself.
const circle = ":: StoryTitle\nCircle\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\n<<set $n = 1>>$n\n[[Left]]\n[[Right]]\n:: Left\n[[Start]]\n[[Right]]\n:: Right\n[[Start]]\n[[Left]]\n"

// bot plays a party, on whatever node answers, and keeps what was acknowledged.
type bot struct {
	t      *testing.T
	name   string
	addrs  []string
	party  string
	client *gatewaytest.Client
	at     int
	cmds   int
	acked  map[string]bool
	rounds int
}

// call sends until it is answered, with the same cmdId, on one node after the other.
func (b *bot) call(ctx context.Context, event string, payload map[string]any) (gatewaytest.Ack, bool) {
	for ctx.Err() == nil {
		if b.client == nil && !b.open(ctx) {
			continue
		}
		try, cancel := context.WithTimeout(ctx, 3*time.Second)
		a, err := b.client.Call(try, event, payload)
		cancel()
		if err != nil {
			b.client.Close()
			b.client = nil
			continue
		}
		if !a.OK && (a.Error.Code == "UNAVAILABLE" || a.Error.Code == "CONFLICT") {
			continue
		}
		return a, true
	}
	return gatewaytest.Ack{}, false
}

func (b *bot) open(ctx context.Context) bool {
	b.at = (b.at + 1) % len(b.addrs)
	try, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	client, err := gatewaytest.Open(try, b.addrs[b.at], harness.Token(b.t, b.name))
	if err != nil {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // the other one lives, or this one soon
		}
		return false
	}
	b.client = client
	return true
}

type shown struct {
	Seq   int64
	State struct {
		Seq  int64
		View json.RawMessage
	}
}

// play chooses in every round until ctx ends.
func (b *bot) play(ctx context.Context) {
	for ctx.Err() == nil {
		a, ok := b.call(ctx, "play:sync", map[string]any{"sessionId": b.party, "sinceSeq": 0})
		if !ok {
			return
		}
		var got struct {
			State struct {
				View struct {
					Status string
					Round  struct{ Round int }
					Me     struct {
						CanChoose []string
						Vote      *string
					}
				}
			}
		}
		if err := json.Unmarshal(a.Data, &got); err != nil || !a.OK {
			b.t.Errorf("%s: play:sync: %v %+v", b.name, err, a.Error)
			return
		}
		v := got.State.View
		if v.Status == "playing" && v.Me.Vote == nil && len(v.Me.CanChoose) > 0 {
			b.cmds++
			id := fmt.Sprint(b.name, b.cmds)
			answer, ok := b.call(ctx, "play:choose", map[string]any{
				"sessionId": b.party, "round": v.Round.Round, "option": v.Me.CanChoose[b.cmds%len(v.Me.CanChoose)], "cmdId": id,
			})
			if ok && answer.OK {
				b.acked[id] = true
				b.rounds = v.Round.Round
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // a person would read
		}
	}
}

// TestPartyOnNodesThatDie has four bots play on two nodes, one of which is
// killed every few seconds. No round is decided twice, no acknowledged choice is
// lost, the log makes the state, and all see the same at the end.
// PLAY_CLUSTER_FOR sets how long, "60s".
func TestPartyOnNodesThatDie(t *testing.T) {
	length := 12 * time.Second
	if d, err := time.ParseDuration(os.Getenv("PLAY_CLUSTER_FOR")); err == nil {
		length = d
	}
	url := servers.Postgres(t)
	settings := []string{"REDIS_URL=" + servers.Redis(t).URL, "DATABASE_URL=" + url, "RATE_MOVE=1000000/s"}
	nodes := []*harness.Node{harness.Start(t, settings...), harness.Start(t, settings...)}
	addrs := []string{nodes[0].Addr, nodes[1].Addr}
	names := []string{"ann", "ben", "cat", "dan"}
	story := importStory(t, addrs[0], names[0])

	ctx, cancel := context.WithTimeout(t.Context(), length+2*patience)
	defer cancel()
	bots := make([]*bot, len(names))
	for i, name := range names {
		bots[i] = &bot{t: t, name: name, addrs: addrs, at: i, acked: map[string]bool{}}
	}
	made, _ := bots[0].call(ctx, "play:create", map[string]any{"storyId": story, "settings": map[string]any{"mode": "majority", "timerSec": 5}, "cmdId": "create"})
	var party struct{ SessionID string }
	if err := json.Unmarshal(made.Data, &party); err != nil || party.SessionID == "" {
		t.Fatalf("play:create: %+v", made)
	}
	for _, b := range bots {
		b.party = party.SessionID
		if a, ok := b.call(ctx, "play:join", map[string]any{"sessionId": b.party, "cmdId": "join " + b.name}); !ok || !a.OK {
			t.Fatalf("%s: play:join: %+v", b.name, a.Error)
		}
	}
	if a, _ := bots[0].call(ctx, "play:start", map[string]any{"sessionId": party.SessionID, "force": true, "cmdId": "start"}); !a.OK {
		t.Fatalf("play:start: %+v", a.Error)
	}
	playing, stop := context.WithTimeout(ctx, length)
	defer stop()
	var wg sync.WaitGroup
	for _, b := range bots {
		wg.Go(func() { b.play(playing) })
	}
	kills := 0
	for ; playing.Err() == nil; kills++ {
		select {
		case <-playing.Done():
		case <-time.After(2 * time.Second): // not a wait for anything: the schedule of deaths
			nodes[kills%2].Kill()
			nodes[kills%2].Restart()
		}
	}
	wg.Wait()
	checkParty(ctx, t, url, bots, kills)
}

// checkParty compares what the bots know with what is stored.
func checkParty(ctx context.Context, t *testing.T, url string, bots []*bot, kills int) {
	t.Helper()
	host := bots[0]
	for _, b := range bots { // the host may be another one by now
		if a, ok := b.call(ctx, "play:end", map[string]any{"sessionId": b.party, "cmdId": "end " + b.name}); ok && a.OK {
			break
		}
	}
	var first string
	for _, b := range bots {
		a, ok := b.call(ctx, "play:sync", map[string]any{"sessionId": b.party, "sinceSeq": 0})
		var s shown
		if err := json.Unmarshal(a.Data, &s); err != nil || !ok {
			t.Fatalf("%s: play:sync: %v %+v", b.name, err, a.Error)
		}
		var view map[string]any
		if err := json.Unmarshal(s.State.View, &view); err != nil {
			t.Fatal(err)
		}
		delete(view, "me")
		seen := fmt.Sprint(s.State.Seq, view)
		if first == "" {
			first = seen
		}
		if seen != first {
			t.Errorf("%s sees\n%s\nand %s\n%s", b.name, seen, host.name, first)
		}
	}
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	id := play.ID(host.party)
	row, err := db.Play(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	events, err := db.PlayEvents(ctx, id, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	replayed, decided, stored := new(play.State), map[int]bool{}, map[string]bool{}
	for i := range events {
		e := &events[i]
		play.Apply(replayed, e)
		if e.Type == play.Resolved && decided[e.Round] {
			t.Errorf("round %d is decided twice", e.Round)
		}
		decided[e.Round] = decided[e.Round] || e.Type == play.Resolved
		stored[e.CmdID] = true
	}
	got, _ := json.Marshal(replayed)
	want, _ := json.Marshal(row.State)
	if string(got) != string(want) {
		t.Errorf("the log makes\n%s\nthe state is\n%s", got, want)
	}
	acked := 0
	for _, b := range bots {
		for cmd := range b.acked {
			acked++
			if !stored[cmd] {
				t.Errorf("%s was acknowledged and is lost", cmd)
			}
		}
	}
	if row.State.Round < 10 || acked < 20 {
		t.Errorf("only %d rounds and %d choices", row.State.Round, acked)
	}
	t.Logf("%d kills, %d rounds, %d acknowledged choices, %d events", kills, row.State.Round, acked, len(events))
}

// importStory makes a story that can be played.
func importStory(t *testing.T, addr, author string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/v1/stories:import?name=circle.twee", bytes.NewReader([]byte(circle)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+harness.Token(t, author))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made struct{ Story struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.Story.ID == "" {
		t.Fatalf("import: %s %v", res.Status, err)
	}
	return made.Story.ID
}
