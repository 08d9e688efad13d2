package notification_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a store that keeps nothing but the newest, the people, and what is pushed.
type world struct {
	inserted []notification.Notification
	list     []notification.Notification
	pushed   []string
	err      error
}

func (w *world) InsertNotifications(_ context.Context, ns []notification.Notification, key string, _ time.Time, committed func([]notification.Stored)) (stored []notification.Stored, duplicate bool, err error) {
	if w.err != nil {
		return nil, false, w.err
	}
	w.inserted = ns
	for i, n := range ns {
		stored = append(stored, notification.Stored{Notification: n, Counts: notification.Counts{Unread: int64(i + 1), Rev: 7}})
	}
	if key == "used" {
		return stored, true, nil
	}
	committed(stored)
	return stored, false, nil
}

func (w *world) Notifications(_ context.Context, _ auth.UserID, unread bool, below notification.Position, limit int) ([]notification.Notification, notification.Counts, error) {
	var list []notification.Notification
	for _, n := range w.list {
		if (below.ID == "" || n.ID < below.ID) && (!unread || n.ReadAt.IsZero()) && len(list) < limit {
			list = append(list, n)
		}
	}
	return list, notification.Counts{Unread: 3, Rev: 9}, w.err
}

func (w *world) MarkRead(_ context.Context, _ auth.UserID, m notification.Mark, at time.Time, committed func(notification.Marked)) (notification.Marked, error) {
	marked := notification.Marked{IDs: m.IDs, All: m.All, ReadAt: at}
	committed(marked)
	return marked, w.err
}

func (w *world) NotificationCounts(context.Context, auth.UserID) (notification.Counts, error) {
	return notification.Counts{Unread: 3, Rev: 9}, w.err
}

func (w *world) Profile(_ context.Context, id auth.UserID) user.Profile {
	return user.Profile{ID: id, DisplayName: strings.ToUpper(string(id))}
}

func (w *world) Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile {
	m := make(map[auth.UserID]user.Profile)
	for _, id := range ids {
		m[id] = w.Profile(ctx, id)
	}
	return m
}

func (w *world) NotificationCreated(_ context.Context, n notification.Stored) {
	w.pushed = append(w.pushed, fmt.Sprintf("%s to %s by %q (%d)", n.Notification.ID, n.Notification.UserID, n.Notification.Actor.DisplayName, n.Counts.Unread))
}

func (w *world) NotificationsRead(_ context.Context, id auth.UserID, m notification.Marked, origin string) {
	w.pushed = append(w.pushed, fmt.Sprintf("%s read %v %t over %s", id, m.IDs, m.All, origin))
}

func newService() (*notification.Service, *world) {
	w := new(world)
	n := 0
	return notification.NewService(w, w, w, notification.Options{
		Now:   func() time.Time { return noon },
		NewID: func() string { n++; return fmt.Sprint("n", n) },
	}), w
}

func TestCreateChecksTheDraft(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, test := range []struct {
		name string
		in   notification.Draft
		want errs.Code
	}{
		{"plain", notification.Draft{Title: "T"}, ""},
		{"longest", notification.Draft{Title: long(200), Body: long(2000), Type: "shop.order"}, ""},
		{"no title", notification.Draft{Title: " "}, errs.Validation},
		{"long title", notification.Draft{Title: long(201)}, errs.Validation},
		{"long body", notification.Draft{Title: "T", Body: long(2001)}, errs.Validation},
		{"long type", notification.Draft{Title: "T", Type: notification.Type(long(33))}, errs.Validation},
		{"NUL", notification.Draft{Title: "T\x00"}, errs.Validation},
		{"invalid UTF-8", notification.Draft{Title: "T", Body: "\xff"}, errs.Validation},
		{"nobody", notification.Draft{Title: "T", UserIDs: []auth.UserID{}}, errs.Validation},
		{"empty user", notification.Draft{Title: "T", UserIDs: []auth.UserID{"bob", ""}}, errs.Validation},
		{"too many users", notification.Draft{Title: "T", UserIDs: make([]auth.UserID, 1001)}, errs.Validation},
		{"data", notification.Draft{Title: "T", Data: []byte(`{"a":[1]}`)}, ""},
		{"longest data", notification.Draft{Title: "T", Data: []byte(`"` + strings.Repeat("a", 8190) + `"`)}, ""},
		{"long data", notification.Draft{Title: "T", Data: []byte(`"` + strings.Repeat("a", 8191) + `"`)}, errs.Validation},
		{"odd data", notification.Draft{Title: "T", Data: []byte(`{`)}, errs.Validation},
		{"long key", notification.Draft{Title: "T", Key: strings.Repeat("k", 65)}, errs.Validation},
		{"path", notification.Draft{Title: "T", Link: "/story/1?a#b"}, ""},
		{"root", notification.Draft{Title: "T", Link: "/"}, ""},
		{"https", notification.Draft{Title: "T", Link: "https://example.com/"}, ""},
		{"script", notification.Draft{Title: "T", Link: "javascript:alert(1)"}, errs.Validation},
		{"script in disguise", notification.Draft{Title: "T", Link: "java\nscript:alert(1)"}, errs.Validation},
		{"other host", notification.Draft{Title: "T", Link: "//evil.example"}, errs.Validation},
		{"other host in disguise", notification.Draft{Title: "T", Link: `/\evil.example`}, errs.Validation},
		{"other host behind a tab", notification.Draft{Title: "T", Link: "/\t/evil.example"}, errs.Validation},
		{"word", notification.Draft{Title: "T", Link: "story"}, errs.Validation},
	} {
		s, w := newService()
		if test.in.UserIDs == nil {
			test.in.UserIDs = []auth.UserID{"bob"}
		}
		ns, _, err := s.Create(t.Context(), test.in)
		if errs.CodeOf(err) != test.want {
			t.Errorf("%s: Create = %v, want %q", test.name, err, test.want)
		}
		if stored := err == nil; stored != (len(ns) == 1) || stored != (len(w.pushed) == 1) {
			t.Errorf("%s: %d stored, pushed %v", test.name, len(ns), w.pushed)
		}
	}
}

