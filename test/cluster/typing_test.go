package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// reader is somebody in a story.
type reader struct {
	*gatewaytest.Client
	t *testing.T
}

// join opens a connection that joins a story.
func join(t *testing.T, n *harness.Node, name, story string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := n.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r := &reader{client, t}
	r.call("story:join", map[string]any{"storyId": story})
	return r
}

func (r *reader) call(event string, payload any) json.RawMessage {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	answer, err := r.Call(ctx, event, payload)
	if err != nil || !answer.OK {
		r.t.Fatalf("%s: %v %+v", event, err, answer.Error)
	}
	return answer.Data
}

// hears waits for the next comment:typing and checks it.
func (r *reader) hears(who string, typing bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	data, err := r.Next(ctx, "comment:typing")
	if err != nil {
		r.t.Fatal(err)
	}
	var got struct {
		UserID   string
		IsTyping bool
	}
	if err := json.Unmarshal(data, &got); err != nil || got.UserID != who || got.IsTyping != typing {
		r.t.Errorf("heard %s, want %s %v", data, who, typing)
	}
}

func (r *reader) types(story string, typing bool) {
	r.call("comment:typing", map[string]any{"storyId": story, "isTyping": typing})
}

// newStory makes a public story.
func newStory(t *testing.T, n *harness.Node, author string) string {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"title": "The lighthouse"})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.Addr+"/v1/stories", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+harness.Token(t, author))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.ID == "" {
		t.Fatalf("make a story: %s %v", res.Status, err)
	}
	return made.ID
}

// Typing is told once each way to everybody on every node but the typist, and
// ends whatever becomes of the typist's connection and node.
func TestTypingOverNodes(t *testing.T) {
	redis := servers.Redis(t)
	settings := []string{"DATABASE_URL=" + servers.Postgres(t), "REDIS_URL=" + redis.URL, "REDIS_PREFIX=" + redis.Prefix}
	a, b := harness.Start(t, settings...), harness.Start(t, settings...)
	story := newStory(t, a, "author")
	ann, annToo := join(t, a, "ann", story), join(t, b, "ann", story)
	ben := join(t, b, "ben", story)

	ann.types(story, true)
	ben.hears("ann", true)
	annToo.types(story, true) // the other tab, at the other node: no news
	ann.types(story, false)
	var joined struct{ Typing []string }
	late := join(t, b, "late", story)
	if err := json.Unmarshal(late.call("story:join", map[string]any{"storyId": story}), &joined); err != nil || fmt.Sprint(joined.Typing) != "[ann]" {
		t.Errorf("a late reader is told of %v, want ann: %v", joined.Typing, err)
	}
	annToo.call("comment:new", map[string]any{"storyId": story, "content": "There."})
	ben.hears("ann", false)

	ann.types(story, true)
	ben.hears("ann", true)
	ann.Close()
	ben.hears("ann", false)

	eve := join(t, a, "eve", story)
	eve.types(story, true)
	ben.hears("eve", true)
	killed := time.Now()
	a.Kill()
	ben.hears("eve", false)
	if took := time.Since(killed); took > 10*time.Second {
		t.Errorf("typing at a dead node ended after %v", took)
	}
	if n := len(annToo.Events("comment:typing")); n != 2 { // eve alone
		t.Errorf("ann was told %d times, want 2: she is the typist of the others", n)
	}
}
