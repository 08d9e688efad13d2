package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/yjs"
)

// Every role on every operation: who is below the lowest that may is refused
// with FORBIDDEN, who is not succeeds.
func TestRolesOnDocuments(t *testing.T) {
	const octets = "application/octet-stream"
	roles := []string{"nobody", "viewer", "commenter", "player", "editor", "author"}
	rank := map[string]int{}
	for i, role := range roles {
		rank[role] = i
	}
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	for _, role := range roles[1:5] {
		w.ok(200, "author", "PUT", "/v1/stories/"+id+"/members/"+role, m{"role": role})
	}
	state := w.as("author", "GET", doc+"/state", nil)
	passage := w.ok(200, "author", "GET", doc, nil)["passages"].([]any)[0].(m)["id"].(string)
	version := w.ok(201, "author", "POST", doc+"/versions", m{"label": "first"})["id"].(string)
	code := func() string {
		return w.ok(201, "author", "POST", doc+"/invitations", m{"role": "viewer"})["code"].(string)
	}
	for _, op := range []struct {
		least, method, path string
		body                func(role string) any
		kind                string // of the body; empty: JSON
	}{
		{"viewer", "GET", "/state", nil, ""},
		{"viewer", "POST", "/updates", func(string) any { return state.text }, octets}, // nothing new, as clients synchronize
		{"editor", "POST", "/updates", func(role string) any {
			return update(t, state.text, uint64(5000+rank[role]), title(role))
		}, octets},
		{"editor", "GET", "", nil, ""},
		{"editor", "GET", "?version=" + version, nil, ""},
		{"editor", "GET", "/passages/" + passage + "/authors", nil, ""},
		{"editor", "GET", "/versions", nil, ""},
		{"editor", "POST", "/versions", func(role string) any { return m{"label": role} }, ""},
		{"editor", "GET", "/versions/" + version + "/diff", nil, ""},
		{"editor", "POST", "/versions/" + version + "/restore", nil, ""},
		{"editor", "POST", "/publish", func(string) any { return m{} }, ""},
		{"editor", "POST", "/import?name=well.twee", func(string) any { return well }, "text/plain"},
		{"editor", "GET", "/export", nil, ""},
		{"commenter", "GET", "/comments", nil, ""},
		{"author", "GET", "/invitations", nil, ""},
		{"author", "POST", "/invitations", func(string) any { return m{"role": "viewer"} }, ""},
		{"author", "DELETE", "/invitations/" + code(), nil, ""},
	} {
		for _, role := range roles {
			name := fmt.Sprintf("%s %s by %s", op.method, op.path, role)
			var body any
			if op.body != nil {
				body = op.body(role)
			}
			kind := op.kind
			if kind == "" {
				kind = "application/json"
			}
			a := w.as(role, op.method, doc+op.path, body, "Content-Type", kind)
			switch may := rank[role] >= rank[op.least]; {
			case may && a.status >= 300:
				t.Errorf("%s: %d %s", name, a.status, a.text)
			case !may && (a.status != 403 || a.body["code"] != "FORBIDDEN"):
				t.Errorf("%s is not refused: %d %s", name, a.status, a.text)
			}
		}
	}
	for _, role := range roles[:5] {
		w.refused(403, "FORBIDDEN", role, "PUT", "/v1/stories/"+id+"/members/someone", m{"role": "editor"})
		if role != "nobody" {
			w.refused(403, "FORBIDDEN", role, "DELETE", "/v1/stories/"+id+"/members/nobody", nil)
		}
	}
}

