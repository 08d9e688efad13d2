package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func TestStories(t *testing.T) {
	w := newWorld(t, options{})
	made := w.ok(201, "author", "POST", "/v1/stories", m{"title": "Salt", "synopsis": "Of the sea.", "body": "One.\n\nTwo."}, "Idempotency-Key", "k1")
	id := made["id"].(string)
	if made["title"] != "Salt" || made["visibility"] != "public" || made["role"] != "author" || made["author"].(m)["display_name"] != "The author" {
		t.Errorf("made %v", made)
	}
	if again := w.ok(200, "author", "POST", "/v1/stories", m{"title": "Salt"}, "Idempotency-Key", "k1"); again["id"] != id {
		t.Errorf("the same key made %v", again)
	}
	read := w.ok(200, "ann", "GET", "/v1/stories/"+id, nil)
	if read["body"] != "One.\n\nTwo." || read["role"] != "commenter" || read["readers"] != 0.0 || read["commentCount"] != 0.0 {
		t.Errorf("read %v", read)
	}
	for i := range 4 {
		w.ok(201, "author", "POST", "/v1/stories", m{"title": fmt.Sprint("More ", i)})
	}
	var titles []any
	for cursor, pages := "", 0; pages < 10; pages++ {
		page := w.ok(200, "ann", "GET", "/v1/stories?limit=2&cursor="+cursor, nil)
		for _, item := range page["items"].([]any) {
			titles = append(titles, item.(m)["title"])
		}
		if page["nextCursor"] == nil {
			break
		}
		cursor = page["nextCursor"].(string)
	}
	if want := []any{"More 3", "More 2", "More 1", "More 0", "Salt"}; !slices.Equal(titles, want) {
		t.Errorf("listed %v, want %v", titles, want)
	}
	w.refused(400, "VALIDATION", "author", "POST", "/v1/stories", m{"title": " "})
	w.refused(400, "VALIDATION", "author", "POST", "/v1/stories", m{"title": "x", "visibility": "secret"})
	w.refused(404, "NOT_FOUND", "ann", "GET", "/v1/stories/nowhere", nil)
	w.refused(400, "VALIDATION", "ann", "GET", "/v1/stories?limit=ten", nil)
	w.refused(400, "VALIDATION", "ann", "GET", "/v1/stories?limit=101", nil)
	w.refused(400, "VALIDATION", "ann", "GET", "/v1/stories?cursor=!!", nil)
}

func TestMembers(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	at := "/v1/stories/" + id
	if a := w.as("ann", "GET", at, nil); a.status != 403 && a.status != 404 {
		t.Errorf("a stranger reads a private story: %d", a.status)
	}
	member := w.ok(200, "author", "PUT", at+"/members/ann", m{"role": "viewer"})
	if member["role"] != "viewer" || member["user"].(m)["id"] != "ann" {
		t.Errorf("member %v", member)
	}
	if read := w.ok(200, "ann", "GET", at, nil); read["role"] != "viewer" {
		t.Errorf("a member reads %v", read)
	}
	w.refused(403, "FORBIDDEN", "ann", "POST", at+"/comments", m{"content": "may I?"})
	w.refused(403, "FORBIDDEN", "ann", "PUT", at+"/members/ben", m{"role": "viewer"})
	w.refused(400, "VALIDATION", "author", "PUT", at+"/members/ben", m{"role": "king"})
	w.refused(400, "VALIDATION", "author", "PUT", at+"/members/ben", m{})
	if items := w.ok(200, "ann", "GET", at+"/members", nil)["items"].([]any); len(items) != 2 || items[0].(m)["role"] != "author" {
		t.Errorf("members %v", items)
	}
	w.ok(204, "author", "DELETE", at+"/members/ann", nil)
	if a := w.as("ann", "GET", at, nil); a.status != 403 && a.status != 404 {
		t.Errorf("a former member reads: %d", a.status)
	}
	if told := w.news.all(); !slices.Contains(told, "role ann viewer") || !slices.Contains(told, "role ann none") {
		t.Errorf("told %v", told)
	}
}

