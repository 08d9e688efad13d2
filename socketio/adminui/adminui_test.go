package adminui_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/adminui"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// serve returns a server with a dashboard and its address.
func serve(t *testing.T, opts adminui.Options) (*socketio.Server, string) {
	t.Helper()
	opts.Logger = slog.New(slog.DiscardHandler)
	admin, err := adminui.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	io := socketio.NewServer(socketio.Options{
		Engine: engineio.Options{Observer: admin.Observer(nil)}, Logger: opts.Logger,
	})
	io.Of("/chat").On("say", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		return s.Emit("said", call.Raw(0))
	})
	io.Of("/chat").OnConnect(func(s *socketio.Socket) { s.SetData(map[string]string{"name": "ada"}) })
	admin.Instrument(io)
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		admin.Close()
		if err := io.Close(ctx); err != nil {
			t.Error(err)
		}
		web.Close()
	})
	return io, web.URL
}

// dashboard is an admin's client.
type dashboard struct {
	*siotest.Client
	t *testing.T
}

func dial(t *testing.T, url, auth string) dashboard {
	t.Helper()
	c := siotest.Dial(t, url)
	if c.ConnectAuth("/admin", auth) == "" {
		t.Fatal("not let in")
	}
	return dashboard{c, t}
}

// next returns the arguments of the next event of that name whose arguments, as
// JSON, contain all of parts.
func (d dashboard) next(event string, parts ...string) []json.RawMessage {
	d.t.Helper()
	for range 200 {
		text := d.Next().Text
		var args []json.RawMessage
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "2/admin,")), &args); err != nil {
			d.t.Fatalf("%s: %v", text, err)
		}
		if string(args[0]) == `"`+event+`"` && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) }) {
			return args[1:]
		}
	}
	d.t.Fatalf("no %s with %v", event, parts)
	return nil
}

type socket struct {
	ID, ClientID, Transport, NSP string
	Rooms                        []string
	Data                         map[string]string
	Handshake                    struct {
		Address string
		Headers map[string]string
		Query   map[string]string
		URL     string
	}
}

func TestDevelopment(t *testing.T) {
	io, url := serve(t, adminui.Options{Auth: adminui.NoAuth(), Mode: adminui.Development})
	first := siotest.DialHeader(t, url, "", map[string][]string{"Cookie": {"secret=1"}, "X-Seen": {"yes"}})
	id := first.Connect("/chat")

	d := dial(t, url, "")
	if config := d.next("config"); string(config[0]) != `{"supportedFeatures":["EMIT","JOIN","LEAVE","DISCONNECT","MJOIN","MLEAVE","MDISCONNECT","AGGREGATED_EVENTS","ALL_EVENTS"]}` {
		t.Errorf("config = %s", config)
	}
	d.next("server_stats", `"name":"/chat","socketsCount":1`, `"clientsCount":2`)
	var all []socket
	if err := json.Unmarshal(d.next("all_sockets")[0], &all); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s socket) bool { return s.ID == id })
	if i < 0 || len(all) != 2 {
		t.Fatalf("sockets: %+v", all)
	}
	s := all[i]
	if s.NSP != "/chat" || s.Transport != "websocket" || !slices.Equal(s.Rooms, []string{id}) || len(s.ClientID) != 12 || s.Data["name"] != "ada" ||
		s.Handshake.Address != "127.0.0.1" || s.Handshake.Query["EIO"] != "4" || s.Handshake.URL != "/socket.io/" {
		t.Errorf("socket: %+v", s)
	}
	if s.Handshake.Headers["x-seen"] != "yes" || s.Handshake.Headers["host"] == "" || s.Handshake.Headers["cookie"] != "" {
		t.Errorf("headers: %v", s.Handshake.Headers)
	}

	second := siotest.Dial(t, url)
	other := second.Connect("/chat")
	d.next("socket_connected", other, `"nsp":"/chat"`)
	second.Send(`2/chat,["say","hello"]`)
	d.next("event_received", `"/chat"`, other, `["say","hello"]`)
	d.next("event_sent", `"/chat"`, other, `["said","hello"]`)
	if err := io.Of("/chat").To("lobby").Emit("news", strings.Repeat("x", 20_000)); err != nil {
		t.Fatal(err)
	}
	d.next("event_sent", `"/chat","lobby",["news","(too large`)

	d.Send(`2/admin,["join","/chat","lobby",null]`)
	d.next("room_joined", `"/chat","lobby"`)
	d.next("room_joined", `"/chat","lobby"`)
	d.Send(`2/admin,["leave","/chat","lobby","` + id + `"]`)
	d.next("room_left", `"/chat","lobby"`, id)
	d.Send(`2/admin,["emit","/chat","lobby","hi",{"a":1}]`)
	second.Expect(`2/chat,["said","hello"]`, `2/chat,["hi",{"a":1}]`)
	d.Send(`2/admin,["_disconnect","/chat",false,"`+other+`"]`, `2/admin,["_disconnect","/nowhere",true]`, `2/admin,["emit",1]`)
	second.Expect("1/chat,")
	d.next("socket_disconnected", `"/chat"`, other, "server namespace disconnect")

	found, err := io.Of("/chat").Local().FetchSockets(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	found[0].Socket().SetData(map[string]string{"name": "grace"})
	d.next("socket_updated", id, `{"name":"grace"}`)
	first.Close()
	d.next("socket_disconnected", `"/chat"`, id, "transport close")
}

