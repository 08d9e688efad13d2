package comment_test

import (
	"context"
	"fmt"
	"strings"
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
	_, w := newService()
	s := comment.NewService(comment.Deps{Store: w, Stories: w, People: w, Publisher: w, Notifier: w}, comment.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for step := range strings.SplitSeq(script, ", ") {
		switch {
		case step[0] == '+':
			d, err := time.ParseDuration(step[1:])
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(d) // the bubble's clock
		case step[0] == '!':
			s.Disconnected(step[1:])
		case strings.HasPrefix(step, "post "):
			if _, _, err := s.Post(ctx, auth.UserID(step[5:]), comment.Draft{StoryID: "open", Content: "x"}); err != nil {
				t.Fatal(err)
			}
		default:
			who, id, _ := strings.Cut(strings.TrimPrefix(step, "-"), " ")
			name, conn, _ := strings.Cut(who, "/")
			if err := s.SetTyping(ctx, auth.UserID(name), conn, story.ID(id), step[0] != '-'); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return strings.Join(w.typing, ", ")
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
