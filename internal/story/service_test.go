package story_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// memory is a store in maps.
type memory struct {
	mu       sync.Mutex
	stories  map[story.ID]story.Story
	members  map[story.ID]map[auth.UserID]story.Role
	releases []story.Release
	asked    int    // for access
	onAccess func() // called after the answer is made, before it is given
}

func (m *memory) CreateStory(_ context.Context, s story.Story, key string, _ time.Time) (story.Story, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.stories[s.ID]; ok {
		return old, true, nil
	}
	m.stories[s.ID] = s
	m.members[s.ID] = make(map[auth.UserID]story.Role)
	return s, false, nil
}

func (m *memory) Story(_ context.Context, id story.ID) (story.Story, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.stories[id]
	if !ok {
		return s, errs.E("", errs.NotFound, "no story")
	}
	return s, nil
}

func (m *memory) StoriesFor(_ context.Context, reader auth.UserID, below story.Position, limit int) ([]story.Story, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []story.Story
	for id, s := range m.stories {
		s.Role = m.members[id][reader]
		readable := s.Visibility == story.Public || s.Author.ID == reader || s.Role > 0
		if readable && (below.ID == "" || s.CreatedAt.Before(below.CreatedAt) || s.CreatedAt.Equal(below.CreatedAt) && s.ID < below.ID) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b story.Story) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return list[:min(limit, len(list))], nil
}

func (m *memory) Access(_ context.Context, id story.ID) (*story.Access, error) {
	m.mu.Lock()
	s, ok := m.stories[id]
	m.asked++
	a := &story.Access{ID: id, Title: s.Title, Author: s.Author.ID, Visibility: s.Visibility, Members: make(map[auth.UserID]story.Grant)}
	for id, role := range m.members[id] {
		a.Members[id] = story.Grant{Role: role}
	}
	then := m.onAccess
	m.mu.Unlock()
	if !ok {
		return nil, errs.E("", errs.NotFound, "no story")
	}
	if then != nil {
		then()
	}
	return a, nil
}

func (m *memory) SetMember(_ context.Context, id story.ID, userID auth.UserID, role story.Role, _ time.Time, _ int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if role == story.None {
		delete(m.members[id], userID)
	} else {
		m.members[id][userID] = role
	}
	return nil
}

func (m *memory) InsertRelease(_ context.Context, r story.Release) (story.Release, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, old := range m.releases {
		if old.StoryID == r.StoryID && old.SHA == r.SHA {
			return old, true, nil
		}
	}
	r.No = len(m.releases) + 1
	m.releases = append(m.releases, r)
	if st := m.stories[r.StoryID]; r.Title != "" {
		st.Title = r.Title
		m.stories[r.StoryID] = st
	}
	return r, false, nil
}

func (m *memory) Release(_ context.Context, id story.ReleaseID) (story.Release, error) {
	return m.find(func(r story.Release) bool { return r.ID == id })
}

func (m *memory) LatestRelease(_ context.Context, id story.ID) (story.Release, error) {
	return m.find(func(r story.Release) bool { return r.StoryID == id })
}

func (m *memory) find(is func(story.Release) bool) (story.Release, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range slices.Backward(m.releases) {
		if is(r) {
			return r, nil
		}
	}
	return story.Release{}, errs.E("", errs.NotFound, "no release")
}

type people struct{}

func (people) Profile(_ context.Context, id auth.UserID) user.Profile { return user.Nobody(id) }

func (people) Profiles(_ context.Context, ids []auth.UserID) map[auth.UserID]user.Profile {
	m := make(map[auth.UserID]user.Profile)
	for _, id := range ids {
		m[id] = user.Nobody(id)
	}
	return m
}

type announced []string

func (a *announced) AccessChanged(_ context.Context, id story.ID, userID auth.UserID, role story.Role) {
	*a = append(*a, fmt.Sprintf("%s %s %s", id, userID, role))
}

