package comment_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// world is everything around the service: a store that keeps comments in a
// slice, the stories, the people, and what they are told.
type world struct {
	stories   map[story.ID]*story.Access
	comments  []comment.Comment
	published []string
	typing    []string
	delivered []notification.Notification
	err       error // of the store
}

func (w *world) InsertComment(_ context.Context, c comment.Comment, _ time.Time, ns []notification.Notification, committed func(comment.Receipt)) (comment.Receipt, error) {
	if w.err != nil {
		return comment.Receipt{}, w.err
	}
	for _, old := range w.comments {
		if c.CID != "" && old.CID == c.CID && old.User.ID == c.User.ID {
			old.User = user.Profile{ID: old.User.ID}
			return comment.Receipt{Comment: old, Duplicate: true}, nil
		}
	}
	c.Seq, c.Epoch = int64(len(w.comments)+1), "e"
	w.comments = append(w.comments, c)
	r := comment.Receipt{Comment: c}
	for _, n := range ns {
		r.Notifications = append(r.Notifications, notification.Stored{Notification: n})
	}
	committed(r)
	return r, nil
}

func (w *world) Comment(_ context.Context, id comment.ID) (comment.Comment, error) {
	for _, c := range w.comments {
		if c.ID == id {
			return c, nil
		}
	}
	return comment.Comment{}, errs.E("", errs.NotFound, "no comment")
}

func (w *world) Comments(_ context.Context, id story.ID, below int64, limit int) (list []comment.Comment, pos comment.Seq, err error) {
	for i := len(w.comments) - 1; i >= 0; i-- {
		c := w.comments[i]
		if c.StoryID == id && (below == 0 || c.Seq < below) && len(list) < limit {
			list = append(list, c)
		}
	}
	return list, comment.Seq{Epoch: "e", Seq: int64(len(w.comments))}, nil
}

func (w *world) CommentsSince(_ context.Context, id story.ID, seq int64, limit int) (list []comment.Comment, pos comment.Seq, err error) {
	for _, c := range w.comments {
		if c.StoryID == id && c.Seq > seq && len(list) < limit {
			list = append(list, c)
		}
	}
	return list, comment.Seq{Epoch: "e", Seq: int64(len(w.comments))}, nil
}

func (w *world) may(caller auth.UserID, id story.ID, role story.Role) (*story.Access, error) {
	a := w.stories[id]
	if a == nil {
		return nil, errs.E("", errs.NotFound, "no story")
	}
	if a.RoleOf(caller) < role {
		return nil, errs.E("", errs.Forbidden, "no right")
	}
	return a, nil
}

func (w *world) MayRead(_ context.Context, caller auth.UserID, id story.ID) (*story.Access, error) {
	return w.may(caller, id, story.Viewer)
}

