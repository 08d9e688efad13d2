package api_test

import (
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/tale"
)

const well = ":: StoryTitle\nThe Well\n\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n\n:: Start\nA well.\n[[Down]]\n\n:: Down [end]\nWater.\n"

func TestImportAndExport(t *testing.T) {
	w := newWorld(t, options{})
	got := w.ok(201, "author", "POST", "/v1/stories:import?name=well.twee", well, "Content-Type", "text/plain", "Idempotency-Key", "k1")
	id := got["story"].(m)["id"].(string)
	if got["story"].(m)["title"] != "The Well" || got["release"].(m)["no"] != 1.0 || got["release"].(m)["passages"] != 2.0 || len(got["problems"].([]any)) != 0 {
		t.Errorf("imported %v", got)
	}
	again := w.ok(200, "author", "POST", "/v1/stories:import?name=well.twee", well, "Content-Type", "text/plain", "Idempotency-Key", "k1")
	if again["story"].(m)["id"] != id {
		t.Errorf("the same key made %v", again)
	}
	if read := w.ok(200, "ann", "GET", "/v1/stories/"+id, nil); read["release"] != 1.0 {
		t.Errorf("read %v", read)
	}
	if r := w.ok(200, "ann", "GET", "/v1/stories/"+id+"/release", nil); r["endings"] != 1.0 {
		t.Errorf("release %v", r)
	}
	a := w.as("author", "GET", "/v1/stories/"+id+"/export", nil)
	if a.status != 200 || !strings.Contains(a.text, ":: Down [end]\nWater.") {
		t.Errorf("exported %d %s", a.status, a.text)
	}
	if j := w.ok(200, "author", "GET", "/v1/stories/"+id+"/export?format=json", nil); j["title"] != "The Well" || j["v"] != 1.0 {
		t.Errorf("exported %v", j)
	}
	w.refused(403, "FORBIDDEN", "ann", "GET", "/v1/stories/"+id+"/export", nil)
	w.refused(400, "VALIDATION", "author", "GET", "/v1/stories/"+id+"/export?format=html", nil)
	w.refused(404, "NOT_FOUND", "ann", "GET", "/v1/stories/"+w.story("public")+"/release", nil)
	w.refused(400, "VALIDATION", "author", "POST", "/v1/stories:import", "", "Content-Type", "text/plain")
}

func TestImportTellsWhatIsWrong(t *testing.T) {
	w := newWorld(t, options{})
	got := w.ok(200, "author", "POST", "/v1/stories:import?name=bad.twee", ":: Start\n[[Nowhere]]\n", "Content-Type", "text/plain")
	found := false
	for _, p := range got["problems"].([]any) {
		p := p.(m)
		found = found || p["code"] == "dead-link" && p["file"] == "bad.twee" && p["line"] == 2.0 && p["passage"] == "Start"
	}
	if got["story"] != nil || !found {
		t.Errorf("imported %v", got)
	}
	if list := w.ok(200, "author", "GET", "/v1/stories", nil); len(list["items"].([]any)) != 0 {
		t.Errorf("stored %v", list)
	}
}

func TestImportRefusesWhatIsTooLarge(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	for _, path := range []string{"/v1/stories:import", "/v1/docs:import", "/v1/docs/" + id + "/import"} {
		large, huge := strings.Repeat("x", tale.MaxFile), strings.Repeat("x", tale.MaxFile+1)
		if got := w.ok(200, "author", "POST", path, large, "Content-Type", "text/plain"); len(got["problems"].([]any)) == 0 {
			t.Errorf("%s of what is no story: %v", path, got)
		}
		w.refused(413, "PAYLOAD_TOO_LARGE", "author", "POST", path, huge, "Content-Type", "text/plain")
	}
}
