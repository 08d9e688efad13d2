package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func storyID(s story.Story) story.ID { return s.ID }

func storyIsReadAsStored(t *testing.T, st Store) {
	want := story.Story{
		ID: "s1", Title: "T", Synopsis: "S", Body: "B\n\nC", CoverColor: "#123456", Author: user.Profile{ID: "ada"},
		Visibility: story.Private, CreatedAt: noon.Add(7 * time.Millisecond),
	}
	stored, duplicate, err := st.CreateStory(t.Context(), want, "", noon)
	if err != nil || duplicate || !reflect.DeepEqual(stored, want) {
		t.Errorf("CreateStory = %+v, %t, %v; want %+v", stored, duplicate, err, want)
	}
	post(t, st, newComment("c1", "s1", "bob", ""))
	post(t, st, newComment("c2", "s1", "bob", ""))
	want.CommentCount = 2
	if got, err := st.Story(t.Context(), "s1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Story = %+v, %v; want %+v", got, err, want)
	}
	again, duplicate, err := st.CreateStory(t.Context(), story.Story{ID: "s1", Title: "other", Author: user.Profile{ID: "eve"}}, "", noon)
	if err != nil || !duplicate || again.Title != "T" || again.Author.ID != "ada" {
		t.Errorf("the same id again: %+v, %t, %v; want the first", again, duplicate, err)
	}
	_, err = st.Story(t.Context(), "s2")
	same(t, "Story that is none", string(errs.CodeOf(err)), "NOT_FOUND")
	_, err = st.Access(t.Context(), "s2")
	same(t, "Access to none", string(errs.CodeOf(err)), "NOT_FOUND")
}

func storyKeyGivesTheFirstStory(t *testing.T, st Store) {
	create := func(id story.ID, by auth.UserID, key string, at time.Time) (story.ID, bool) {
		t.Helper()
		s := story.Story{ID: id, Title: "T", Visibility: story.Public, CreatedAt: at, Author: user.Profile{ID: by}}
		s, duplicate, err := st.CreateStory(t.Context(), s, key, at.Add(-story.KeyWindow))
		if err != nil {
			t.Fatal(err)
		}
		return s.ID, duplicate
	}
	for _, test := range []struct {
		id        story.ID
		by        auth.UserID
		key       string
		at        time.Time
		want      story.ID
		duplicate bool
	}{
		{"s1", "ada", "k", noon, "s1", false},
		{"s2", "ada", "k", noon.Add(23 * time.Hour), "s1", true},
		{"s3", "bob", "k", noon, "s3", false},
		{"s4", "ada", "l", noon, "s4", false},
		{"s5", "ada", "", noon, "s5", false},
		{"s6", "ada", "", noon, "s6", false},
		{"s7", "ada", "k", noon.Add(25 * time.Hour), "s7", false},
		{"s8", "ada", "k", noon.Add(26 * time.Hour), "s7", true},
	} {
		if got, duplicate := create(test.id, test.by, test.key, test.at); got != test.want || duplicate != test.duplicate {
			t.Errorf("%s by %s with key %q = %s, %t; want %s, %t", test.id, test.by, test.key, got, duplicate, test.want, test.duplicate)
		}
	}
}

func storiesAreListedForTheirReaders(t *testing.T, st Store) {
	for i, v := range []story.Visibility{story.Public, story.Private, story.Public, story.Private} {
		s := story.Story{
			ID: story.ID(fmt.Sprint("s", i)), Title: "T", Body: "not in lists", Visibility: v,
			CreatedAt: noon.Add(time.Duration(i/2) * time.Second), Author: user.Profile{ID: "ada"},
		}
		if _, _, err := st.CreateStory(t.Context(), s, "", noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.SetMember(t.Context(), "s3", "bob", story.Editor, noon, 10); err != nil {
		t.Fatal(err)
	}
	at := func(i int) story.Position {
		return story.Position{ID: story.ID(fmt.Sprint("s", i)), CreatedAt: noon.Add(time.Duration(i/2) * time.Second)}
	}
	for _, test := range []struct {
		reader auth.UserID
		below  story.Position
		limit  int
		want   string
	}{
		{"ada", story.Position{}, 10, "[s3 s2 s1 s0]"},
		{"bob", story.Position{}, 10, "[s3 s2 s0]"},
		{"eve", story.Position{}, 10, "[s2 s0]"},
		{"ada", story.Position{}, 2, "[s3 s2]"},
		{"ada", at(2), 2, "[s1 s0]"},
		{"ada", at(1), 2, "[s0]"},
		{"ada", at(0), 2, "[]"},
	} {
		got, err := st.StoriesFor(t.Context(), test.reader, test.below, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("StoriesFor(%s, %v, %d)", test.reader, test.below, test.limit), ids(got, storyID), test.want)
		for _, s := range got {
			if s.Body != "" {
				t.Errorf("story %s comes with its body", s.ID)
			}
			if editor := s.Role == story.Editor; editor != (test.reader == "bob" && s.ID == "s3") {
				t.Errorf("%s has role %s in %s", test.reader, s.Role, s.ID)
			}
		}
	}
}

func membersComeAndGo(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Private)
	set := func(id auth.UserID, role story.Role, want errs.Code) {
		t.Helper()
		if err := st.SetMember(t.Context(), "s1", id, role, noon, 2); errs.CodeOf(err) != want {
			t.Errorf("SetMember(%s, %s) = %v, want %q", id, role, err, want)
		}
	}
	set("bob", story.Viewer, "")
	set("eve", story.Player, "")
	set("max", story.Player, errs.Validation) // two is all
	set("bob", story.Editor, "")              // a change is no addition
	set("eve", story.None, "")
	set("eve", story.None, "")
	set("max", story.Commenter, "")
	a, err := st.Access(t.Context(), "s1")
	want := map[auth.UserID]story.Grant{"bob": {Role: story.Editor, Since: noon}, "max": {Role: story.Commenter, Since: noon}}
	if err != nil || a.Author != "ada" || a.Visibility != story.Private || a.Title != "Title of s1" || !reflect.DeepEqual(a.Members, want) {
		t.Errorf("Access = %+v, %v; want members %v", a, err, want)
	}
	if err := st.SetMember(t.Context(), "s2", "bob", story.Viewer, noon, 2); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("SetMember of no story: %v, want NOT_FOUND", err)
	}
}