func TestComments(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("public")
	at := "/v1/stories/" + id + "/comments"
	first := w.ok(201, "ann", "POST", at, m{"content": "first"}, "Idempotency-Key", "k1")
	if again := w.ok(200, "ann", "POST", at, m{"content": "first"}, "Idempotency-Key", "k1"); again["id"] != first["id"] {
		t.Errorf("the same key made %v", again)
	}
	reply := w.ok(201, "ben", "POST", at, m{"content": "reply", "parentId": first["id"]})
	if reply["parentId"] != first["id"] || reply["seq"] != 2.0 || reply["user"].(m)["display_name"] != "The ben" {
		t.Errorf("reply %v", reply)
	}
	page := w.ok(200, "eve", "GET", at+"?limit=1", nil)
	if items := page["items"].([]any); len(items) != 1 || items[0].(m)["id"] != reply["id"] || page["seq"] != 2.0 {
		t.Errorf("page %v", page)
	}
	page = w.ok(200, "eve", "GET", at+"?limit=1&cursor="+page["nextCursor"].(string), nil)
	if items := page["items"].([]any); items[0].(m)["id"] != first["id"] {
		t.Errorf("the next page %v", page)
	}
	if one := w.ok(200, "eve", "GET", "/v1/comments/"+first["id"].(string), nil); one["content"] != "first" {
		t.Errorf("one %v", one)
	}
	if told := w.news.all(); !slices.Contains(told, "comment first") || !slices.Contains(told, "comment reply") {
		t.Errorf("told %v, want the live events of both", told)
	}
	w.refused(404, "NOT_FOUND", "eve", "GET", "/v1/comments/nowhere", nil)
	w.refused(404, "NOT_FOUND", "eve", "POST", "/v1/stories/nowhere/comments", m{"content": "x"})
	w.refused(400, "VALIDATION", "eve", "POST", at, m{"content": ""})
	w.refused(400, "VALIDATION", "eve", "POST", at, m{"content": 7})
	w.refused(400, "VALIDATION", "eve", "POST", at, m{"content": "x"}, "Idempotency-Key", strings.Repeat("k", 65))
}

func TestTyping(t *testing.T) {
	w := newWorld(t, options{})
	at := "/v1/stories/" + w.story("public") + "/typing"
	w.ok(204, "ann", "POST", at, m{"isTyping": true})
	for deadline := time.Now().Add(10 * time.Second); !slices.Contains(w.news.all(), "typing ann"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody is told")
		}
	}
	w.refused(400, "VALIDATION", "ann", "POST", at, m{})
	w.refused(400, "VALIDATION", "ann", "POST", at, m{"isTyping": "yes"})
}

func TestPresence(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("public")
	w.presence.Connect("c1", user.Profile{ID: "ann", DisplayName: "The ann"}, false)
	w.presence.Enter("c1", story.ID(id))
	list := w.ok(200, "ben", "GET", "/v1/stories/"+id+"/presence", nil)
	if items := list["items"].([]any); list["count"] != 1.0 || items[0].(m)["userId"] != "ann" {
		t.Errorf("presence of the story %v", list)
	}
	items := w.ok(200, "ben", "GET", "/v1/presence?userIds=ann,ben", nil)["items"].(m)
	if items["ann"].(m)["status"] != "online" || items["ben"].(m)["status"] != "offline" || items["ben"].(m)["lastSeenAt"] != nil {
		t.Errorf("presence of users %v", items)
	}
	if got := w.ok(200, "ben", "GET", "/v1/stories/"+id, nil)["readers"]; got != 1.0 {
		t.Errorf("readers = %v", got)
	}
	w.refused(400, "VALIDATION", "ben", "GET", "/v1/presence", nil)
	w.refused(400, "VALIDATION", "ben", "GET", "/v1/presence?userIds="+strings.Repeat("u,", presence.MaxLookup)+"v,w", nil)
	if a := w.as("ben", "GET", "/v1/stories/"+w.story("private")+"/presence", nil); a.status != 403 && a.status != 404 {
		t.Errorf("presence of a private story: %d", a.status)
	}
}