func TestProductionAndReadOnly(t *testing.T) {
	io, url := serve(t, adminui.Options{Auth: adminui.NoAuth(), ReadOnly: true, ServerID: "one"})
	d := dial(t, url, "")
	if config := d.next("config"); string(config[0]) != `{"supportedFeatures":["AGGREGATED_EVENTS"]}` {
		t.Errorf("config = %s", config)
	}
	d.next("server_stats", `"serverId":"one"`)
	c := siotest.Dial(t, url)
	c.Connect("/chat")
	d.Send(`2/admin,["_disconnect","/chat",true]`, `2/admin,["emit","/chat",null,"hi"]`)
	c.Send(`2/chat,["say",1]`)
	c.Expect(`2/chat,["said",1]`)
	stats := d.next("server_stats", `"type":"packetsIn"`, `"type":"bytesOut"`, `"type":"rawConnection"`)
	if strings.Contains(string(stats[0]), "all_sockets") {
		t.Error("production tells of sockets")
	}
	if n := len(io.Namespaces()); n != 2 {
		t.Errorf("%d namespaces, want 2: a command must not make one", n)
	}
}

func TestBasicAuth(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("the password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	_, url := serve(t, adminui.Options{Auth: adminui.Basic("admin", string(hash))})
	for _, auth := range []string{
		"", "{}", `{"username":"admin","password":"wrong"}`, `{"username":"root","password":"the password"}`,
		`{"sessionId":"made up"}`, `{"username":"admin","password":7}`, `{"username":"admin","password":"` + strings.Repeat("x", 100) + `"}`,
	} {
		c := siotest.Dial(t, url)
		c.Send("0/admin," + auth)
		c.Expect(`4/admin,{"message":"invalid credentials"}`)
	}
	d := dial(t, url, `{"username":"admin","password":"the password"}`)
	session := d.next("session")[0]
	again := dial(t, url, `{"sessionId":`+string(session)+`}`)
	again.next("config")
}

func TestOptions(t *testing.T) {
	for name, opts := range map[string]adminui.Options{
		"no choice of Auth": {},
		"a plain password":  {Auth: adminui.Basic("admin", "the password")},
		"an unknown mode":   {Auth: adminui.NoAuth(), Mode: 7},
	} {
		if _, err := adminui.New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	admin, err := adminui.New(adminui.Options{Auth: adminui.NoAuth()})
	if err != nil {
		t.Fatal(err)
	}
	admin.Close() // never used
}

// link is the adapter of a namespace of one of two servers in this process.
type link struct {
	socketio.Adapter
	ns   *socketio.Namespace
	peer func() *link
}

func (l *link) Broadcast(b *socketio.Broadcast) error {
	if p := l.peer(); p != nil {
		if err := p.Adapter.Broadcast(&socketio.Broadcast{Target: b.Target, Data: b.Data, Attachments: b.Attachments, Volatile: b.Volatile}); err != nil {
			return err
		}
	}
	return l.Adapter.Broadcast(b)
}

func (l *link) ServerSideEmit(ctx context.Context, e *socketio.ServerEvent, _ func(*socketio.Args)) error {
	if p := l.peer(); p != nil {
		_, _ = p.ns.ServeServerSide(ctx, e)
	}
	return nil
}

// A dashboard at one server sees the sockets and the figures of the other.
func TestTwoServers(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	var mu sync.Mutex // guards links
	links := [2]map[string]*link{{}, {}}
	var urls [2]string
	for i := range urls {
		admin, err := adminui.New(adminui.Options{Auth: adminui.NoAuth(), Mode: adminui.Development, ServerID: []string{"one", "two"}[i], Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		io := socketio.NewServer(socketio.Options{Logger: quiet, Adapter: func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
			l := &link{Adapter: local, ns: ns, peer: func() *link {
				mu.Lock()
				defer mu.Unlock()
				return links[1-i][ns.Name()]
			}}
			mu.Lock()
			defer mu.Unlock()
			links[i][ns.Name()] = l
			return l
		}})
		io.Of("/chat")
		admin.Instrument(io)
		web := httptest.NewServer(io)
		urls[i] = web.URL
		t.Cleanup(func() {
			admin.Close()
			if err := io.Close(context.Background()); err != nil {
				t.Error(err)
			}
			web.Close()
		})
	}
	there := siotest.Dial(t, urls[1])
	id := there.Connect("/chat")
	d := dial(t, urls[0], "")
	d.next("socket_connected", id, `"nsp":"/chat"`)
	d.next("server_stats", `"serverId":"two"`, `"name":"/chat","socketsCount":1`)
	there.Close()
	d.next("socket_disconnected", id)
}