func (a *announced) AccessUnknown(context.Context) { *a = append(*a, "?") }

// newService returns a service with ada's public story "open" and private story "club".
func newService(t *testing.T) (*story.Service, *memory, *announced) {
	t.Helper()
	m := &memory{stories: make(map[story.ID]story.Story), members: make(map[story.ID]map[auth.UserID]story.Role)}
	told := new(announced)
	n := 0
	s := story.NewService(m, people{}, story.Options{
		Now: func() time.Time { n++; return noon.Add(time.Duration(n/2) * time.Second) }, Announcer: told, CacheSize: 3,
	})
	for _, in := range []story.Draft{{ID: "open", Title: "Open"}, {ID: "club", Title: "Club", Visibility: story.Private}} {
		if _, _, err := s.Create(t.Context(), "ada", in); err != nil {
			t.Fatal(err)
		}
	}
	return s, m, told
}

func TestCreateChecksTheDraft(t *testing.T) {
	s, _, _ := newService(t)
	for _, test := range []struct {
		name string
		in   story.Draft
		want errs.Code
	}{
		{"plain", story.Draft{Title: "T"}, ""},
		{"longest title", story.Draft{Title: strings.Repeat("é", 200)}, ""},
		{"long title", story.Draft{Title: strings.Repeat("é", 201)}, errs.Validation},
		{"blank title", story.Draft{Title: " \n"}, errs.Validation},
		{"NUL", story.Draft{Title: "a\x00"}, errs.Validation},
		{"invalid UTF-8", story.Draft{Title: "T", Body: "\xff"}, errs.Validation},
		{"longest synopsis", story.Draft{Title: "T", Synopsis: strings.Repeat("é", 1000)}, ""},
		{"long synopsis", story.Draft{Title: "T", Synopsis: strings.Repeat("é", 1001)}, errs.Validation},
		{"longest body", story.Draft{Title: "T", Body: strings.Repeat("a", 256<<10)}, ""},
		{"long body", story.Draft{Title: "T", Body: strings.Repeat("a", 256<<10+1)}, errs.Validation},
		{"private", story.Draft{Title: "T", Visibility: story.Private}, ""},
		{"odd visibility", story.Draft{Title: "T", Visibility: "friends"}, errs.Validation},
		{"colour", story.Draft{Title: "T", CoverColor: "#a0B1c2"}, ""},
		{"no colour", story.Draft{Title: "T", CoverColor: "red"}, errs.Validation},
		{"odd colour", story.Draft{Title: "T", CoverColor: "#+12345"}, errs.Validation},
		{"long key", story.Draft{Title: "T", Key: strings.Repeat("k", 65)}, errs.Validation},
	} {
		st, _, err := s.Create(t.Context(), "eve", test.in)
		if errs.CodeOf(err) != test.want {
			t.Errorf("%s: Create = %v, want %q", test.name, err, test.want)
		}
		if err == nil && (st.ID == "" || st.Role != story.Author || st.Author.DisplayName != "eve" || len(st.CoverColor) != 7 || st.Visibility == "") {
			t.Errorf("%s: %+v", test.name, st)
		}
	}
}