func (w *world) MayComment(_ context.Context, caller auth.UserID, id story.ID) (*story.Access, error) {
	return w.may(caller, id, story.Commenter)
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

func (w *world) CommentCreated(_ context.Context, c comment.Comment, origin string) {
	w.published = append(w.published, fmt.Sprintf("%s %s %d from %s", c.ID, c.User.DisplayName, c.Seq, origin))
}

func (w *world) TypingChanged(_ context.Context, c comment.TypingChange) {
	w.typing = append(w.typing, fmt.Sprintf("%s %s %t", c.StoryID, c.User.ID, c.Typing))
}

func (w *world) Deliver(_ context.Context, stored []notification.Stored) {
	for _, s := range stored {
		w.delivered = append(w.delivered, s.Notification)
	}
}

// newService returns a service in a world with the public story "open" and the private one "club", both ada's.
func newService() (*comment.Service, *world) {
	w := &world{stories: map[story.ID]*story.Access{
		"open": {ID: "open", Title: "Open", Author: "ada", Visibility: story.Public},
		"club": {ID: "club", Title: "Club", Author: "ada", Visibility: story.Private,
			Members: map[auth.UserID]story.Grant{"bob": {Role: story.Commenter}, "vic": {Role: story.Viewer}}},
	}}
	n := 0
	return comment.NewService(comment.Deps{Store: w, Stories: w, People: w, Publisher: w, Notifier: w}, comment.Options{
		Now:   func() time.Time { return noon },
		NewID: func() string { n++; return fmt.Sprint("id", n) },
	}), w
}

func TestPostChecksTheDraft(t *testing.T) {
	s, w := newService()
	w.comments = []comment.Comment{{ID: "inclub", StoryID: "club"}, {ID: "inopen", StoryID: "open"}}
	for _, test := range []struct {
		name string
		by   auth.UserID
		in   comment.Draft
		want errs.Code
	}{
		{"plain", "bob", comment.Draft{StoryID: "open", Content: "hi"}, ""},
		{"longest", "bob", comment.Draft{StoryID: "open", Content: strings.Repeat("🎈", 5000)}, ""},
		{"longest with space around", "bob", comment.Draft{StoryID: "open", Content: "  " + strings.Repeat("a", 5000) + "\n"}, ""},
		{"too long", "bob", comment.Draft{StoryID: "open", Content: strings.Repeat("a", 5001)}, errs.Validation},
		{"empty", "bob", comment.Draft{StoryID: "open"}, errs.Validation},
		{"blank", "bob", comment.Draft{StoryID: "open", Content: " \n\t\u00a0"}, errs.Validation},
		{"invalid UTF-8", "bob", comment.Draft{StoryID: "open", Content: "a\xff"}, errs.Validation},
		{"NUL", "bob", comment.Draft{StoryID: "open", Content: "a\x00b"}, errs.Validation},
		{"no story", "bob", comment.Draft{Content: "hi"}, errs.Validation},
		{"unknown story", "bob", comment.Draft{StoryID: "none", Content: "hi"}, errs.NotFound},
		{"long story id", "bob", comment.Draft{StoryID: story.ID(strings.Repeat("a", 65)), Content: "hi"}, errs.Validation},
		{"long cid", "bob", comment.Draft{StoryID: "open", Content: "hi", CID: strings.Repeat("c", 65)}, errs.Validation},
		{"member", "bob", comment.Draft{StoryID: "club", Content: "hi"}, ""},
		{"viewer", "vic", comment.Draft{StoryID: "club", Content: "hi"}, errs.Forbidden},
		{"stranger", "eve", comment.Draft{StoryID: "club", Content: "hi"}, errs.Forbidden},
		{"reply", "bob", comment.Draft{StoryID: "open", Content: "hi", ParentID: "inopen"}, ""},
		{"reply across stories", "bob", comment.Draft{StoryID: "open", Content: "hi", ParentID: "inclub"}, errs.Validation},
		{"reply to nothing", "bob", comment.Draft{StoryID: "open", Content: "hi", ParentID: "none"}, errs.Validation},
		{"long parent", "bob", comment.Draft{StoryID: "open", Content: "hi", ParentID: comment.ID(strings.Repeat("p", 65))}, errs.Validation},
	} {
		told := len(w.published)
		c, _, err := s.Post(t.Context(), test.by, test.in)
		if errs.CodeOf(err) != test.want {
			t.Errorf("%s: Post = %v, want %q", test.name, err, test.want)
		}
		if stored := err == nil; (len(w.published) > told) != stored || stored && c.Content != strings.TrimSpace(test.in.Content) {
			t.Errorf("%s: content %q, published %q", test.name, c.Content, w.published[told:])
		}
	}
}

func TestPostTellsWhatIsStored(t *testing.T) {
	s, w := newService()
	in := comment.Draft{StoryID: "open", Content: " hi ", CID: "nonce", Origin: "socket"}
	c, duplicate, err := s.Post(t.Context(), "bob", in)
	want := comment.Comment{
		ID: "id1", StoryID: "open", Seq: 1, Epoch: "e", Content: "hi", CID: "nonce",
		User: user.Profile{ID: "bob", DisplayName: "BOB"}, CreatedAt: noon.Truncate(time.Millisecond),
	}
	if err != nil || duplicate || !reflect.DeepEqual(c, want) {
		t.Errorf("Post = %+v, %t, %v; want %+v", c, duplicate, err, want)
	}
	again, duplicate, err := s.Post(t.Context(), "bob", in)
	if err != nil || !duplicate || !reflect.DeepEqual(again, want) {
		t.Errorf("again: %+v, %t, %v; want the first", again, duplicate, err)
	}
	if got, want := fmt.Sprint(w.published), "[id1 BOB 1 from socket]"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	w.err = errs.E("", errs.Unavailable, "")
	if _, _, err = s.Post(t.Context(), "bob", comment.Draft{StoryID: "open", Content: "x"}); errs.CodeOf(err) != errs.Unavailable {
		t.Errorf("with a failing store: %v, want UNAVAILABLE", err)
	}
	if len(w.published) != 1 {
		t.Errorf("published what is not stored: %s", w.published)
	}
}

func TestPostNotifiesOncePerPerson(t *testing.T) {
	for _, test := range []struct {
		in     story.ID
		by     auth.UserID
		parent auth.UserID // author of the comment replied to; empty: no reply
		want   string
	}{
		{"open", "ada", "", "[]"},
		{"open", "bob", "", "[story.comment to ada]"},
		{"open", "bob", "bob", "[story.comment to ada]"},
		{"open", "bob", "eve", "[comment.reply to eve story.comment to ada]"},
		{"open", "bob", "ada", "[comment.reply to ada]"},
		{"open", "ada", "bob", "[comment.reply to bob]"},
		{"open", "ada", "ada", "[]"},
		{"club", "bob", "eve", "[story.comment to ada]"}, // eve was a member once
		{"club", "bob", "vic", "[comment.reply to vic story.comment to ada]"},
	} {
		s, w := newService()
		in := comment.Draft{StoryID: test.in, Content: "one\n\ntwo " + strings.Repeat("x", 200)}
		if test.parent != "" {
			in.ParentID = "parent"
			w.comments = []comment.Comment{{ID: "parent", StoryID: test.in, User: user.Profile{ID: test.parent}}}
		}
		c, _, err := s.Post(t.Context(), test.by, in)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(w.delivered))
		for i, n := range w.delivered {
			got[i] = fmt.Sprintf("%s to %s", n.Type, n.UserID)
			if n.Actor.ID != test.by || n.Link != "/story/"+string(test.in) || !strings.HasPrefix(n.Body, "one two xxx") ||
				len([]rune(n.Body)) != 140 || string(n.Data) != fmt.Sprintf(`{"storyId":%q,"commentId":%q}`, c.StoryID, c.ID) {
				t.Errorf("notification %+v", n)
			}
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s in %s in reply to %q: %v, want %s", test.by, test.in, test.parent, got, test.want)
		}
	}
}

