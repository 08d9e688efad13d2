package cluster_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/storywire/storywire/test/cluster/harness"
)

// counted is a story of sixty rounds.
const counted = `:: StoryTitle
Counted
:: StoryData
{"ifid":"D674C58C-DEFA-4F70-B7A2-27742230C0FC"}
:: StoryInit
<<set $n = 0>>
:: Start
<<set $n += 1>>$n
[[On->Start]]{if: n < 60}
[[Out->End]]{if: n >= 60}
:: End [end]
Home.
`

const countedRounds = 60

// files are stories that nobody means well with.
var files = map[string]string{
	"a label of 16 KiB":      written("[[" + strings.Repeat("x", 16<<10) + "->Start]]"),
	"deep conditions":        written(strings.Repeat("<<if true>>", 10_000)),
	"a deep expression":      written("[[Start]]{if: " + strings.Repeat("(", 5_000) + "1" + strings.Repeat(")", 5_000) + " == 1}"),
	"a passage like a loop":  written("[[Start]]{auto}"),
	"a million open links":   written(strings.Repeat("[[a", 1<<20)),
	"a million variables":    written(strings.Repeat("$a", 1<<20)),
	"passages without end":   written("x\n" + strings.Repeat(":: P\n", 600_000)),
	"brackets without end":   written(strings.Repeat("[", 3<<20)),
	"more than a file holds": strings.Repeat("a\n", 3<<20),
	"deep JSON":              `{"passages":` + strings.Repeat("[", 1<<20),
}

func written(start string) string {
	return ":: StoryTitle\nX\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\n" + start
}

// TestPartyBesideHostilePeople has a party play to its end while others do their
// worst on the same node: what they send is refused with a code, and the party
// is disturbed by nothing.
func TestPartyBesideHostilePeople(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	n := harness.Start(t, "DATABASE_URL="+filepath.Join(t.TempDir(), "test.db"), "RATE_MOVE=1000000/s")
	ann := opens(ctx, t, n, "ann", counted, `{"mode":"majority"}`)
	ben := joins(ctx, t, n, "ben", ann.party)
	attack := &attack{t: t, node: n, party: ann.party}
	stop := attack.begin(ctx)
	ann.must("play:start", map[string]any{"force": true})
	before := attack.refused.Load()
	for range countedRounds {
		ben.hears("round")
		choice := ann.choice(0)
		ann.must("play:choose", choice)
		ben.must("play:choose", choice)
	}
	ann.hears("ended")
	during := attack.refused.Load() - before
	stop()
	if during < 100 {
		t.Errorf("only %d things were refused while the party played", during)
	}
	if at := ann.looks(); len(at.View.Path) != countedRounds+1 || at.View.Status != "ended" {
		t.Errorf("the party ends %s after %d passages", at.View.Status, len(at.View.Path))
	}
	t.Logf("%d rounds, %d things refused meanwhile", countedRounds, during)
}

// attack is what hostile people do.
type attack struct {
	t       *testing.T
	node    *harness.Node
	party   string // of others
	refused atomic.Int64
}

// begin attacks until stop is called.
func (a *attack) begin(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	mallory := opens(ctx, a.t, a.node, "mallory", counted, `{"mode":"first","lateJoin":"seat"}`)
	mallory.must("play:start", map[string]any{"force": true})
	eve := &guest{ctx: ctx, t: a.t, name: "eve"}
	eve.connect(a.node)
	all.Go(func() { a.send(ctx, mallory) })
	all.Go(func() { a.intrude(ctx, eve) })
	all.Go(func() { a.upload(ctx) })
	all.Go(func() { a.loop(ctx) })
	return func() { cancel(); all.Wait() }
}

// send sends what no client would to a party of one's own.
func (a *attack) send(ctx context.Context, g *guest) {
	long := strings.Repeat("x", 16<<10)
	for ctx.Err() == nil {
		for _, try := range []struct {
			event string
			more  map[string]any
			want  string
		}{
			{"play:choose", map[string]any{"round": 1, "option": "nowhere"}, "BAD_OPTION"},
			{"play:choose", map[string]any{"round": 1, "option": long}, "BAD_OPTION"},
			{"play:choose", map[string]any{"round": 0, "option": "1:0"}, "VALIDATION"},
			{"play:choose", map[string]any{"round": 7, "option": "1:0"}, "STALE_ROUND"},
			{"play:choose", map[string]any{"round": -1, "option": "1:0"}, "VALIDATION"},
			{"play:choose", map[string]any{"round": "one", "option": []int{}}, "VALIDATION"},
			{"play:suggest", map[string]any{"round": 1, "option": "nowhere"}, "BAD_OPTION"},
			{"play:rewind", map[string]any{"toRound": 9}, "VALIDATION"},
			{"play:kick", map[string]any{"userId": long}, "VALIDATION"},
			{"play:settings", map[string]any{"settings": map[string]any{"timerSec": 30}}, "WRONG_STATE"},
			{"play:chat", map[string]any{"text": long}, "VALIDATION"},
			{"play:sync", map[string]any{"sinceSeq": "x"}, "VALIDATION"},
		} {
			a.expect(ctx, g, try.event, try.more, try.want)
		}
	}
}

