package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// update lets a client that has the document's state write something, and returns its update.
func update(t *testing.T, state string, client uint64, f func(*yjs.Doc, *yjs.Txn) error) string {
	t.Helper()
	doc := yjs.New()
	if err := doc.Apply([]byte(state)); err != nil {
		t.Fatal(err)
	}
	u, err := doc.Edit(client, func(tx *yjs.Txn) error { return f(doc, tx) })
	if err != nil {
		t.Fatal(err)
	}
	return string(u)
}

func title(text string) func(*yjs.Doc, *yjs.Txn) error {
	return func(doc *yjs.Doc, tx *yjs.Txn) error { return tx.Set(doc.Root("story", yjs.Map), "title", text) }
}

func TestDocumentOverREST(t *testing.T) {
	w := newWorld(t, options{})
	doc := "/v1/docs/" + w.story("private")
	const octets = "application/octet-stream"
	state := w.as("author", "GET", doc+"/state", nil)
	if state.status != 200 || state.header.Get("X-Doc-Seq") != "1" || state.header.Get("Content-Type") != octets {
		t.Fatalf("state = %d, %v", state.status, state.header)
	}
	u := update(t, state.text, 5000, title("Offline"))
	if got := w.ok(200, "author", "POST", doc+"/updates", u, "Content-Type", octets); got["seq"] != 2.0 {
		t.Errorf("upload = %v", got)
	}
	got := w.ok(200, "author", "GET", doc, nil)
	if got["title"] != "Offline" || got["seq"] != 2.0 || got["passages"].([]any)[0].(m)["body"] != "Once" {
		t.Errorf("content = %v", got)
	}
	w.refused(422, "MALFORMED_UPDATE", "author", "POST", doc+"/updates", "\x07", "Content-Type", octets)
	w.refused(422, "SCHEMA", "author", "POST", doc+"/updates", update(t, state.text, 5001, func(doc *yjs.Doc, tx *yjs.Txn) error {
		return tx.Set(doc.Root("attic", yjs.Map), "a", 1)
	}), "Content-Type", octets)
	w.refused(400, "VALIDATION", "author", "POST", doc+"/updates", u)
	w.refused(413, "PAYLOAD_TOO_LARGE", "author", "POST", doc+"/updates", strings.Repeat("a", 16<<20+1), "Content-Type", octets)
	w.refused(400, "VALIDATION", "author", "GET", doc+"/state?sv=!", nil)
	for _, path := range []string{"", "/state", "/versions", "/comments", "/invitations", "/export"} {
		w.refused(403, "FORBIDDEN", "eve", "GET", doc+path, nil)
	}
	w.refused(404, "NOT_FOUND", "author", "GET", "/v1/docs/none", nil)
}

func TestVersionsOverREST(t *testing.T) {
	w := newWorld(t, options{})
	doc := "/v1/docs/" + w.story("private")
	state := w.as("author", "GET", doc+"/state", nil)
	v := w.ok(201, "author", "POST", doc+"/versions", m{"label": "first"})
	if v["label"] != "first" || v["kind"] != "named" || v["createdBy"].(m)["display_name"] != "The author" {
		t.Errorf("version = %v", v)
	}
	w.ok(200, "author", "POST", doc+"/updates", update(t, state.text, 5000, title("Changed")), "Content-Type", "application/octet-stream")
	path := doc + "/versions/" + v["id"].(string)
	if d := w.ok(200, "author", "GET", path+"/diff", nil); fmt.Sprint(d["fields"]) != "[title]" || len(d["passages"].([]any)) != 0 {
		t.Errorf("diff = %v", d)
	}
	if got := w.ok(200, "author", "POST", path+"/restore", nil); got["seq"] != 3.0 {
		t.Errorf("restored = %v", got)
	}
	if got := w.ok(200, "author", "GET", doc, nil); got["title"] == "Changed" {
		t.Errorf("content = %v", got)
	}
	if list := w.ok(200, "author", "GET", doc+"/versions", nil)["items"].([]any); len(list) != 2 || list[0].(m)["kind"] != "restore" {
		t.Errorf("versions = %v", list)
	}
	w.refused(404, "NOT_FOUND", "author", "POST", doc+"/versions/none/restore", nil)
	w.refused(400, "VALIDATION", "author", "POST", doc+"/versions", m{"label": " "})
}

func TestPublishAndImportOverREST(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	got := w.ok(200, "author", "POST", doc+"/import?name=well.twee", well, "Content-Type", "text/plain")
	if got["seq"] != 2.0 || len(got["problems"].([]any)) != 0 {
		t.Errorf("import = %v", got)
	}
	got = w.ok(200, "author", "POST", doc+"/publish", m{"minSeq": 2})
	if r, _ := got["release"].(m); r["no"] != 1.0 || r["seq"] != 2.0 || r["publishedBy"].(m)["id"] != "author" {
		t.Errorf("publish = %v", got)
	}
	if again := w.ok(200, "author", "POST", doc+"/publish", m{}); again["release"].(m)["no"] != 1.0 {
		t.Errorf("the same again = %v", again)
	}
	if r := w.ok(200, "author", "GET", "/v1/stories/"+id+"/release", nil); r["no"] != 1.0 || r["passages"] != 2.0 {
		t.Errorf("release = %v", r)
	}
	if a := w.as("author", "GET", doc+"/export", nil); a.status != 200 || !strings.Contains(a.text, ":: Down [end]") {
		t.Errorf("export = %d %s", a.status, a.text)
	}
	w.ok(200, "author", "POST", doc+"/import", ":: Start\nNo title.", "Content-Type", "text/plain")
	if got := w.ok(200, "author", "GET", doc, nil); got["title"] != "The Well" {
		t.Errorf("a file without a title leaves %v", got["title"])
	}
	dead := strings.Replace(well, "[[Down]]", "[[Up]]", 1)
	w.ok(200, "author", "POST", doc+"/import", dead, "Content-Type", "text/plain")
	got = w.ok(200, "author", "POST", doc+"/publish", m{})
	if got["release"] != nil || got["problems"].([]any)[0].(m)["severity"] != "error" {
		t.Errorf("publish with a dead link = %v", got)
	}
}

