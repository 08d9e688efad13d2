package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
)

const (
	cycles  = 25
	posters = 8
)

// comment is what the ledger keeps of one.
type comment struct {
	ID      string `json:"id"`
	Seq     int64  `json:"seq"`
	CID     string `json:"cid"`
	Content string `json:"content"`
}

// ledger is what was sent, acknowledged and seen in one story.
type ledger struct {
	mu    sync.Mutex
	sent  map[string]string  // content by cid
	acked map[string]comment // by cid
}

func (l *ledger) send(cid, content string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[cid] = content
}

func (l *ledger) ack(c comment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[c.CID] = c
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// TestKillLosesNoAcknowledgedComment kills the server again and again while
// people post, and compares the ledger with the database (invariants I1 to I4).
func TestKillLosesNoAcknowledgedComment(t *testing.T) {
	binary, database := build(t), filepath.Join(t.TempDir(), "kill.db")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	total, undecided := 0, 0
	for cycle := range cycles {
		n := launch(t, binary, database)
		story := makeStory(t, n, cycle)
		l := &ledger{sent: map[string]string{}, acked: map[string]comment{}}
		reader, wait := postUntilKilled(t, n, story, l)
		// At least some are acknowledged, and then at any moment.
		for deadline := time.Now().Add(patience); l.count() < 5*posters && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(150_000)) * time.Microsecond)
		n.kill()
		wait()

		n = launch(t, binary, database)
		compare(t, stored(t, n, story), l, reader)
		undecided += retry(t, n, story, l)
		all := stored(t, n, story)
		compare(t, all, l, reader)
		if len(all) != len(l.sent) {
			t.Errorf("%d comments are stored, %d were sent and tried again", len(all), len(l.sent))
		}
		total += len(all)
		if log := n.output(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
			t.Errorf("the log complains:\n%s", log)
		}
		n.kill()
		if t.Failed() {
			t.Fatalf("in cycle %d", cycle)
		}
	}
	t.Logf("%d kills, %d comments, %d of them undecided and tried again", cycles, total, undecided)
}

func makeStory(t *testing.T, n *node, cycle int) string {
	t.Helper()
	token, err := app.Mint(app.TokenConfig{Sub: "author", TTL: time.Hour, JWTSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.addr+"/v1/stories", bytes.NewBufferString(fmt.Sprintf(`{"title":"Cycle %d"}`, cycle)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Close = true
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var story struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&story); err != nil || story.ID == "" {
		t.Fatalf("no story: %s %v", res.Status, err)
	}
	return story.ID
}

// postUntilKilled lets people post as fast as they are answered, and somebody
// read; wait returns when all connections have ended.
func postUntilKilled(t *testing.T, n *node, story string, l *ledger) (reader *gatewaytest.Client, wait func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	reader, err := n.open(ctx, "reader")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Call(ctx, "story:join", map[string]any{"storyId": story}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for p := range posters {
		c, err := n.open(ctx, fmt.Sprint("poster-", p))
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer c.Close()
			for i := 0; ; i++ {
				cid := fmt.Sprintf("%s-%d-%d", story[len(story)-6:], p, i)
				if err := post(ctx, c, story, cid, "said "+cid, l); err != nil {
					return
				}
			}
		})
	}
	return reader, func() {
		all.Wait()
		<-reader.Done()
		cancel()
	}
}

// post sends one comment and enters the answer, if there is one, in the ledger.
func post(ctx context.Context, c *gatewaytest.Client, story, cid, content string, l *ledger) error {
	l.send(cid, content)
	a, err := c.Call(ctx, "comment:new", map[string]any{"storyId": story, "content": content, "cid": cid})
	if err != nil {
		return err
	}
	if !a.OK {
		return fmt.Errorf("%s: %s", a.Error.Code, a.Error.Message)
	}
	var made comment
	if err := json.Unmarshal(a.Data, &made); err != nil {
		return err
	}
	l.ack(made)
	return nil
}

// retry sends again what was not answered, as the same people.
func retry(t *testing.T, n *node, story string, l *ledger) (count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for p := range posters {
		c, err := n.open(ctx, fmt.Sprint("poster-", p))
		if err != nil {
			t.Fatal(err)
		}
		mine := fmt.Sprintf("%s-%d-", story[len(story)-6:], p)
		for cid, content := range l.sent {
			if _, decided := l.acked[cid]; decided || !strings.HasPrefix(cid, mine) {
				continue
			}
			count++
			for range 2 { // the second time is surely a repetition
				if err := post(ctx, c, story, cid, content, l); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.Close()
	}
	return count
}

// stored returns all comments of a story, the first first.
func stored(t *testing.T, n *node, story string) []comment {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := n.open(ctx, "checker")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all []comment
	for cursor := ""; ; {
		a, err := c.Call(ctx, "comment:list", map[string]any{"storyId": story, "limit": 100, "cursor": cursor})
		if err != nil || !a.OK {
			t.Fatalf("comment:list: %v %+v", err, a.Error)
		}
		var page struct {
			Items      []comment
			NextCursor *string
		}
		if err := json.Unmarshal(a.Data, &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			all = append([]comment{item}, all...)
		}
		if page.NextCursor == nil {
			return all
		}
		cursor = *page.NextCursor
	}
}

// compare checks the stored comments against what was answered and seen.
func compare(t *testing.T, all []comment, l *ledger, reader *gatewaytest.Client) {
	t.Helper()
	byCID := map[string]comment{}
	for i, c := range all {
		if c.Seq != int64(i+1) {
			t.Errorf("comment %d has seq %d", i+1, c.Seq)
		}
		if first, twice := byCID[c.CID]; twice {
			t.Errorf("cid %s is stored twice: as %s and %s", c.CID, first.ID, c.ID)
		}
		if l.sent[c.CID] != c.Content {
			t.Errorf("cid %s is stored as %q, sent as %q", c.CID, c.Content, l.sent[c.CID])
		}
		byCID[c.CID] = c
	}
	for cid, c := range l.acked {
		if byCID[cid] != c {
			t.Errorf("acknowledged: %+v, stored: %+v", c, byCID[cid])
		}
	}
	last := int64(0)
	for _, e := range reader.Events("comment:created") {
		var c comment
		if err := json.Unmarshal(e.Data, &c); err != nil {
			t.Fatal(err)
		}
		if c.Seq != last+1 {
			t.Errorf("the reader saw seq %d after %d", c.Seq, last)
		}
		last = c.Seq
		if byCID[c.CID] != c {
			t.Errorf("the reader saw %+v, stored is %+v", c, byCID[c.CID])
		}
	}
}