func TestListPages(t *testing.T) {
	s, _ := newService()
	for i := range 5 {
		if _, _, err := s.Post(t.Context(), "bob", comment.Draft{StoryID: "open", Content: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	cursor := ""
	for range 10 {
		page, err := s.List(t.Context(), "eve", comment.Query{StoryID: "open", Cursor: cursor, Limit: 2})
		if err != nil || page.Seq != (comment.Seq{Epoch: "e", Seq: 5}) {
			t.Fatalf("List = %+v, %v", page, err)
		}
		for _, c := range page.Items {
			got = append(got, c.Content+c.User.DisplayName)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if want := "[4BOB 3BOB 2BOB 1BOB 0BOB]"; fmt.Sprint(got) != want {
		t.Errorf("pages = %v, want %s", got, want)
	}
	for _, q := range []comment.Query{
		{StoryID: "open", Limit: 101}, {StoryID: "open", Limit: -1}, {StoryID: "open", Cursor: "x"},
		{StoryID: "open", Cursor: "c-1"}, {StoryID: "open", Cursor: "c0"}, {StoryID: "open", Cursor: "czzzzzzzzzzzzzzzzzzz"},
	} {
		if _, err := s.List(t.Context(), "eve", q); errs.CodeOf(err) != errs.Validation {
			t.Errorf("List(%+v) = %v, want VALIDATION", q, err)
		}
	}
	if _, err := s.List(t.Context(), "eve", comment.Query{StoryID: "club"}); errs.CodeOf(err) != errs.Forbidden {
		t.Errorf("List of a private story = %v, want FORBIDDEN", err)
	}
}

func TestGetAsksForTheRightToRead(t *testing.T) {
	s, _ := newService()
	c, _, err := s.Post(t.Context(), "bob", comment.Draft{StoryID: "club", Content: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		by   auth.UserID
		id   comment.ID
		want errs.Code
	}{
		{"vic", c.ID, ""},
		{"eve", c.ID, errs.Forbidden},
		{"vic", "none", errs.NotFound},
		{"vic", "", errs.NotFound},
	} {
		got, err := s.Get(t.Context(), test.by, test.id)
		if errs.CodeOf(err) != test.want || err == nil && got.User.DisplayName != "BOB" || err != nil && got.Content != "" {
			t.Errorf("Get(%s, %s) = %+v, %v; want %q", test.by, test.id, got, err, test.want)
		}
	}
}