func TestNotifications(t *testing.T) {
	w := newWorld(t, options{})
	bearer := []string{"Authorization", "Bearer " + serverKey}
	send := func(body m, more ...string) answer {
		return w.as("", "POST", "/server/v1/notifications", body, append(slices.Clone(bearer), more...)...)
	}
	one := send(m{"user_id": "ann", "title": "One", "link": "/story/1", "data": m{"a": 1}}, "Idempotency-Key", "k")
	if one.status != 201 || one.body["items"].([]any)[0].(m)["user_id"] != "ann" {
		t.Errorf("sent %d %s", one.status, one.text)
	}
	if again := send(m{"user_id": "ann", "title": "One"}, "Idempotency-Key", "k"); again.status != 200 {
		t.Errorf("the same key: %d %s", again.status, again.text)
	}
	if two := send(m{"user_ids": []any{"ann", 7}, "title": "Two"}); two.status != 201 || len(two.body["items"].([]any)) != 2 {
		t.Errorf("to two: %d %s", two.status, two.text)
	}
	if told := w.news.all(); !slices.Equal(told, []string{"notification One", "notification Two", "notification Two"}) {
		t.Errorf("told %v", told)
	}
	page := w.ok(200, "ann", "GET", "/v1/notifications?unread=true&limit=1", nil)
	newest := page["items"].([]any)[0].(m)
	if newest["title"] != "Two" || page["counts"].(m)["unread"] != 2.0 || page["nextCursor"] == nil {
		t.Errorf("page %v", page)
	}
	done := w.ok(200, "ann", "POST", "/v1/notifications/read", m{"ids": []any{newest["id"]}})
	if done["changed"].([]any)[0] != newest["id"] || done["counts"].(m)["unread"] != 1.0 {
		t.Errorf("read %v", done)
	}
	w.ok(200, "ann", "POST", "/v1/notifications/read", m{"all": true})
	if got := w.ok(200, "ann", "GET", "/v1/notifications/count", nil); got["unread"] != 0.0 {
		t.Errorf("count %v", got)
	}
	w.refused(400, "VALIDATION", "ann", "POST", "/v1/notifications/read", m{})
	w.refused(400, "VALIDATION", "ann", "GET", "/v1/notifications?unread=perhaps", nil)
	w.refused(400, "VALIDATION", "", "POST", "/server/v1/notifications", m{"title": "to nobody"}, bearer...)
	w.refused(400, "VALIDATION", "", "POST", "/server/v1/notifications", m{"user_id": "ann"}, bearer...)
	w.refused(400, "VALIDATION", "", "POST", "/server/v1/notifications", m{"user_id": "ann", "title": "x", "link": "javascript:alert(1)"}, bearer...)
	w.refused(401, "UNAUTHENTICATED", "", "POST", "/server/v1/notifications", m{"user_id": "ann", "title": "x"}, "Authorization", "Bearer wrong")
	w.refused(401, "UNAUTHENTICATED", "ann", "POST", "/server/v1/notifications", m{"user_id": "ann", "title": "x"})
	newWorld(t, options{noKey: true}).refused(403, "FORBIDDEN", "", "POST", "/server/v1/notifications", m{}, "Authorization", "Bearer ")
}

