package engineio_test

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/engineio"
)

var update = flag.Bool("update", false, "rewrite the expectations of testdata/*.txt")

// TestTranscripts runs testdata/*.txt: commands, and below each, after "----",
// everything that happened until nothing moved any more. The clock is fake.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out string
			synctest.Test(t, func(t *testing.T) { out = runTranscript(t, string(in)) })
			if *update {
				if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			compareLines(t, out, string(in))
		})
	}
}

func compareLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var gl, wl string
		if i < len(g) {
			gl = g[i]
		}
		if i < len(w) {
			wl = w[i]
		}
		if gl != wl {
			t.Fatalf("line %d:\n got %s\nwant %s\n\nall of it:\n%s", i+1, gl, wl, got)
		}
	}
}

// A stage is one run of a transcript.
type stage struct {
	t        *testing.T
	listener *pipeListener
	server   *engineio.Server
	http     *http.Server
	client   *http.Client
	greeting string
	sockets  map[string]*wsClient
	aborts   map[string]context.CancelFunc

	mu       sync.Mutex // guards what follows
	events   []string
	sessions []*engineio.Session
}

func runTranscript(t *testing.T, in string) string {
	st := &stage{t: t, listener: newPipeListener(), sockets: map[string]*wsClient{}, aborts: map[string]context.CancelFunc{}}
	defer st.close()
	var out strings.Builder
	inOutput := false
	for line := range strings.Lines(in) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case inOutput && line != "": // what was expected is made anew
		case line == "" || strings.HasPrefix(line, "#"):
			inOutput = false
			out.WriteString(line + "\n")
		case line == "----":
			inOutput = true
		default:
			out.WriteString(line + "\n")
			st.run(strings.Fields(line), line)
			synctest.Wait()
			if events := st.take(); len(events) > 0 {
				out.WriteString("----\n" + strings.Join(events, "\n") + "\n")
			}
		}
	}
	return out.String()
}

// log records an event of an actor.
func (st *stage) log(actor, format string, args ...any) {
	st.mu.Lock()
	defer st.mu.Unlock()
	line := actor + ": " + fmt.Sprintf(format, args...)
	st.events = append(st.events, strings.TrimRight(line, " "))
}

// take returns the events since the last call: each actor's in order, the
// actors by name.
func (st *stage) take() []string {
	st.mu.Lock()
	defer st.mu.Unlock()
	events := st.events
	st.events = nil
	for i, s := range st.sessions {
		for j := range events {
			events[j] = strings.ReplaceAll(events[j], s.ID(), "s"+strconv.Itoa(i+1))
		}
	}
	sort.SliceStable(events, func(i, j int) bool {
		a, _, _ := strings.Cut(events[i], ":")
		b, _, _ := strings.Cut(events[j], ":")
		return a < b
	})
	return events
}

func (st *stage) close() {
	for _, c := range st.sockets {
		c.Close()
	}
	for _, abort := range st.aborts {
		abort()
	}
	if err := st.server.Close(context.Background()); err != nil {
		st.t.Error(err)
	}
	st.client.CloseIdleConnections()
	st.http.Close()
	st.listener.Close()
	synctest.Wait()
}

// start handles "server key=value ...".
func (st *stage) start(args []string) {
	opts := engineio.Options{Shards: 1, Logger: slog.New(slog.DiscardHandler)}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		d, _ := time.ParseDuration(value)
		n, _ := strconv.Atoi(value)
		switch key {
		case "pingInterval":
			opts.PingInterval = d
		case "pingTimeout":
			opts.PingTimeout = d
		case "upgradeTimeout":
			opts.UpgradeTimeout = d
		case "maxPayload":
			opts.MaxPayload = n
		case "greeting":
			st.greeting = value
		case "origins":
			opts.AllowedOrigins = strings.Split(value, ",")
		case "transports":
			opts.Transports = []engineio.Transport{engineio.Transport(value)}
		case "upgrades":
			opts.DisableUpgrades = value == "off"
		case "forbid":
			opts.AllowRequest = func(*http.Request) error { return fmt.Errorf("%s", value) }
		default:
			st.t.Fatalf("unknown option %q", arg)
		}
	}
	st.server = engineio.NewServer(engineio.HandlerFunc(st.serveSession), opts)
	st.http = &http.Server{Handler: st.server, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go st.http.Serve(st.listener)
	st.client = &http.Client{Transport: &http.Transport{DialContext: st.listener.DialContext}}
}

func (st *stage) serveSession(s *engineio.Session) engineio.Receiver {
	st.mu.Lock()
	st.sessions = append(st.sessions, s)
	name := "s" + strconv.Itoa(len(st.sessions))
	st.mu.Unlock()
	st.log(name, "opened over %s", s.Transport())
	if st.greeting != "" {
		s.Send(engineio.NewFrame([]byte(st.greeting), false))
	}
	return &stageReceiver{st, name, s}
}

// stageReceiver logs what it receives and echoes it.
type stageReceiver struct {
	st   *stage
	name string
	s    *engineio.Session
}

