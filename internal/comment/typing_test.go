package comment_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

// TestTyping runs scripts: "bob/1 open" types, "-bob/1 open" stops, "!1"
// disconnects, "+5s" lets time pass, "post bob" comments in open.
func TestTyping(t *testing.T) {
	for _, test := range []struct {
		name   string
		script string
		want   string
	}{
		{"once each way", "bob/1 open, bob/1 open, -bob/1 open, -bob/1 open", "open bob true, open bob false"},
		{"counted over tabs", "bob/1 open, bob/2 open, -bob/1 open, +1s, -bob/2 open", "open bob true, open bob false"},
		{"two people", "bob/1 open, eve/2 open, -bob/1 open", "open bob true, open eve true, open bob false"},
		{"two stories", "ada/1 open, ada/1 club, -ada/1 open", "open ada true, club ada true, open ada false"},
		{"disconnect ends all of it", "ada/1 open, ada/1 club, !1", "open ada true, club ada true, open ada false, club ada false"},
		{"disconnect of one tab", "bob/1 open, bob/2 open, !1", "open bob true"},
		{"silent until 8 s", "bob/1 open, +7999ms", "open bob true"},
		{"expires after 8 s", "bob/1 open, +8001ms", "open bob true, open bob false"},
		{"refresh prolongs", "bob/1 open, +5s, bob/1 open, +5s", "open bob true"},
		{"refresh prolongs by 8 s", "bob/1 open, +5s, bob/1 open, +8200ms", "open bob true, open bob false"},
		{"one tab expires, one types on", "bob/1 open, bob/2 open, +5s, bob/2 open, +5s", "open bob true"},
		{"a comment ends it", "bob/1 open, bob/2 open, post bob", "open bob true, open bob false"},
		{"a comment of others does not", "bob/1 open, post eve", "open bob true"},
		{"typing again after it expired", "bob/1 open, +9s, bob/1 open", "open bob true, open bob false, open bob true"},
		{"others end nothing", "bob/1 open, -eve/1 open, !2", "open bob true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := runTyping(t, test.script)
				if got != test.want {
					t.Errorf("%s\n got %s\nwant %s", test.script, got, test.want)
				}
			})
		})
	}
}

func runTyping(t *testing.T, script string) string {
	t.Helper()
	s := startTyping(t, nil)
	for step := range strings.SplitSeq(script, ", ") {
		s.play(step)
	}
	return s.stop()
}

// typingNode is a service that runs.
type typingNode struct {
	*comment.Service
	t      *testing.T
	world  *world
	cancel context.CancelFunc
	done   chan error
}

func startTyping(t *testing.T, bus comment.Bus) *typingNode {
	t.Helper()
	_, w := newService()
	ctx, cancel := context.WithCancel(t.Context())
	n := &typingNode{t: t, world: w, cancel: cancel, done: make(chan error, 1)}
	n.Service = comment.NewService(comment.Deps{Store: w, Stories: w, People: w, Publisher: w, Notifier: w}, comment.Options{Bus: bus})
	go func() { n.done <- n.Run(ctx) }()
	synctest.Wait()
	return n
}

// stop returns what was announced.
func (n *typingNode) stop() string {
	n.t.Helper()
	n.cancel()
	if err := <-n.done; err != nil {
		n.t.Error(err)
	}
	return strings.Join(n.world.typing, ", ")
}

func (n *typingNode) play(step string) {
	n.t.Helper()
	switch {
	case step[0] == '+':
		d, err := time.ParseDuration(step[1:])
		if err != nil {
			n.t.Fatal(err)
		}
		time.Sleep(d) // the bubble's clock
	case step[0] == '!':
		n.Disconnected(step[1:])
	case strings.HasPrefix(step, "post "):
		if _, _, err := n.Post(n.t.Context(), auth.UserID(step[5:]), comment.Draft{StoryID: "open", Content: "x"}); err != nil {
			n.t.Fatal(err)
		}
	default:
		who, id, _ := strings.Cut(strings.TrimPrefix(step, "-"), " ")
		name, conn, _ := strings.Cut(who, "/")
		if err := n.SetTyping(n.t.Context(), auth.UserID(name), conn, story.ID(id), step[0] != '-'); err != nil {
			n.t.Fatal(err)
		}
	}
	synctest.Wait()
}

// party is a bus of several nodes; dead ones say and hear nothing.
type party struct {
	mu    sync.Mutex // guards ends
	ends  map[*partyEnd]func([]byte)
	count int
}