func TestWhoIsAsking(t *testing.T) {
	w := newWorld(t, options{})
	if me := w.ok(200, "ann", "GET", "/v1/me", nil); me["id"] != "ann" || me["display_name"] != "The ann" || me["avatar_url"] != nil {
		t.Errorf("me %v", me)
	}
	expired, err := w.verifier.Mint(auth.Claims{UserID: "ann", ExpiresAt: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.refused(401, "UNAUTHENTICATED", "", "GET", "/v1/me", nil)
	w.refused(401, "UNAUTHENTICATED", "", "GET", "/v1/me", nil, "Authorization", "Bearer junk")
	w.refused(401, "UNAUTHENTICATED", "", "GET", "/v1/me", nil, "Authorization", "Basic "+w.token("ann"))
	w.refused(401, "TOKEN_EXPIRED", "", "GET", "/v1/me", nil, "Authorization", "Bearer "+expired)
	w.refused(401, "UNAUTHENTICATED", "", "GET", "/v1/me?token="+w.token("ann"), nil) // never in a URL
	w.refused(404, "NOT_FOUND", "ann", "GET", "/v1/nowhere", nil)
}

func TestBodies(t *testing.T) {
	w := newWorld(t, options{})
	w.refused(400, "VALIDATION", "ann", "POST", "/v1/stories", "{")
	w.refused(400, "VALIDATION", "ann", "POST", "/v1/stories", "")
	w.refused(400, "VALIDATION", "ann", "POST", "/v1/stories", `"title"`)
	w.refused(400, "VALIDATION", "ann", "POST", "/v1/stories", `{"title":"x"}`, "Content-Type", "text/plain")
	w.refused(413, "PAYLOAD_TOO_LARGE", "ann", "POST", "/v1/stories", `{"title":"`+strings.Repeat("x", 1<<20)+`"}`)
}

func TestRates(t *testing.T) {
	w := newWorld(t, options{rates: func(r *ratelimit.Rates) { r.Write = ratelimit.DefaultRates().Write }})
	at := "/v1/stories/" + w.story("public") + "/comments"
	for i := range 5 {
		w.ok(201, "ann", "POST", at, m{"content": fmt.Sprint(i)})
	}
	a := w.as("ann", "POST", at, m{"content": "too much"})
	if a.status != 429 || a.body["code"] != "RATE_LIMITED" || a.body["retryAfterMs"].(float64) < 1 || a.header.Get("Retry-After") != "1" {
		t.Errorf("the sixth = %d %s", a.status, a.text)
	}
	w.ok(201, "ben", "POST", at, m{"content": "others are not limited"})
}

func TestCORS(t *testing.T) {
	w := newWorld(t, options{origins: []string{"https://site.example"}})
	for origin, want := range map[string]string{
		"https://site.example": "https://site.example",
		"https://evil.example": "",
		"null":                 "",
	} {
		a := w.as("", "OPTIONS", "/v1/stories", nil, "Origin", origin, "Access-Control-Request-Method", "POST")
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want || want != "" && a.status != http.StatusNoContent {
			t.Errorf("preflight from %s: %d, allows %q", origin, a.status, got)
		}
		if got := w.as("ann", "GET", "/v1/me", nil, "Origin", origin).header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("answer to %s allows %q", origin, got)
		}
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t, options{ready: errors.New("the disk is full")})
	w.ok(200, "", "GET", "/healthz", nil)
	w.refused(503, "UNAVAILABLE", "", "GET", "/readyz", nil)
	newWorld(t, options{}).ok(200, "", "GET", "/readyz", nil)
}

func TestDemoIsOffUnlessAskedFor(t *testing.T) {
	w := newWorld(t, options{})
	w.refused(404, "NOT_FOUND", "", "GET", "/demo/v1/characters", nil)
	w.refused(404, "NOT_FOUND", "", "POST", "/demo/v1/sign-in", m{"name": "x"})
	w = newWorld(t, options{demo: true})
	if items := w.ok(200, "", "GET", "/demo/v1/characters", nil)["items"].([]any); len(items) != 6 {
		t.Errorf("characters %v", items)
	}
	in := w.ok(200, "", "POST", "/demo/v1/sign-in", m{"characterId": "demo-otto"})
	if me := w.ok(200, "", "GET", "/v1/me", nil, "Authorization", "Bearer "+in["token"].(string)); me["id"] != "demo-otto" {
		t.Errorf("me %v", me)
	}
}
