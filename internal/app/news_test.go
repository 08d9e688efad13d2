package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
)

// reading makes a server with a story.
func reading(t *testing.T) (s server, author, storyID string) {
	t.Helper()
	s = start(t, filepath.Join(t.TempDir(), "test.db"), nil)
	author = token(t, "author")
	_, made := s.ask(t, "POST", "/v1/stories", author, map[string]string{"title": "The lighthouse", "visibility": "private"})
	return s, author, made["id"].(string)
}

func (s server) comment(t *testing.T, jwt, storyID, text string) {
	t.Helper()
	if status, answer := s.ask(t, "POST", "/v1/stories/"+storyID+"/comments", jwt, map[string]string{"content": text}); status != http.StatusCreated {
		t.Fatalf("comment: %d %v", status, answer)
	}
}

// contents returns what the events of an answer say.
func contents(news map[string]any) string {
	var all []string
	for _, e := range news["events"].([]any) {
		data := e.(map[string]any)["data"].(map[string]any)
		all = append(all, fmt.Sprint(data["content"], data["title"]))
	}
	return strings.ReplaceAll(strings.Join(all, " "), "<nil>", "")
}

func TestSyncOverREST(t *testing.T) {
	s, author, id := reading(t)
	path := "/v1/sync?rooms=story:" + id + ",user:me"
	status, news := s.ask(t, "GET", path, author, nil)
	offset, _ := news["offset"].(string)
	if status != http.StatusOK || offset == "" || contents(news) != "" {
		t.Fatalf("the beginning: %d %v", status, news)
	}
	s.comment(t, author, id, "one")
	s.notify(t, "author", "two")
	s.comment(t, author, id, "three")
	_, news = s.ask(t, "GET", path+"&since="+offset, author, nil)
	if got := contents(news); got != "one two three" || news["events"].([]any)[1].(map[string]any)["room"] != "user:me" {
		t.Errorf("since the beginning: %v", news)
	}
	middle := news["events"].([]any)[1].(map[string]any)["offset"].(string)
	if _, rest := s.ask(t, "GET", path+"&since="+middle, author, nil); contents(rest) != "three" {
		t.Errorf("since the middle: %v", rest)
	}
	// It waits for what is to come.
	answer := make(chan map[string]any, 1)
	go func() {
		_, waited := s.ask(t, "GET", path+"&wait=20&since="+news["offset"].(string), author, nil)
		answer <- waited
	}()
	select {
	case got := <-answer:
		t.Errorf("it did not wait: %v", got)
	case <-time.After(100 * time.Millisecond):
	}
	s.comment(t, author, id, "four")
	if got := <-answer; contents(got) != "four" {
		t.Errorf("waited for %v", got)
	}
	if _, lost := s.ask(t, "GET", path+"&since=of.another", author, nil); len(lost["gaps"].([]any)) != 2 {
		t.Errorf("a foreign offset: %v", lost)
	}
	for _, bad := range []string{"/v1/sync", "/v1/sync?rooms=user:author", path + "&wait=x", "/v1/sync?rooms=" + strings.Repeat("story:a,user:me,", 1) + many()} {
		if status, problem := s.ask(t, "GET", bad, author, nil); status != http.StatusBadRequest && status != http.StatusNotFound {
			t.Errorf("GET %s = %d %v", bad, status, problem)
		}
	}
	if status, _ := s.ask(t, "GET", path, token(t, "stranger"), nil); status != http.StatusForbidden && status != http.StatusNotFound {
		t.Errorf("a stranger reads a private story: %d", status)
	}
}

func many() string {
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprint("story:", i))
	}
	return strings.Join(all, ",")
}

// notify sends somebody a notification over the server API.
func (s server) notify(t *testing.T, user, title string) {
	t.Helper()
	if status, answer := s.ask(t, "POST", "/server/v1/notifications", "a key of the tests", map[string]string{"user_id": user, "title": title}); status != http.StatusCreated {
		t.Fatalf("notify: %d %v", status, answer)
	}
}

// stream opens a stream and returns its lines.
func (s server) stream(t *testing.T, path, jwt, last string) (lines <-chan string, stop func(), status int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+jwt)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	all := make(chan string, 1000)
	go func() {
		defer close(all)
		defer res.Body.Close()
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			all <- scan.Text()
		}
	}()
	return all, cancel, res.StatusCode
}

// nextLine waits for a line that begins so, and returns the rest.
func nextLine(t *testing.T, lines <-chan string, begin string) string {
	t.Helper()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("the stream ended before %q", begin)
			}
			if rest, found := strings.CutPrefix(line, begin); found {
				return rest
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no line %q", begin)
		}
	}
}

func TestStream(t *testing.T) {
	s, author, id := reading(t)
	path := "/v1/stream?rooms=story:" + id
	lines, stop, _ := s.stream(t, path, author, "")
	nextLine(t, lines, "id: ")
	s.comment(t, author, id, "one")
	last := nextLine(t, lines, "id: ")
	if event, data := nextLine(t, lines, "event: "), nextLine(t, lines, "data: "); event != "comment:created" || !strings.Contains(data, `"one"`) {
		t.Errorf("%s %s", event, data)
	}
	stop()
	for range lines { // until it has ended
	}
	s.comment(t, author, id, "two")
	lines, stop, _ = s.stream(t, path, author, last)
	if data := nextLine(t, lines, "data: "); !strings.Contains(data, `"two"`) {
		t.Errorf("after coming back: %s", data)
	}
	stop()

	// Of one user there are only so many at a time.
	eventuallyStatus := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, end, status := s.stream(t, path, author, ""); status == want {
				if want != http.StatusOK {
					end()
				}
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("status %d, want %d", status, want)
			}
		}
	}
	for range 6 {
		eventuallyStatus(http.StatusOK)
	}
	eventuallyStatus(http.StatusTooManyRequests)
	if _, end, status := s.stream(t, path, token(t, "stranger"), ""); status == http.StatusOK {
		t.Error("a stranger reads a private story")
	} else {
		end()
	}
	// They hold up no stop.
	began := time.Now()
	if err := s.stop(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("stop: %v after %v", err, time.Since(began))
	}
}

func TestStreamEndsWithItsToken(t *testing.T) {
	s, _, _ := reading(t)
	jwt, err := app.Mint(app.TokenConfig{Sub: "ann", TTL: 2 * time.Second, JWTSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	lines, stop, _ := s.stream(t, "/v1/stream?rooms=user:me", jwt, "")
	defer stop()
	for range lines { // until it ends
	}
}