// What a viewer uploads counts as soon as they are editors, and no more when they are not.
func TestRoleOfUploadsIsTheLatest(t *testing.T) {
	const octets = "application/octet-stream"
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	state := w.as("author", "GET", doc+"/state", nil).text
	for i, step := range []struct {
		role string
		may  bool
	}{{"viewer", false}, {"editor", true}, {"commenter", false}, {"editor", true}} {
		w.ok(200, "author", "PUT", "/v1/stories/"+id+"/members/bob", m{"role": step.role})
		u := update(t, state, uint64(6000+i), title(fmt.Sprint(i)))
		if a := w.as("bob", "POST", doc+"/updates", u, "Content-Type", octets); (a.status == 200) != step.may {
			t.Errorf("as %s: %d %s", step.role, a.status, a.text)
		}
	}
	w.ok(204, "author", "DELETE", "/v1/stories/"+id+"/members/bob", nil)
	w.refused(403, "FORBIDDEN", "bob", "POST", doc+"/updates", update(t, state, 7000, title("out")), "Content-Type", octets)
}

// A release stays what it was, whatever is written, restored and published after it.
func TestReleasesOfDocumentsAreImmutable(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	publish := func(file string) m {
		w.ok(200, "author", "POST", doc+"/import?name=well.twee", file, "Content-Type", "text/plain")
		return w.ok(200, "author", "POST", doc+"/publish", m{})["release"].(m)
	}
	export := func() string {
		return w.as("author", "GET", "/v1/stories/"+id+"/export?format=twee", nil).text
	}
	first := publish(well)
	exported := export()
	w.ok(200, "author", "POST", doc+"/updates", update(t, w.as("author", "GET", doc+"/state", nil).text, 5000, title("Changed")),
		"Content-Type", "application/octet-stream")
	if export() != exported {
		t.Error("writing has changed the release")
	}
	second := publish(strings.Replace(well, "[[Down]]", "[[Deeper->Down]]", 1))
	if first["id"] == second["id"] || second["no"] != 2.0 || export() == exported {
		t.Errorf("releases %v, %v", first, second)
	}
	if again := publish(well); again["id"] != first["id"] || again["no"] != 1.0 {
		t.Errorf("the content of the first, again: %v", again)
	}
}

func TestUploadsAreRare(t *testing.T) {
	const octets = "application/octet-stream"
	w := newWorld(t, options{rates: func(r *ratelimit.Rates) { r.Upload = ratelimit.Rate{Count: 1, Per: time.Hour, Burst: 2} }})
	doc := "/v1/docs/" + w.story("private")
	state := w.as("author", "GET", doc+"/state", nil).text
	for range 2 {
		w.ok(200, "author", "POST", doc+"/updates", state, "Content-Type", octets)
	}
	w.refused(429, "RATE_LIMITED", "author", "POST", doc+"/updates", state, "Content-Type", octets)
}

func TestStateIsCompressed(t *testing.T) {
	w := newWorld(t, options{})
	doc := "/v1/docs/" + w.story("private")
	small := w.as("author", "GET", doc+"/state", nil, "Accept-Encoding", "gzip")
	u := update(t, small.text, 5000, func(d *yjs.Doc, tx *yjs.Txn) error {
		p, _ := d.Root("passages", yjs.Map).Get(d.Root("passages", yjs.Map).Keys()[0])
		body, _ := p.(*yjs.Type).Get("body")
		return tx.InsertText(body.(*yjs.Type), 0, strings.Repeat("Once upon a time. ", 1000))
	})
	w.ok(200, "author", "POST", doc+"/updates", u, "Content-Type", "application/octet-stream")
	plain := w.as("author", "GET", doc+"/state", nil, "Accept-Encoding", "identity")
	packed := w.as("author", "GET", doc+"/state", nil, "Accept-Encoding", "br, gzip")
	if small.header.Get("Content-Encoding") != "" || plain.header.Get("Content-Encoding") != "" || packed.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("codings %q, %q, %q", small.header.Get("Content-Encoding"), plain.header.Get("Content-Encoding"), packed.header.Get("Content-Encoding"))
	}
	if !strings.Contains(strings.Join(plain.header.Values("Vary"), ","), "Accept-Encoding") || len(packed.text) > len(plain.text)/10 {
		t.Errorf("%d bytes for %d", len(packed.text), len(plain.text))
	}
	z, err := gzip.NewReader(bytes.NewBufferString(packed.text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != plain.text {
		t.Errorf("unpacked %d bytes, %v", len(got), err)
	}
}
