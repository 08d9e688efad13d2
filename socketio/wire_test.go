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
	"github.com/storywire/storywire/socketio/internal/siotest"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts plays testdata/*.txt: "> " sends a message, ">+ " one more in
// the same segment, "< " is what the server answers, "closed" that it closes the
// connection, "# " a remark. "binary 0a" is a binary message, SID any socket id.
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
			f := serve(t, transcriptOptions)
			transcriptHandlers(f.io)
			got := play(t, f.dial(), string(raw))
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

var sidPattern = regexp.MustCompile(`[A-Za-z0-9_-]{20}`)

// play sends a transcript's lines and returns it with what came back.
func play(t *testing.T, c *siotest.Client, script string) string {
	var out strings.Builder
	var segment []any
	sc := bufio.NewScanner(strings.NewReader(script))
	for sc.Scan() {
		line := sc.Text()
		if text, ok := strings.CutPrefix(line, ">+ "); ok {
			segment = append(segment, parseMessage(t, text))
			fmt.Fprintln(&out, line)
			continue
		}
		c.Send(segment...)
		segment = nil
		switch text, ok := strings.CutPrefix(line, "> "); {
		case ok:
			segment = append(segment, parseMessage(t, text))
			fmt.Fprintln(&out, line)
		case strings.HasPrefix(line, "<"), line == "closed":
			if m, err := c.Receive(); err != nil {
				fmt.Fprintln(&out, "closed")
			} else {
				fmt.Fprintln(&out, "<", sidPattern.ReplaceAllString(m.String(), "SID"))
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

// transcriptHandlers is the server that transcripts talk to.
func transcriptHandlers(io *socketio.Server) {
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
}
