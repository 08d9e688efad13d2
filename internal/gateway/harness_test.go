package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/gateway"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/socketio"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options of a world; the zero value suits most tests.
type options struct {
	rates          func(*ratelimit.Rates)
	socketsPerUser int
	announceEvery  time.Duration
	grace          time.Duration
	typingTTL      time.Duration
	rooms          int
}

// world is a whole server but for REST, with short times and high rates.
type world struct {
	t             *testing.T
	addr          string
	connect       func(ctx context.Context, addr string) (*gatewaytest.Client, error)
	verifier      *auth.Verifier
	stories       *story.Service
	comments      *comment.Service
	notifications *notification.Service
	edits         *coedit.Service
	plays         *play.Service
	hub           *gateway.Hub
	log           *safeBuffer
}

// safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	fast := ratelimit.Rate{Count: 10_000, Per: time.Second, Burst: 10_000}
	rates := ratelimit.Rates{Conn: fast, ConnUser: fast, Ctrl: fast, Write: fast, Eph: fast, Read: fast, Server: fast, Doc: fast, DocBytes: ratelimit.Rate{Count: 1 << 20, Per: time.Second, Burst: 4 << 20}, Cursor: fast, Upload: fast, Move: fast, Code: fast}
	if o.rates != nil {
		o.rates(&rates)
	}
	if o.grace == 0 {
		o.grace = 200 * time.Millisecond
	}
	w := &world{t: t, connect: gatewaytest.Dial, log: &safeBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	verifier, err := auth.NewVerifier(auth.Config{Secret: []byte("a secret of the gateway's own tests")})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	limits := ratelimit.NewClasses(rates, nil)
	io := socketio.NewServer(socketio.Options{
		Engine: engineio.Options{AllowRequest: gateway.Admit(limits.Conn)},
		Limits: socketio.Limits{Rooms: o.rooms}, Logger: log,
	})
	people := user.NewDirectory(db, user.Options{})
	hub, err := gateway.NewHub(t.Context(), io.Of("/ws"), gateway.HubOptions{History: db, People: people, AnnounceEvery: o.announceEvery, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w.hub = hub
	w.verifier = verifier
	w.stories = story.NewService(db, people, story.Options{Announcer: hub})
	w.notifications = notification.NewService(db, people, hub, notification.Options{})
	w.comments = comment.NewService(comment.Deps{
		Store: db, Stories: w.stories, People: people, Publisher: hub, Notifier: w.notifications,
	}, comment.Options{TypingTTL: o.typingTTL})
	w.edits = coedit.NewService(coedit.Deps{
		Log: db, Writers: db, Versions: db, Notes: db, Invitations: db, Stories: w.stories, Members: w.stories, People: people,
		Notifications: w.notifications, Publisher: hub, Releases: w.stories,
		Seed: func(context.Context, story.ID) (coedit.Content, error) {
			return coedit.FirstContent("Title", "Once", time.Now()), nil
		},
	}, coedit.Options{Logger: log})
	w.plays = play.NewService(play.Deps{Store: db, Stories: w.stories, People: people, Publisher: hub, Notifier: w.notifications}, play.Options{Logger: log})
	tracker := presence.NewTracker(db, hub, presence.Options{Grace: o.grace, DiffEvery: 20 * time.Millisecond})
	gw := gateway.New(hub, gateway.Deps{
		Verifier: verifier, People: people, Stories: w.stories, Comments: w.comments,
		Notifications: w.notifications, Presence: tracker, Sessions: db, Edits: w.edits, Plays: w.plays, Limits: limits,
	}, gateway.Options{SocketsPerUser: o.socketsPerUser, Logger: log})

	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{people.Run, w.comments.Run, tracker.Run, w.edits.Run, w.plays.Run, hub.Run, gw.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	server := httptest.NewServer(io)
	w.addr = server.Listener.Addr().String()
	t.Cleanup(func() {
		if err := io.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		for _, bad := range []string{"panic", "level=ERROR"} {
			if strings.Contains(w.log.String(), bad) {
				t.Errorf("the log has %q:\n%s", bad, w.log)
			}
		}
	})
	return w
}

// onBoth runs a test over each transport of the server.
func onBoth(t *testing.T, o options, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, connect := range map[string]func(context.Context, string) (*gatewaytest.Client, error){
		"websocket": gatewaytest.Dial,
		"polling":   gatewaytest.Poll,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, o)
			w.connect = connect
			test(t, w)
		})
	}
}

