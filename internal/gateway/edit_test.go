package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/yjs"
)

// writer is a tab with a replica of a document.
type writer struct {
	*tab
	story  string
	client uint64
	doc    *yjs.Doc
	n      int
}

// bytesOf decodes what the test's client has made JSON of.
func bytesOf(t *testing.T, v any) []byte {
	t.Helper()
	text, ok := v.(string)
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		t.Fatalf("%v are no bytes: %v", v, err)
	}
	return data
}

func (w *world) writer(name, storyID string, client uint64) (*writer, m) {
	w.t.Helper()
	p := &writer{tab: w.open(name), story: storyID, client: client, doc: yjs.New()}
	return p, p.begin()
}

// begin opens the document and takes what it lacks.
func (p *writer) begin() m {
	p.t.Helper()
	opened := p.ok("edit:open", m{"storyId": p.story, "proto": 1, "clientId": p.client, "sv": p.doc.StateVector().Encode()})
	p.take(opened["u"])
	return opened
}

func (p *writer) take(u any) {
	p.t.Helper()
	if err := p.doc.Apply(bytesOf(p.t, u)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *writer) body() *yjs.Type {
	passages := p.doc.Root("passages", yjs.Map)
	v, _ := passages.Get(passages.Keys()[0])
	v, _ = v.(*yjs.Type).Get("body")
	return v.(*yjs.Type)
}

// typed writes at the end, and returns the payload that says so.
func (p *writer) typed(text string) m {
	p.t.Helper()
	u, err := p.doc.Edit(p.client, func(tx *yjs.Txn) error { return tx.InsertText(p.body(), p.body().Len(), text) })
	if err != nil {
		p.t.Fatal(err)
	}
	p.n++
	return m{"storyId": p.story, "u": u, "n": p.n}
}

// follow takes the next update of others, and returns the text after it.
func (p *writer) follow() string {
	p.t.Helper()
	p.take(p.hearWhere("edit:update", func(u m) bool { return u["from"] != 0.0 })["u"]) // not what the server began with
	return p.body().String()
}

func (w *world) role(storyID, name string, role story.Role) {
	w.t.Helper()
	if _, err := w.stories.SetMember(w.t.Context(), "author", story.ID(storyID), auth.UserID(name), role); err != nil {
		w.t.Fatal(err)
	}
}

func TestEditOpenWriteClose(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	w.role(id, "bob", story.Editor)
	author, opened := w.writer("author", id, 5000)
	if opened["role"] != "author" || opened["seq"] != 1.0 || opened["storyId"] != id || author.body().String() != "Once" {
		t.Errorf("opened %v", opened)
	}
	if limits := opened["limits"].(m); limits["update"] != float64(coedit.MaxUpdate) || limits["passages"] != float64(coedit.MaxPassages) || limits["unanswered"] != 8.0 {
		t.Errorf("limits %v", limits)
	}
	bob, opened := w.writer("bob", id, 6000)
	if peers := opened["peers"].([]any); len(peers) != 2 || peers[0].(m)["clientId"] != 5000.0 || peers[0].(m)["user"].(m)["display_name"] != "The author" || peers[1].(m)["color"] == "" {
		t.Errorf("peers %v", peers)
	}
	if got := author.ok("edit:update", author.typed(" upon")); got["n"] != 1.0 || got["seq"] != 2.0 {
		t.Errorf("answered %v", got)
	}
	told := bob.hear("edit:update")
	if told["seq"] != 2.0 || told["from"] != 5000.0 || told["storyId"] != id {
		t.Errorf("told %v", told)
	}
	bob.take(told["u"])
	bob.ok("edit:update", bob.typed(" a time"))
	if got := author.follow(); got != "Once upon a time" {
		t.Errorf("the author has %q", got)
	}
	for _, u := range author.heard("edit:update") {
		if u["from"] == 5000.0 {
			t.Error("the author hears what they wrote")
		}
	}
	if got := bob.ok("edit:close", m{"storyId": id}); got["reason"] != "left" {
		t.Errorf("closed %v", got)
	}
	author.ok("edit:update", author.typed("!"))
	if more := bob.heard("edit:update"); len(more) != 1 {
		t.Errorf("after closing bob hears %v", more)
	}
	bob.begin()
	if got := bob.body().String(); got != "Once upon a time!" {
		t.Errorf("bob comes back to %q", got)
	}
}

func TestEditResync(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	author, _ := w.writer("author", id, 5000)
	lost := author.typed(" (lost)")
	refused := author.call("edit:update", author.typed("!"))
	if refused.OK || refused.Error.Code != "GAP" {
		t.Errorf("without what is before it: %+v", refused)
	}
	synced := author.ok("edit:sync", m{"storyId": id, "sv": author.doc.StateVector().Encode()})
	have, err := yjs.DecodeStateVector(bytesOf(t, synced["sv"]))
	if err != nil || synced["role"] != "author" {
		t.Fatal(synced, err)
	}
	all := m{"storyId": id, "u": author.doc.EncodeState(have), "n": 9}
	if got := author.ok("edit:update", all); got["seq"] != 2.0 || got["n"] != 9.0 {
		t.Errorf("all that is missing: %v", got)
	}
	if got := author.ok("edit:update", lost); got["seq"] != 2.0 {
		t.Errorf("what is known: %v", got)
	}
	reader, _ := w.writer("reader", id, 7000)
	if got := reader.body().String(); got != "Once (lost)!" {
		t.Errorf("a reader sees %q", got)
	}
	for range coedit.MaxBody / 16_000 * 9 { // text is deleted again: the bytes of other passages stay
		u, err := author.doc.Edit(5000, func(tx *yjs.Txn) error {
			passages := author.doc.Root("passages", yjs.Map)
			p, err := tx.SetType(passages, fmt.Sprintf("01BX5ZZKBKACTAV9WEVGEM%04d", len(passages.Keys())), yjs.Map)
			if err != nil {
				return err
			}
			body, err := tx.SetType(p, "body", yjs.Text)
			if err != nil {
				return err
			}
			return tx.InsertText(body, 0, strings.Repeat("x", 16_000))
		})
		if err != nil {
			t.Fatal(err)
		}
		author.ok("edit:update", m{"storyId": id, "u": u, "n": 10})
	}
	late := w.open("late")
	opened := late.ok("edit:open", m{"storyId": id, "proto": 1, "clientId": 8000, "sv": []byte{0}})
	if url, _ := opened["url"].(string); opened["u"] != nil || !strings.HasPrefix(url, "/v1/docs/"+id+"/state?sv=") {
		t.Errorf("a large document comes as %v, %v", opened["u"] != nil, opened["url"])
	}
}

func TestEditRefusals(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	secret := w.story("author", story.Private)
	author, _ := w.writer("author", id, 5000)
	eve := w.open("eve")
	for _, test := range []struct {
		who     *tab
		event   string
		payload m
		want    string
	}{
		{eve, "edit:open", m{"storyId": id, "proto": 2, "clientId": 7000}, "VALIDATION"},
		{eve, "edit:open", m{"proto": 1, "clientId": 7000}, "VALIDATION"},
		{eve, "edit:open", m{"storyId": id, "proto": 1, "clientId": 1023}, "CLIENT_ID"},
		{eve, "edit:open", m{"storyId": id, "proto": 1, "clientId": 1 << 53}, "CLIENT_ID"},
		{eve, "edit:open", m{"storyId": id, "proto": 1, "clientId": -1}, "CLIENT_ID"},
		{eve, "edit:open", m{"storyId": id, "proto": 1, "clientId": 7000, "sv": []byte{9, 9}}, "MALFORMED_UPDATE"},
		{eve, "edit:open", m{"storyId": secret, "proto": 1, "clientId": 7000}, "FORBIDDEN"},
		{eve, "edit:open", m{"storyId": "none", "proto": 1, "clientId": 7000}, "NOT_FOUND"},
		{eve, "edit:sync", m{"storyId": secret}, "FORBIDDEN"},
		{eve, "edit:sync", m{"storyId": id, "sv": []byte{9, 9}}, "MALFORMED_UPDATE"},
		{eve, "edit:update", m{"storyId": id, "n": 1}, "VALIDATION"},
		{eve, "edit:update", m{"storyId": secret, "u": []byte{0, 0}, "n": 1}, "FORBIDDEN"},
		{eve, "edit:update", m{"storyId": id, "u": author.typed("x")["u"], "n": 1}, "FORBIDDEN"},
		{author.tab, "edit:update", m{"storyId": id, "u": make([]byte, coedit.MaxUpdate+1), "n": 1}, "PAYLOAD_TOO_LARGE"},
		{author.tab, "edit:update", m{"storyId": id, "u": []byte{7}, "n": 1}, "MALFORMED_UPDATE"},
		{author.tab, "edit:update", m{"storyId": id, "u": []byte{0, 1, 7, 1, 0, 0xc0, 0x84, 0x3d}, "n": 2}, "FUTURE_DELETE"},
	} {
		if got := test.who.refusal(test.event, test.payload); got != test.want {
			t.Errorf("%s %v: %s, want %s", test.event, test.payload["storyId"], got, test.want)
		}
	}
	for _, want := range []string{"MALFORMED_UPDATE", "FUTURE_DELETE"} {
		if reset := author.hear("edit:reset"); reset["reason"] != want || reset["storyId"] != id {
			t.Errorf("edit:reset %v, want %s", reset, want)
		}
	}
	if told := eve.heard("edit:reset"); len(told) != 0 {
		t.Errorf("others are told to reset: %v", told)
	}
	if got := author.refusal("edit:update", m{"storyId": id, "u": []byte{7}, "n": 3}); got != "MALFORMED_UPDATE" {
		t.Errorf("the third: %s", got)
	}
	muted := author.call("edit:update", author.typed("y"))
	if muted.OK || muted.Error.Code != "RATE_LIMITED" || muted.Error.RetryAfterMs < 60_000 {
		t.Errorf("after three: %+v", muted)
	}
}

func TestEditAwareness(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	w.role(id, "cleo", story.Commenter)
	w.role(id, "reader", story.Viewer)
	w.role(id, "late", story.Viewer)
	author, _ := w.writer("author", id, 5000)
	cleo, _ := w.writer("cleo", id, 6000)
	reader, _ := w.writer("reader", id, 7000)
	show := func(p *writer, client, clock uint64, state string) {
		p.say("edit:awareness", m{"storyId": id, "aw": yjs.EncodeAwareness(yjs.Presence{Client: client, Clock: clock, State: json.RawMessage(state)})})
	}
	hear := func(p *writer) yjs.Presence {
		t.Helper()
		list, err := yjs.DecodeAwareness(bytesOf(t, p.hear("edit:awareness")["aw"]))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0]
	}
	show(reader, 7000, 1, `{"mode":"read"}`)                                // a reader only looks
	show(cleo, 5000, 1, `{"mode":"stolen"}`)                                // somebody else's
	cleo.say("edit:awareness", m{"storyId": id, "aw": []byte{9}})           // nonsense
	show(cleo, 6000, 1, `{"mode":"`+strings.Repeat("x", 5000)+`"}`)         // too much
	show(cleo, 6000, 2, `{"passageId":"p","user":{"id":"author"},"bad":1}`) // the first that counts
	for _, p := range []*writer{author, reader} {
		got := hear(p)
		var state struct {
			PassageID string
			User      struct{ ID, Name, Color string }
		}
		if err := json.Unmarshal(got.State, &state); err != nil {
			t.Fatal(err)
		}
		if got.Client != 6000 || got.Clock != 2 || state.PassageID != "p" || state.User.ID != "cleo" || state.User.Name != "The cleo" || strings.Contains(string(got.State), "bad") {
			t.Errorf("%s hears %d at %d: %s", p.user, got.Client, got.Clock, got.State)
		}
	}
	if own := cleo.heard("edit:awareness"); len(own) != 0 {
		t.Errorf("cleo hears %v", own)
	}
	late, opened := w.writer("late", id, 8000)
	if list, err := yjs.DecodeAwareness(bytesOf(t, opened["aw"])); err != nil || len(list) != 1 || list[0].Client != 6000 {
		t.Errorf("who comes late sees %v, %v", list, err)
	}
	cleo.Close()
	for _, p := range []*writer{author, reader, late} {
		if got := hear(p); got.Client != 6000 || got.State != nil {
			t.Errorf("after cleo has gone %s hears %+v", p.user, got)
		}
	}
}

