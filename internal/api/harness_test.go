package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/api"
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/demo"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serverKey = "a key of the api's tests"

// options of a world; the zero value suits most tests.
type options struct {
	rates   func(*ratelimit.Rates)
	origins []string
	demo    bool
	web     fs.FS
	ready   error
	noKey   bool
}

// world is a Server over real services, with the news written down.
type world struct {
	t        *testing.T
	server   http.Handler
	verifier *auth.Verifier
	presence *presence.Tracker
	edits    *coedit.Service
	plays    *play.Service
	news     *news
}

// news is what would be told to sockets.
type news struct {
	mu   sync.Mutex
	told []string
}

func (n *news) add(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, what)
}

func (n *news) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.told...)
}

func (n *news) CommentCreated(_ context.Context, c comment.Comment, _ string) {
	n.add("comment " + c.Content)
}

func (n *news) TypingChanged(_ context.Context, t comment.TypingChange) {
	n.add("typing " + string(t.User.ID))
}

func (n *news) NotificationCreated(_ context.Context, s notification.Stored) {
	n.add("notification " + s.Notification.Title)
}

func (n *news) NotificationsRead(_ context.Context, id auth.UserID, _ notification.Marked, _ string) {
	n.add("read " + string(id))
}
func (n *news) PlayChanged(_ context.Context, p play.News) {
	for _, e := range p.Events {
		n.add("party " + string(e.Type))
	}
}
func (n *news) PlaySaid(_ context.Context, m play.Message)                 { n.add("said " + m.Text) }
func (n *news) PlayWatched(context.Context, play.ID, int)                  {}
func (n *news) PlayAudience(context.Context, play.ID, int, map[string]int) {}
func (n *news) UserOnline(context.Context, auth.UserID, time.Time)         {}
func (n *news) UserOffline(context.Context, auth.UserID, time.Time)        {}
func (n *news) StoryChanged(context.Context, presence.Diff)                {}

func (n *news) UserAvailability(context.Context, auth.UserID, presence.Availability, time.Time) {}
func (n *news) StoryCounted(context.Context, story.ID, presence.Count)                          {}

func (n *news) Updated(story.ID, coedit.Update, uint64, string) {}
func (n *news) AwarenessChanged(story.ID, []byte, string)       {}
func (n *news) CursorsMoved([]string, story.ID, []byte)         {}
func (n *news) RoleChanged(string, story.ID, story.Role)        {}
func (n *news) ResetNeeded(string, story.ID, errs.Code)         {}
func (n *news) DocClosed(story.ID)                              {}
func (n *news) NoteChanged(_ story.ID, note coedit.Note)        { n.add("note " + note.Text) }
func (n *news) DocPublished(_ story.ID, r coedit.Release)       { n.add("release " + string(r.ID)) }

func (n *news) AccessChanged(_ context.Context, _ story.ID, id auth.UserID, r story.Role) {
	n.add("role " + string(id) + " " + r.String())
}

func (n *news) AccessUnknown(context.Context) {}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	fast := ratelimit.Rate{Count: 10_000, Per: time.Second, Burst: 10_000}
	rates := ratelimit.Rates{Conn: fast, ConnUser: fast, Ctrl: fast, Write: fast, Eph: fast, Read: fast, Server: fast, Upload: fast, Move: fast, Code: fast}
	if o.rates != nil {
		o.rates(&rates)
	}
	verifier, err := auth.NewVerifier(auth.Config{Secret: []byte("a secret of the tests of the REST API")})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, verifier: verifier, news: &news{}}
	people := user.NewDirectory(db, user.Options{})
	stories := story.NewService(db, people, story.Options{Announcer: w.news})
	notifications := notification.NewService(db, people, w.news, notification.Options{})
	comments := comment.NewService(comment.Deps{
		Store: db, Stories: stories, People: people, Publisher: w.news, Notifier: notifications,
	}, comment.Options{})
	w.presence = presence.NewTracker(db, w.news, presence.Options{})
	w.edits = coedit.NewService(coedit.Deps{
		Log: db, Writers: db, Versions: db, Notes: db, Invitations: db, Stories: stories, Members: stories, People: people,
		Notifications: notifications, Publisher: w.news, Releases: stories,
		Seed: func(context.Context, story.ID) (coedit.Content, error) {
			return coedit.FirstContent("Title", "Once", time.Now()), nil
		},
	}, coedit.Options{})
	w.plays = play.NewService(play.Deps{Store: db, Stories: stories, People: people, Publisher: w.news, Notifier: notifications}, play.Options{})
	deps := api.Deps{
		Verifier: verifier, People: people, Stories: stories, Comments: comments, Notifications: notifications,
		Presence: w.presence, Edits: w.edits, Plays: w.plays, Limits: ratelimit.NewClasses(rates, nil), ServerKey: serverKey,
		Origins: o.origins, Web: o.web, Ready: func(context.Context) error { return o.ready },
	}
	if o.noKey {
		deps.ServerKey = ""
	}
	if o.demo {
		deps.Demo = demo.New(verifier, nil)
	}
	if w.server, err = api.NewServer(deps); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{people.Run, comments.Run, w.presence.Run, w.edits.Run, w.plays.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	if o.demo {
		if err := demo.Seed(t.Context(), people, stories, comments); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// m is a JSON object.
type m = map[string]any

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   m
	text   string
}

func (w *world) token(name string) string {
	w.t.Helper()
	token, err := w.verifier.Mint(auth.Claims{UserID: auth.UserID(name), DisplayName: "The " + name, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// as sends a request of somebody; name "" sends no token, a nil body none, and
// headers are pairs.
func (w *world) as(name, method, path string, body any, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if text, ok := body.(string); ok {
		reader = bytes.NewBufferString(text)
	} else if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, reader)
	if name != "" {
		r.Header.Set("Authorization", "Bearer "+w.token(name))
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	a := answer{status: rec.Code, header: rec.Header(), text: rec.Body.String()}
	if err := json.Unmarshal(rec.Body.Bytes(), &a.body); err != nil && !errors.Is(err, io.EOF) {
		a.body = nil // no JSON
	}
	return a
}

// ok is as for what must answer with status.
func (w *world) ok(status int, name, method, path string, body any, headers ...string) m {
	w.t.Helper()
	a := w.as(name, method, path, body, headers...)
	if a.status != status {
		w.t.Fatalf("%s %s by %s = %d %s, want %d", method, path, name, a.status, a.text, status)
	}
	return a.body
}

// refused is as for what must be a problem with that status and code.
func (w *world) refused(status int, code, name, method, path string, body any, headers ...string) {
	w.t.Helper()
	a := w.as(name, method, path, body, headers...)
	if a.status != status || a.body["code"] != code || a.body["status"] != float64(status) || a.header.Get("Content-Type") != "application/problem+json" {
		w.t.Errorf("%s %s by %s = %d %s, want %d %s", method, path, name, a.status, a.text, status, code)
	}
	if detail, _ := a.body["detail"].(string); len(detail) < 5 {
		w.t.Errorf("%s %s by %s: detail %q says nothing", method, path, name, detail)
	}
}

// story returns the id of a new story of author.
func (w *world) story(visibility string) string {
	w.t.Helper()
	return w.ok(201, "author", "POST", "/v1/stories", m{"title": "The lighthouse", "visibility": visibility})["id"].(string)
}