func TestWhoMayReadAndComment(t *testing.T) {
	s, m, _ := newService(t)
	m.members["club"] = map[auth.UserID]story.Role{"vic": story.Viewer, "bob": story.Commenter, "pia": story.Player, "edi": story.Editor}
	m.members["open"] = map[auth.UserID]story.Role{"vic": story.Viewer}
	for _, test := range []struct {
		by            auth.UserID
		in            story.ID
		read, comment errs.Code
	}{
		{"ada", "open", "", ""},
		{"eve", "open", "", ""},
		{"vic", "open", "", ""}, // at least a commenter, as everybody
		{"ada", "club", "", ""},
		{"vic", "club", "", errs.Forbidden},
		{"bob", "club", "", ""},
		{"pia", "club", "", ""},
		{"edi", "club", "", ""},
		{"eve", "club", errs.Forbidden, errs.Forbidden},
		{"", "club", errs.Forbidden, errs.Forbidden},
		{"", "open", errs.Forbidden, errs.Forbidden},
		{"ada", "none", errs.NotFound, errs.NotFound},
		{"ada", "", errs.NotFound, errs.NotFound},
		{"ada", story.ID(strings.Repeat("x", 65)), errs.NotFound, errs.NotFound},
	} {
		_, err := s.MayRead(t.Context(), test.by, test.in)
		if errs.CodeOf(err) != test.read {
			t.Errorf("MayRead(%q, %q) = %v, want %q", test.by, test.in, err, test.read)
		}
		if _, err := s.Get(t.Context(), test.by, test.in); errs.CodeOf(err) != test.read {
			t.Errorf("Get(%q, %q) = %v, want %q", test.by, test.in, err, test.read)
		}
		if _, err = s.MayComment(t.Context(), test.by, test.in); errs.CodeOf(err) != test.comment {
			t.Errorf("MayComment(%q, %q) = %v, want %q", test.by, test.in, err, test.comment)
		}
	}
}