// intrude does to the party of others what only its players may.
func (a *attack) intrude(ctx context.Context, g *guest) {
	g.party = a.party
	for ctx.Err() == nil {
		for event, want := range map[string]string{
			"play:choose": "NOT_ELIGIBLE", "play:start": "NOT_ELIGIBLE", "play:end": "NOT_ELIGIBLE", "play:pause": "NOT_ELIGIBLE", "play:kick": "NOT_ELIGIBLE",
			"play:sync": "NOT_FOUND", "play:chat": "NOT_FOUND", "play:rematch": "NOT_FOUND",
		} {
			a.expect(ctx, g, event, map[string]any{"round": 1, "option": "1:0", "userId": "ann", "text": "x", "sinceSeq": 0}, want)
		}
	}
}

func (a *attack) expect(ctx context.Context, g *guest, event string, more map[string]any, want string) {
	g.cmds++
	payload := map[string]any{"sessionId": g.party, "cmdId": fmt.Sprint(g.name, g.cmds)}
	for name, value := range more {
		payload[name] = value
	}
	answer, err := g.Call(ctx, event, payload)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		a.t.Errorf("%s: %v", event, err)
	case answer.OK || answer.Error.Code != want && !(answer.Error.Code == "WRONG_STATE" && g.party == a.party):
		a.t.Errorf("%s %.80v is answered with %v %s, want %s", event, more, answer.OK, answer.Error.Code, want)
	}
	a.refused.Add(1)
}

// upload uploads files that cost.
func (a *attack) upload(ctx context.Context) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(make([]byte, 64<<20)) // never fails
	_ = z.Close()
	for ctx.Err() == nil {
		for name, file := range files {
			a.post(ctx, name, strings.NewReader(file), "")
		}
		a.post(ctx, "a zip bomb", bytes.NewReader(zipped.Bytes()), "gzip")
	}
}

func (a *attack) post(ctx context.Context, name string, file io.Reader, encoding string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.node.Addr+"/v1/stories:import?name=x.twee", file)
	if err != nil {
		a.t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+harness.Token(a.t, "mallory"))
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	res, err := http.DefaultClient.Do(req)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.t.Errorf("%s: %v", name, err)
		return
	}
	defer res.Body.Close()
	var answer struct { // a refusal, or what is wrong with the story
		Code     string
		Story    *struct{ ID string }
		Problems []struct{ Severity, Code string }
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	if ctx.Err() != nil {
		return
	}
	coded := answer.Code != "" && res.StatusCode >= 400 && res.StatusCode < 500
	for _, p := range answer.Problems {
		coded = coded || p.Severity == "error" && p.Code != ""
	}
	if err != nil || !coded || answer.Story != nil || len(answer.Problems) > 201 {
		a.t.Errorf("%s is answered with %s, code %q, %d problems, %v", name, res.Status, answer.Code, len(answer.Problems), err)
	}
	a.refused.Add(1)
}

// loop plays a story that goes in a circle by itself.
func (a *attack) loop(ctx context.Context) {
	const circle = ":: StoryTitle\nX\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\n[[B]]{auto}\n:: B\n[[Start]]{auto}\n"
	g := opens(ctx, a.t, a.node, "trudy", circle, `{}`)
	answer, err := g.Call(ctx, "play:start", map[string]any{"sessionId": g.party, "cmdId": "start", "force": true})
	if err != nil || !answer.OK {
		a.t.Errorf("the start of the circle is answered with %+v, %v", answer.Error, err)
	}
	for i := 0; ctx.Err() == nil; i++ {
		answer, err := g.Call(ctx, "play:resume", map[string]any{"sessionId": g.party, "cmdId": fmt.Sprint(i)})
		if ctx.Err() == nil && (err != nil || !answer.OK) { // goes on to the next pause
			a.t.Errorf("going on in the circle is answered with %+v, %v", answer.Error, err)
			return
		}
	}
}