func (r *stageReceiver) Message(data []byte, binary bool) {
	if binary {
		r.st.log(r.name, "received %x", data)
	} else {
		r.st.log(r.name, "received %s", show(string(data)))
	}
	r.s.Send(engineio.NewFrame(data, binary))
}

func (r *stageReceiver) Closed(reason engineio.CloseReason, err error) {
	if err != nil {
		r.st.log(r.name, "closed: %s (%v)", reason, err)
	} else {
		r.st.log(r.name, "closed: %s", reason)
	}
}

// run runs one command.
func (st *stage) run(f []string, line string) {
	arg := func(i int) string { // the i-th argument and all that follows
		return strings.ReplaceAll(strings.SplitN(line, " ", i+1)[i], "␞", "\x1e")
	}
	switch f[0] {
	case "server":
		st.start(f[1:])
	case "ws": // NAME [QUERY [HEADER]]
		st.dial(f[1], f[2:], line)
	case "text": // NAME DATA
		st.write(f[1], op(1).data(arg(2)).bytes())
	case "long": // NAME CHARACTER COUNT
		n, _ := strconv.Atoi(f[3])
		st.write(f[1], op(1).data("4"+strings.Repeat(f[2], n-1)).bytes())
	case "frame": // NAME HEX
		raw, err := hex.DecodeString(f[2])
		if err != nil {
			st.t.Fatal(err)
		}
		st.write(f[1], raw)
	case "close": // NAME CODE
		code, _ := strconv.Atoi(f[2])
		st.write(f[1], closeWith(code, "").bytes())
	case "drop": // NAME
		st.sockets[f[1]].Close()
	case "abort": // NAME
		st.aborts[f[1]]()
	case "request": // NAME METHOD QUERY [BODY]
		body := ""
		if len(f) > 4 {
			body = arg(4)
		}
		st.request(f[1], f[2], f[3], body)
	case "send", "volatile", "kick", "discard": // SESSION [DATA]
		n, _ := strconv.Atoi(f[1][1:])
		st.act(st.sessions[n-1], f[0], line)
	case "wait": // DURATION
		d, err := time.ParseDuration(f[1])
		if err != nil {
			st.t.Fatal(err)
		}
		time.Sleep(d)
	case "stop":
		go st.server.Close(context.Background())
	default:
		st.t.Fatalf("unknown command %q", line)
	}
}

func (st *stage) write(name string, raw []byte) {
	if _, err := st.sockets[name].Write(raw); err != nil {
		st.log(name, "cannot send")
	}
}

func (st *stage) act(s *engineio.Session, verb, line string) {
	data := func() *engineio.Frame { return engineio.NewFrame([]byte(strings.SplitN(line, " ", 3)[2]), false) }
	switch verb {
	case "send":
		s.Send(data())
	case "volatile":
		s.SendVolatile(data())
	case "kick":
		s.Close(engineio.ForcedClose)
	case "discard":
		s.Discard(engineio.ForcedClose)
	}
}

// uri completes a query; "sid=s1" stands for the first session's id.
func (st *stage) uri(query string) string {
	for i, s := range st.sessions {
		if strings.HasSuffix(query, "sid=s"+strconv.Itoa(i+1)) {
			query = strings.TrimSuffix(query, "s"+strconv.Itoa(i+1)) + s.ID()
			break
		}
	}
	return "/engine.io/?" + query
}

func (st *stage) dial(name string, args []string, line string) {
	query, header := "EIO=4&transport=websocket", []string(nil)
	if len(args) > 0 {
		query = args[0]
	}
	if len(args) > 1 {
		header = []string{strings.SplitN(line, " ", 4)[3]}
	}
	conn, err := st.listener.DialContext(context.Background(), "", "")
	if err != nil {
		st.t.Fatal(err)
	}
	go func() {
		c, err := handshakeWS(conn, st.uri(query), header...)
		if err != nil {
			st.log(name, "handshake: %v", err)
			return
		}
		st.mu.Lock()
		st.sockets[name] = c
		st.mu.Unlock()
		st.log(name, "%d %s", c.status, c.body)
		for c.status == http.StatusSwitchingProtocols {
			opcode, payload, err := c.next()
			if err != nil {
				if err == io.EOF {
					st.log(name, "end")
				}
				return
			}
			st.log(name, "%s", render(opcode, payload))
		}
	}()
}

func (st *stage) request(name, method, query, body string) {
	ctx, cancel := context.WithCancel(context.Background())
	st.aborts[name] = cancel
	req, err := http.NewRequestWithContext(ctx, method, "http://example.test"+st.uri(query), strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	if method == http.MethodGet {
		req.Body = nil
	}
	go func() {
		resp, err := st.client.Do(req)
		if err != nil {
			st.log(name, "aborted")
			return
		}
		defer resp.Body.Close()
		content, _ := io.ReadAll(resp.Body)
		st.log(name, "%d %s", resp.StatusCode, show(string(content)))
	}()
}