func TestEditRolesChangeLive(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	w.role(id, "bob", story.Editor)
	author, _ := w.writer("author", id, 5000)
	bob, _ := w.writer("bob", id, 6000)
	second, _ := w.writer("bob", id, 6001)
	bob.ok("edit:update", bob.typed("1"))
	for _, step := range []struct {
		role story.Role
		may  bool
	}{{story.Commenter, false}, {story.Editor, true}, {story.Viewer, false}} {
		w.role(id, "bob", step.role)
		for _, p := range []*writer{bob, second} {
			if got := p.hear("edit:role"); got["role"] != step.role.String() || got["storyId"] != id {
				t.Errorf("edit:role %v", got)
			}
		}
		if a := bob.call("edit:update", bob.typed("2")); a.OK != step.may || !step.may && a.Error.Code != "FORBIDDEN" {
			t.Errorf("as %s: %+v", step.role, a)
		}
		if step.may {
			bob.begin()
		}
		bob.doc = yjs.New() // what was refused is given up
		bob.client++
		bob.begin()
	}
	if told := author.heard("edit:role"); len(told) != 0 {
		t.Errorf("the author is told %v", told)
	}
	if err := w.stories.RemoveMember(t.Context(), "author", story.ID(id), "bob"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*writer{bob, second} {
		if got := p.hear("edit:closed"); got["reason"] != "revoked" {
			t.Errorf("edit:closed %v", got)
		}
	}
	before := len(bob.heard("edit:update"))
	author.ok("edit:update", author.typed("after"))
	author.heard("edit:update")
	if got := bob.heard("edit:update"); len(got) != before {
		t.Error("who was removed still hears what is written")
	}
	if got := bob.refusal("edit:open", m{"storyId": id, "proto": 1, "clientId": 9000}); got != "FORBIDDEN" {
		t.Errorf("who was removed opens: %s", got)
	}
}

// Every role on every event: who is below the lowest that may is refused.
func TestEditRoles(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	author, _ := w.writer("author", id, 5000)
	passage := author.doc.Root("passages", yjs.Map).Keys()[0]
	note := author.ok("edit:comment:add", m{"storyId": id, "passageId": passage, "text": "?"})["id"]
	roles := []story.Role{story.None, story.Viewer, story.Commenter, story.Player, story.Editor, story.Author}
	for i, role := range roles {
		name := role.String()
		if role > story.None && role < story.Author {
			w.role(id, name, role)
		}
		p := &writer{tab: w.open(name), story: id, client: uint64(6000 + i), doc: yjs.New()}
		if err := p.doc.Apply(author.doc.EncodeState(nil)); err != nil {
			t.Fatal(err)
		}
		for _, op := range []struct {
			least   story.Role
			event   string
			payload m
		}{
			{story.Viewer, "edit:open", m{"storyId": id, "proto": 1, "clientId": p.client, "sv": []byte{0}}},
			{story.Viewer, "edit:sync", m{"storyId": id, "sv": []byte{0}}},
			{story.Viewer, "edit:update", m{"storyId": id, "u": author.doc.EncodeState(nil), "n": 1}}, // nothing new
			{story.Editor, "edit:update", p.typed(name)},
			{story.Commenter, "edit:comment:add", m{"storyId": id, "passageId": passage, "text": name}},
			{story.Commenter, "edit:comment:reply", m{"storyId": id, "parentId": note, "text": name}},
			{story.Editor, "edit:comment:resolve", m{"storyId": id, "commentId": note, "resolved": true}},
			{story.None, "edit:close", m{"storyId": id}},
		} {
			a := p.call(op.event, op.payload)
			switch may := role >= op.least; {
			case may != a.OK:
				t.Errorf("%s by %s: %t %+v", op.event, name, a.OK, a.Error)
			case !may && a.Error.Code != "FORBIDDEN":
				t.Errorf("%s by %s: %s", op.event, name, a.Error.Code)
			}
		}
	}
}

func TestEditNotes(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	w.role(id, "cleo", story.Commenter)
	author, _ := w.writer("author", id, 5000)
	cleo, _ := w.writer("cleo", id, 6000)
	passage := author.doc.Root("passages", yjs.Map).Keys()[0]
	anchor := m{"start": "AA==", "end": "AQ==", "quote": "Once"}
	note := m{"storyId": id, "cmdId": "c1", "passageId": passage, "anchor": anchor, "text": " Twice? "}
	added := cleo.ok("edit:comment:add", note)
	if again := cleo.ok("edit:comment:add", note); again["id"] != added["id"] {
		t.Errorf("the same again: %v", again)
	}
	told := author.hear("edit:comment")
	if told["id"] != added["id"] || told["text"] != "Twice?" || fmt.Sprint(told["anchor"]) != fmt.Sprint(anchor) || told["user"].(m)["display_name"] != "The cleo" || told["resolvedAt"] != nil {
		t.Errorf("told %v", told)
	}
	reply := author.ok("edit:comment:reply", m{"storyId": id, "parentId": added["id"], "text": "Once."})
	if reply["parentId"] != added["id"] || reply["passageId"] != passage || reply["anchor"] != nil {
		t.Errorf("reply %v", reply)
	}
	cleo.hearWhere("edit:comment", func(c m) bool { return c["id"] == reply["id"] })
	author.ok("edit:comment:resolve", m{"storyId": id, "commentId": added["id"], "resolved": true})
	settled := cleo.hearWhere("edit:comment", func(c m) bool { return c["resolvedAt"] != nil })
	if settled["id"] != added["id"] || settled["resolvedBy"].(m)["id"] != "author" {
		t.Errorf("settled %v", settled)
	}
	author.ok("edit:comment:resolve", m{"storyId": id, "commentId": added["id"], "resolved": false})
	cleo.hearWhere("edit:comment", func(c m) bool { return c["id"] == added["id"] && c["resolvedAt"] == nil })
	for _, bad := range []m{
		{"storyId": id, "passageId": passage, "text": " "},
		{"storyId": id, "passageId": "p1", "text": "x"},
		{"storyId": id, "passageId": passage, "text": "x", "anchor": m{"start": "%", "end": "AA==", "quote": ""}},
	} {
		if got := cleo.refusal("edit:comment:add", bad); got != "VALIDATION" {
			t.Errorf("%v: %s", bad, got)
		}
	}
	if got := author.refusal("edit:comment:resolve", m{"storyId": id, "commentId": "none", "resolved": true}); got != "NOT_FOUND" {
		t.Errorf("a note that is none: %s", got)
	}
}

func TestEditPublished(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	reader, _ := w.writer("reader", id, 7000)
	r, problems, err := w.edits.Publish(t.Context(), "author", story.ID(id), 1)
	if err != nil || tale.Failed(problems) {
		t.Fatal(problems, err)
	}
	if told := reader.hear("edit:published"); told["storyId"] != id || told["release"].(m)["id"] != string(r.ID) || told["release"].(m)["no"] != 1.0 {
		t.Errorf("told %v", told)
	}
}

func TestEditRates(t *testing.T) {
	w := newWorld(t, options{rates: func(r *ratelimit.Rates) {
		r.Doc = ratelimit.Rate{Count: 1, Per: time.Minute, Burst: 2}
		r.Cursor = ratelimit.Rate{Count: 1, Per: time.Hour, Burst: 1}
		r.DocBytes = ratelimit.Rate{Count: 1, Per: time.Second, Burst: 1000}
	}})
	id := w.story("author", story.Public)
	author, _ := w.writer("author", id, 5000)
	other, _ := w.writer("other", id, 6000)
	author.ok("edit:update", author.typed(strings.Repeat("x", 900)))
	for _, want := range []string{"too many bytes", "too many updates"} {
		a := author.call("edit:update", author.typed(strings.Repeat("x", 900)))
		if a.OK || a.Error.Code != "RATE_LIMITED" || a.Error.RetryAfterMs == 0 {
			t.Errorf("%s: %+v", want, a)
		}
	}
	for clock := range uint64(3) { // all but the first are dropped without a word
		author.say("edit:awareness", m{"storyId": id, "aw": yjs.EncodeAwareness(yjs.Presence{Client: 5000, Clock: clock + 1, State: []byte("{}")})})
	}
	if got := author.heard("exception"); len(got) != 0 {
		t.Errorf("cursors are answered with %v", got)
	}
	got, err := yjs.DecodeAwareness(bytesOf(t, other.hear("edit:awareness")["aw"]))
	if err != nil || len(got) != 1 || got[0].Clock != 1 {
		t.Errorf("others hear %v, %v", got, err)
	}
}