type partyEnd struct{ *party }

func (p *party) end() *partyEnd { return &partyEnd{p} }

func (e *partyEnd) Publish(_ string, data []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for other, receive := range e.ends {
		if other != e && e.ends[e] != nil {
			e.count++
			receive(data)
		}
	}
}

func (e *partyEnd) Subscribe(_ string, receive func([]byte)) func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ends[e] = receive
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.ends, e)
	}
}

// TestTypingOverNodes runs scripts as TestTyping, with the node before each
// step; "A kill" ends a node without a word. The other one announces the same.
func TestTypingOverNodes(t *testing.T) {
	for _, test := range []struct {
		name   string
		script string
		want   string
	}{
		{"told by the other", "A bob/1 open, A -bob/1 open", "open bob true, open bob false"},
		{"counted over nodes", "A bob/1 open, B bob/2 open, A -bob/1 open, +1s, B -bob/2 open", "open bob true, open bob false"},
		{"a comment ends it everywhere", "A bob/1 open, B bob/2 open, B post bob", "open bob true, open bob false"},
		{"a comment at the node where nobody types", "A bob/1 open, B post bob", "open bob true, open bob false"},
		{"a lost connection", "A bob/1 open, A bob/1 club, A !1", "open bob true, club bob true, open bob false, club bob false"},
		{"who refreshes types on", "A bob/1 open, +5s, A bob/1 open, +5s, A bob/1 open, +5s", "open bob true"},
		{"expires everywhere", "A bob/1 open, +8200ms", "open bob true, open bob false"},
		{"a node's death does not leave a typist", "A bob/1 open, A kill, +8200ms", "open bob true, open bob false"},
		{"again, at the other node", "A bob/1 open, A -bob/1 open, B bob/2 open", "open bob true, open bob false, open bob true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := &party{ends: make(map[*partyEnd]func([]byte))}
				nodes := map[string]*typingNode{"A": startTyping(t, bus.end()), "B": startTyping(t, bus.end())}
				for step := range strings.SplitSeq(test.script, ", ") {
					switch node, rest, _ := strings.Cut(step, " "); {
					case rest == "kill":
						nodes[node].stop()
						delete(nodes, node)
					case rest == "":
						nodes["B"].play(step)
					default:
						nodes[node].play(rest)
					}
				}
				for name, n := range nodes {
					if got := n.stop(); got != test.want {
						t.Errorf("%s at %s\n got %s\nwant %s", test.script, name, got, test.want)
					}
				}
			})
		})
	}
}

// A keystroke is not a message to every node: they are told three times in the
// time after which typing expires.
func TestTypingTellsOtherNodesSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &party{ends: make(map[*partyEnd]func([]byte))}
		a, b := startTyping(t, bus.end()), startTyping(t, bus.end())
		for range 160 { // sixteen seconds
			a.play("bob/1 open")
			a.play("+100ms")
		}
		if bus.count < 4 || bus.count > 7 {
			t.Errorf("%d messages in 16 s, want about 6", bus.count)
		}
		if got, want := a.stop()+" "+b.stop(), "open bob true open bob true"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestTypistsAreListedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newService()
		s := comment.NewService(comment.Deps{Store: w, Stories: w, People: w, Publisher: w, Notifier: w}, comment.Options{})
		for _, id := range []auth.UserID{"eve", "bob", "ada"} {
			if err := s.SetTyping(t.Context(), id, "of "+string(id), "open", true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		s.StopTyping("of bob", "bob", "open")
		var got []auth.UserID
		for _, p := range s.Typists("open") {
			got = append(got, p.ID)
		}
		if fmt.Sprint(got) != "[eve ada]" || len(s.Typists("club")) != 0 {
			t.Errorf("Typists = %v, want [eve ada]", got)
		}
	})
}

func TestTypingNeedsTheRightToComment(t *testing.T) {
	s, _ := newService()
	for _, test := range []struct {
		by   auth.UserID
		in   story.ID
		want errs.Code
	}{
		{"eve", "open", ""},
		{"vic", "club", errs.Forbidden},
		{"eve", "none", errs.NotFound},
		{"eve", "", errs.Validation},
	} {
		if err := s.SetTyping(t.Context(), test.by, "1", test.in, true); errs.CodeOf(err) != test.want {
			t.Errorf("SetTyping(%s, %s) = %v, want %q", test.by, test.in, err, test.want)
		}
	}
}