// token returns a token of somebody, valid for ttl.
func (w *world) token(name string, ttl time.Duration) string {
	w.t.Helper()
	token, err := w.verifier.Mint(auth.Claims{UserID: auth.UserID(name), DisplayName: "The " + name, ExpiresAt: time.Now().Add(ttl)})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// story returns the id of a new story of author.
func (w *world) story(author string, v story.Visibility) string {
	w.t.Helper()
	s, _, err := w.stories.Create(w.t.Context(), auth.UserID(author), story.Draft{Title: "The lighthouse", Visibility: v})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(s.ID)
}

// notify puts a notification into somebody's inbox.
func (w *world) notify(name, title string) {
	w.t.Helper()
	if _, _, err := w.notifications.Create(w.t.Context(), notification.Draft{UserIDs: []auth.UserID{auth.UserID(name)}, Title: title}); err != nil {
		w.t.Fatal(err)
	}
}

// tab is a connection of somebody.
type tab struct {
	*gatewaytest.Client
	t    *testing.T
	user string
}

// open connects somebody and waits for session:ready.
func (w *world) open(name string) *tab {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	c, err := w.connect(ctx, w.addr)
	if err == nil {
		err = c.SignIn(ctx, w.token(name, time.Hour))
	}
	if err != nil {
		w.t.Fatalf("%s connects: %v", name, err)
	}
	w.t.Cleanup(c.Close)
	return &tab{c, w.t, name}
}

// in connects somebody who joins a story.
func (w *world) in(name, storyID string) *tab {
	w.t.Helper()
	p := w.open(name)
	p.ok("story:join", m{"storyId": storyID})
	return p
}

// m is a payload.
type m = map[string]any

// call sends an event and waits for the answer.
func (p *tab) call(event string, payload any) gatewaytest.Ack {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	a, err := p.Call(ctx, event, payload)
	if err != nil {
		p.t.Fatalf("%s: %s %v: %v", p.user, event, payload, err)
	}
	return a
}

// ok is call for what must succeed; it returns the data.
func (p *tab) ok(event string, payload any) m {
	p.t.Helper()
	a := p.call(event, payload)
	if !a.OK {
		p.t.Fatalf("%s: %s %v was refused: %+v", p.user, event, payload, a.Error)
	}
	return decode(p.t, a.Data)
}

// say sends an event without asking for an answer.
func (p *tab) say(event string, payload any) {
	p.t.Helper()
	if err := p.Emit(event, payload); err != nil {
		p.t.Fatal(err)
	}
}

// hear waits for the next event of that name.
func (p *tab) hear(event string) m {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	data, err := p.Next(ctx, event)
	if err != nil {
		p.t.Fatalf("%s: %v; heard %v", p.user, err, p.names())
	}
	return decode(p.t, data)
}

// hearWhere waits for an event of that name for which match is true.
func (p *tab) hearWhere(event string, match func(m) bool) m {
	p.t.Helper()
	for {
		if data := p.hear(event); match(data) {
			return data
		}
	}
}

// heard returns the payloads of all events of that name until now, after
// everything that was sent to the socket before has arrived.
func (p *tab) heard(event string) []m {
	p.t.Helper()
	p.ok("notification:list", m{"limit": 1})
	var all []m
	for _, e := range p.Events(event) {
		all = append(all, decode(p.t, e.Data))
	}
	return all
}

func (p *tab) names() []string {
	var names []string
	for _, e := range p.Events() {
		names = append(names, e.Name)
	}
	return names
}

func decode(t *testing.T, data json.RawMessage) m {
	t.Helper()
	var v m
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
	return v
}

// about is a match of events that concern a user.
func about(name string) func(m) bool {
	return func(data m) bool { return data["userId"] == name }
}

// eventually waits until check is true; it is for what no event tells.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