func TestCreatePushesOneForEachPerson(t *testing.T) {
	s, w := newService()
	in := notification.Draft{UserIDs: []auth.UserID{"bob", "ada", "eve", "bob"}, Title: " T ", Actor: "ada", Data: []byte(" null ")}
	ns, duplicate, err := s.Create(t.Context(), in)
	if err != nil || duplicate || len(ns) != 2 {
		t.Fatalf("Create = %+v, %t, %v", ns, duplicate, err)
	}
	if n := ns[0]; n.Title != "T" || n.Type != notification.System || n.Data != nil || !n.CreatedAt.Equal(noon) || n.Actor.DisplayName != "ADA" {
		t.Errorf("notification %+v", n)
	}
	if got, want := fmt.Sprint(w.pushed), `[n1 to bob by "ADA" (1) n2 to eve by "ADA" (2)]`; got != want {
		t.Errorf("pushed %s, want %s", got, want)
	}
	in.Key = "used"
	if _, duplicate, err = s.Create(t.Context(), in); err != nil || !duplicate || len(w.pushed) != 2 {
		t.Errorf("with a used key: %t, %v, pushed %v", duplicate, err, w.pushed)
	}
	ns, _, err = s.Create(t.Context(), notification.Draft{UserIDs: []auth.UserID{"ada"}, Title: "T", Actor: "ada"})
	if err != nil || len(ns) != 0 || len(w.pushed) != 2 {
		t.Errorf("to the actor alone: %v, %v", ns, err)
	}
}

func TestListPages(t *testing.T) {
	s, w := newService()
	for i := range 5 {
		w.list = append(w.list, notification.Notification{ID: notification.ID(fmt.Sprint("n", 5-i)), CreatedAt: noon, Actor: user.Profile{ID: "eve"}})
	}
	w.list[1].ReadAt = noon
	for _, test := range []struct {
		unread bool
		want   string
	}{{false, "[n5 n4 n3 n2 n1]"}, {true, "[n5 n3 n2 n1]"}} {
		var got []notification.ID
		cursor := ""
		for range 10 {
			page, err := s.List(t.Context(), "ada", notification.Query{Cursor: cursor, Limit: 2, Unread: test.unread})
			if err != nil || page.Counts.Unread != 3 {
				t.Fatalf("List = %+v, %v", page, err)
			}
			for _, n := range page.Items {
				got = append(got, n.ID)
				if n.Actor.DisplayName != "EVE" {
					t.Errorf("actor %+v", n.Actor)
				}
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("unread %t: %v, want %s", test.unread, got, test.want)
		}
	}
	for _, q := range []notification.Query{{Limit: 101}, {Limit: -1}, {Cursor: "x"}, {Cursor: "n"}, {Cursor: "n0.x"}, {Cursor: "s1.a"}} {
		if _, err := s.List(t.Context(), "ada", q); errs.CodeOf(err) != errs.Validation {
			t.Errorf("List(%+v) = %v, want VALIDATION", q, err)
		}
	}
}

func TestMarkReadTellsTheOtherConnections(t *testing.T) {
	s, w := newService()
	for _, test := range []struct {
		in   notification.Mark
		want errs.Code
	}{
		{notification.Mark{IDs: []notification.ID{"n1"}, Origin: "tab"}, ""},
		{notification.Mark{All: true}, ""},
		{notification.Mark{}, errs.Validation},
		{notification.Mark{All: true, IDs: []notification.ID{"n1"}}, errs.Validation},
		{notification.Mark{IDs: make([]notification.ID, 501)}, errs.Validation},
	} {
		if _, err := s.MarkRead(t.Context(), "ada", test.in); errs.CodeOf(err) != test.want {
			t.Errorf("MarkRead(%+v) = %v, want %q", test.in, err, test.want)
		}
	}
	if got, want := fmt.Sprint(w.pushed), "[ada read [n1] false over tab ada read [] true over ]"; got != want {
		t.Errorf("pushed %s, want %s", got, want)
	}
	if counts, err := s.Counts(t.Context(), "ada"); err != nil || counts.Rev != 9 {
		t.Errorf("Counts = %+v, %v", counts, err)
	}
}