func TestRulesAreAskedForOnce(t *testing.T) {
	s, m, _ := newService(t)
	for range 10 {
		if _, err := s.MayRead(t.Context(), "eve", "open"); err != nil {
			t.Fatal(err)
		}
	}
	if m.asked != 1 {
		t.Errorf("asked the store %d times, want once", m.asked)
	}
	for i := range 10 { // more than the cache keeps
		id := story.ID(fmt.Sprint("s", i))
		if _, _, err := s.Create(t.Context(), "ada", story.Draft{ID: id, Title: "T"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.MayRead(t.Context(), "eve", id); err != nil {
			t.Error(err)
		}
	}
}

func TestRuleReadBeforeAChangeIsNotKept(t *testing.T) {
	s, m, _ := newService(t)
	m.members["club"]["bob"] = story.Commenter
	// While the first question is being answered, bob is removed.
	m.onAccess = func() {
		m.onAccess = nil
		if err := s.RemoveMember(t.Context(), "ada", "club", "bob"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.MayRead(t.Context(), "bob", "club"); err != nil {
		t.Errorf("the question asked before: %v", err)
	}
	if _, err := s.MayRead(t.Context(), "bob", "club"); errs.CodeOf(err) != errs.Forbidden {
		t.Errorf("the question asked after: %v, want FORBIDDEN", err)
	}
}

func TestMembersChangeAtOnce(t *testing.T) {
	s, _, told := newService(t)
	for _, test := range []struct {
		by   auth.UserID
		in   story.ID
		who  auth.UserID
		role story.Role // None: remove
		want errs.Code
		now  story.Role // of who, if it worked
	}{
		{"ada", "club", "bob", story.Viewer, "", story.Viewer},
		{"ada", "club", "bob", story.Editor, "", story.Editor},
		{"bob", "club", "eve", story.Viewer, errs.Forbidden, 0},
		{"eve", "club", "eve", story.Viewer, errs.Forbidden, 0},
		{"ada", "club", "ada", story.Viewer, errs.Validation, 0},
		{"ada", "club", "", story.Viewer, errs.Validation, 0},
		{"ada", "club", "eve", story.Author, errs.Validation, 0},
		{"ada", "club", "eve", story.Admin, errs.Validation, 0},
		{"ada", "none", "eve", story.Viewer, errs.NotFound, 0},
		{"ada", "open", "eve", story.Viewer, "", story.Commenter},
		{"ada", "open", "eve", story.None, "", story.Commenter},
		{"ada", "club", "eve", story.Viewer, "", story.Viewer},
		{"bob", "club", "eve", story.None, errs.Forbidden, 0},
		{"eve", "club", "eve", story.None, "", story.None},
		{"ada", "club", "ada", story.None, errs.Validation, 0},
		{"ada", "club", "bob", story.None, "", story.None},
	} {
		if _, err := s.MayRead(t.Context(), test.who, test.in); err != nil && errs.CodeOf(err) == errs.Internal {
			t.Fatal(err) // fills the cache
		}
		var err error
		if test.role == story.None {
			err = s.RemoveMember(t.Context(), test.by, test.in, test.who)
		} else {
			_, err = s.SetMember(t.Context(), test.by, test.in, test.who, test.role)
		}
		if errs.CodeOf(err) != test.want {
			t.Errorf("%s makes %s %s in %s: %v, want %q", test.by, test.who, test.role, test.in, err, test.want)
		}
		if err != nil {
			continue
		}
		if got := (*told)[len(*told)-1]; got != fmt.Sprintf("%s %s %s", test.in, test.who, test.now) {
			t.Errorf("announced %q, want %s", got, test.now)
		}
		a, err := s.MayRead(t.Context(), test.who, test.in)
		if (err == nil) != (test.now >= story.Viewer) || err == nil && a.RoleOf(test.who) != test.now {
			t.Errorf("after it %s: %v, want %s", test.who, err, test.now)
		}
	}
}

func TestMembersBeginWithTheAuthor(t *testing.T) {
	s, _, _ := newService(t)
	if _, err := s.SetMember(t.Context(), "ada", "club", "bob", story.Player); err != nil {
		t.Fatal(err)
	}
	got, err := s.Members(t.Context(), "bob", "club")
	if err != nil || len(got) != 2 || got[0].User.ID != "ada" || got[0].Role != story.Author || got[1].User.DisplayName != "bob" {
		t.Errorf("Members = %+v, %v", got, err)
	}
	if _, err := s.Members(t.Context(), "eve", "club"); errs.CodeOf(err) != errs.Forbidden {
		t.Errorf("Members for a stranger: %v, want FORBIDDEN", err)
	}
}

func TestListPagesWithRoles(t *testing.T) {
	s, m, _ := newService(t)
	m.members["club"]["bob"] = story.Player
	for i := range 3 {
		if _, _, err := s.Create(t.Context(), "bob", story.Draft{ID: story.ID(fmt.Sprint("s", i)), Title: "T"}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	cursor := ""
	for range 10 {
		page, err := s.List(t.Context(), "bob", story.Query{Cursor: cursor, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range page.Items {
			got = append(got, fmt.Sprint(st.ID, "/", st.Role))
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	want := []string{"s2/author", "s1/author", "s0/author", "club/player", "open/commenter"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("pages = %v, want %v", got, want)
	}
	for _, q := range []story.Query{{Limit: 101}, {Limit: -1}, {Cursor: "x"}, {Cursor: "s"}, {Cursor: "s.a"}, {Cursor: "n1.a"}} {
		if _, err := s.List(t.Context(), "bob", q); errs.CodeOf(err) != errs.Validation {
			t.Errorf("List(%+v) = %v, want VALIDATION", q, err)
		}
	}
}

func TestRolesHaveNames(t *testing.T) {
	for r := story.None; r <= story.Admin; r++ {
		if got, ok := story.ParseRole(r.String()); !ok || got != r {
			t.Errorf("ParseRole(%q) = %v, %t", r, got, ok)
		}
	}
	if _, ok := story.ParseRole("king"); ok {
		t.Error(`ParseRole("king") is known`)
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "s", "s.", "sm1.s1", "szzzzzzzzzzzzz.a", "n1.a", "s-1.a"} {
		f.Add(seed)
	}
	m := &memory{stories: make(map[story.ID]story.Story), members: make(map[story.ID]map[auth.UserID]story.Role)}
	s := story.NewService(m, people{}, story.Options{})
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, err := s.List(t.Context(), "ada", story.Query{Cursor: cursor}); err != nil && errs.CodeOf(err) != errs.Validation {
			t.Errorf("List(%q) = %v", cursor, err)
		}
	})
}