func TestNewDocumentOfAFile(t *testing.T) {
	w := newWorld(t, options{})
	unfinished := ":: StoryTitle\nThe quay\n\n:: Start\n[[Not written yet]]\n"
	send := func(status int, path, file string) m {
		return w.ok(status, "author", "POST", path, file, "Content-Type", "text/plain", "Idempotency-Key", path)
	}
	got := send(201, "/v1/docs:import?name=quay.twee&visibility=private", unfinished)
	st := got["story"].(m)
	if st["title"] != "The quay" || st["release"] != 0.0 || got["release"] != nil {
		t.Errorf("imported %v", got)
	}
	if again := send(200, "/v1/docs:import?name=quay.twee&visibility=private", unfinished); again["story"].(m)["id"] != st["id"] {
		t.Errorf("the same key made %v", again)
	}
	if named := send(201, "/v1/docs:import?title=Mine", unfinished)["story"].(m); named["title"] != "Mine" || named["visibility"] != "public" {
		t.Errorf("named %v", named)
	}
	doc := "/v1/docs/" + st["id"].(string)
	for format, want := range map[string]string{"": ":: Start", "?format=twee": ":: Start", "?format=twine": `"name": "Start"`} {
		file := w.as("author", "GET", doc+"/export"+format, nil).text
		if !strings.Contains(file, want) {
			t.Errorf("export%s = %s", format, file)
		}
		back := send(201, "/v1/docs:import?name=back"+format, file)
		if len(back["problems"].([]any)) != 0 {
			t.Errorf("what was exported%s has problems: %v", format, back)
		}
	}
	if unnamed := send(201, "/v1/docs:import?name=pier.twee", ":: Start\nHere.")["story"].(m); unnamed["title"] != "pier" {
		t.Errorf("unnamed %v", unnamed)
	}
	before := w.ok(200, "author", "GET", doc, nil)
	if none := send(200, doc+"/import", "Dear diary"); !strings.Contains(fmt.Sprint(none["problems"]), "code:empty") {
		t.Errorf("what is no story = %v", none)
	}
	if after := w.ok(200, "author", "GET", doc, nil); after["seq"] != before["seq"] {
		t.Errorf("what is no story changed the draft: %v", after)
	}
	bad := send(200, "/v1/docs:import?name=bad.json", "{")
	if p := bad["problems"].([]any); bad["story"] != nil || len(p) != 1 || p[0].(m)["file"] != "bad.json" {
		t.Errorf("a broken file = %v", bad)
	}
	w.refused(400, "VALIDATION", "author", "GET", doc+"/export?format=pdf", nil)
	w.refused(400, "VALIDATION", "author", "POST", "/v1/docs:import", "", "Content-Type", "text/plain")
	w.refused(400, "VALIDATION", "author", "POST", "/v1/docs:import?visibility=secret", unfinished, "Content-Type", "text/plain")
}

func TestInvitationsOverREST(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	byName := w.ok(201, "author", "POST", doc+"/invitations", m{"role": "editor", "userId": "bob"})
	byLink := w.ok(201, "author", "POST", doc+"/invitations", m{"role": "viewer"})
	if told := strings.Join(w.news.all(), ", "); !strings.Contains(told, "notification The author invites you to “The lighthouse”") {
		t.Errorf("told %s", told)
	}
	invitation := func(i m) string { return "/v1/invitations/" + i["code"].(string) }
	if got := w.ok(200, "bob", "GET", invitation(byName), nil); got["title"] != "The lighthouse" || got["role"] != "editor" {
		t.Errorf("invitation = %v", got)
	}
	w.refused(404, "NOT_FOUND", "eve", "POST", invitation(byName)+"/accept", nil)
	w.ok(200, "bob", "POST", invitation(byName)+"/accept", nil)
	w.refused(404, "NOT_FOUND", "bob", "POST", invitation(byName)+"/accept", nil)
	w.ok(200, "bob", "POST", invitation(byLink)+"/accept", nil) // keeps the higher role
	w.ok(200, "vic", "POST", invitation(byLink)+"/accept", nil)
	if told := strings.Join(w.news.all(), ", "); !strings.Contains(told, "role bob editor") || !strings.Contains(told, "role vic viewer") ||
		!strings.Contains(told, "The bob works on “The lighthouse” with you now") || strings.Contains(told, "role bob viewer") {
		t.Errorf("told %s", told)
	}
	w.ok(200, "bob", "GET", doc, nil)
	w.refused(403, "FORBIDDEN", "vic", "GET", doc, nil)
	w.refused(403, "FORBIDDEN", "bob", "POST", doc+"/invitations", m{"role": "viewer"})
	w.refused(400, "VALIDATION", "author", "POST", doc+"/invitations", m{"role": "author"})
	if list := w.ok(200, "author", "GET", doc+"/invitations", nil)["items"].([]any); len(list) != 1 {
		t.Errorf("open invitations = %v", list)
	}
	if a := w.as("author", "DELETE", doc+"/invitations/"+byLink["code"].(string), nil); a.status != 204 {
		t.Errorf("withdraw = %d", a.status)
	}
	w.refused(404, "NOT_FOUND", "dan", "POST", invitation(byLink)+"/accept", nil)
}
