package socketio_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts plays testdata/*.txt: "> " sends a message, ">+ " one more in
// the same segment, "< " is what the server answers, "closed" that it closes the
// connection, "# " a remark. "binary 0a" is a binary message, SID any socket id.
// In recovery, "lost" ends the connection, "emit R V" tells a room meanwhile,
// "back" opens another; PID and OFFSET are those that the client was told last.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts := transcriptOptions
			if strings.HasSuffix(file, "recovery.txt") {
				opts.Recovery = &socketio.Recovery{}
			}
			f := serve(t, opts)
			p := &player{t: t, f: f, lost: transcriptHandlers(f.io)}
			got := p.play(string(raw))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(raw) {
				t.Errorf("transcript differs; got:\n%s", got)
			}
		})
	}
}

var (
	pidPattern    = regexp.MustCompile(`"pid":"([A-Za-z0-9_-]{20})"`)
	offsetPattern = regexp.MustCompile(`"([A-Za-z0-9_-]+\.[a-z0-9]+)"\]$`)
	sidPattern    = regexp.MustCompile(`[A-Za-z0-9_-]{20}`)
)

// player plays one transcript.
type player struct {
	t           *testing.T
	f           *fixture
	lost        <-chan struct{} // a socket was disconnected
	pid, offset string          // as the client was told last
}

// told notes what a client that comes back must know, and masks it.
func (p *player) told(text string) string {
	if m := pidPattern.FindStringSubmatch(text); m != nil {
		p.pid = m[1]
		text = strings.Replace(text, m[1], "PID", 1)
	}
	if m := offsetPattern.FindStringSubmatch(text); m != nil {
		p.offset = m[1]
		text = strings.Replace(text, m[1], "OFFSET", 1)
	}
	return sidPattern.ReplaceAllString(text, "SID")
}

// message reads what a line sends.
func (p *player) message(text string) any {
	return parseMessage(p.t, strings.NewReplacer("PID", p.pid, "OFFSET", p.offset).Replace(text))
}

// play sends a transcript's lines and returns it with what came back.
func (p *player) play(script string) string {
	c := p.f.dial()
	var out strings.Builder
	var segment []any
	sc := bufio.NewScanner(strings.NewReader(script))
	for sc.Scan() {
		line := sc.Text()
		if text, ok := strings.CutPrefix(line, ">+ "); ok {
			segment = append(segment, p.message(text))
			fmt.Fprintln(&out, line)
			continue
		}
		c.Send(segment...)
		segment = nil
		switch text, ok := strings.CutPrefix(line, "> "); {
		case ok:
			segment = append(segment, p.message(text))
			fmt.Fprintln(&out, line)
		case line == "lost":
			c.Close()
			receive(p.t, p.lost)
			fmt.Fprintln(&out, line)
		case line == "back":
			c = p.f.dial()
			fmt.Fprintln(&out, line)
		case strings.HasPrefix(line, "emit "):
			var room, value string
			fmt.Sscanf(line, "emit %s %s", &room, &value)
			if err := p.f.io.Of("/").To(room).Emit("news", value); err != nil {
				p.t.Fatal(err)
			}
			fmt.Fprintln(&out, line)
		case strings.HasPrefix(line, "<"), line == "closed":
			if m, err := c.Receive(); err != nil {
				fmt.Fprintln(&out, "closed")
			} else {
				fmt.Fprintln(&out, "<", p.told(m.String()))
			}
		default:
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

func parseMessage(t *testing.T, text string) any {
	t.Helper()
	digits, ok := strings.CutPrefix(text, "binary")
	if !ok {
		return text
	}
	b, err := hex.DecodeString(strings.TrimSpace(digits))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var transcriptOptions = socketio.Options{Logger: quiet}

type mixed struct {
	Name string `json:"name"`
	Blob []byte `json:"blob"`
	Any  any    `json:"any"`
}

// transcriptHandlers is the server that transcripts talk to. It tells of sockets of
// "/" that were disconnected.
func transcriptHandlers(io *socketio.Server) (lost <-chan struct{}) {
	gone := make(chan struct{}, 100)
	io.Of("/").OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { gone <- struct{}{} })
	socketio.Handle(io.Of("/"), "join", func(_ context.Context, s *socketio.Socket, room string) (bool, error) {
		return s.Recovered(), s.Join(room)
	})
	for _, name := range []string{"/", "/ws"} {
		ns := io.Of(name)
		ns.On("echo", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
			values := make([]any, call.Len())
			for i := range values {
				if err := call.Decode(i, &values[i]); err != nil {
					return err
				}
			}
			if call.HasAck() {
				return call.Ack(values...)
			}
			return s.Emit("echoed", values...)
		})
		socketio.Handle(ns, "mixed", func(_ context.Context, _ *socketio.Socket, in mixed) (mixed, error) { return in, nil })
		socketio.Handle(ns, "none", func(context.Context, *socketio.Socket, struct{}) (struct{}, error) { return struct{}{}, nil })
		socketio.Handle(ns, "coded", func(context.Context, *socketio.Socket, struct{}) (int, error) {
			return 0, &socketio.Error{Code: "forbidden", Message: "not yours"}
		})
		socketio.Handle(ns, "leave", func(_ context.Context, s *socketio.Socket, close bool) (string, error) {
			s.Disconnect(close)
			return "too late", s.Emit("too late")
		})
		socketio.Handle(ns, "ask", func(ctx context.Context, s *socketio.Socket, question any) (any, error) {
			args, err := s.EmitWithAck(ctx, "question", question)
			if err != nil {
				return nil, err
			}
			var answer any
			err = args.Decode(0, &answer)
			return answer, err
		})
		ns.On("twice", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
			return errors.Join(call.Ack(1), call.Ack(2))
		})
	}
	guarded := io.Of("guarded")
	guarded.Use(func(_ context.Context, s *socketio.Socket) error {
		var auth struct{ Token string }
		if err := s.Handshake().DecodeAuth(&auth); err != nil {
			return err
		}
		switch auth.Token {
		case "good":
			return s.Join("members")
		case "":
			return &socketio.ConnectError{Message: "no token", Data: map[string]string{"code": "unauthorized"}}
		case "broken":
			panic("broken")
		}
		return errors.New("secret: the database is on fire")
	})
	guarded.OnConnect(func(s *socketio.Socket) { _ = guarded.To("members").Emit("welcome", s.Rooms()) })
	return gone
}
