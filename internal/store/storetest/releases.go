package storetest

import (
	"testing"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

func newRelease(id story.ReleaseID, of story.ID, sha string) story.Release {
	return story.Release{ID: id, StoryID: of, Content: []byte(`{"v":1,"title":"` + sha + `"}`), SHA: sha, By: "ada", At: noon}
}

func releasesAreNumberedPerStory(t *testing.T, st Store) {
	newStory(t, st, "1", "ada", story.Public)
	newStory(t, st, "2", "ada", story.Public)
	for _, test := range []struct {
		release story.Release
		no      int
		existed bool
		id      story.ReleaseID
	}{
		{newRelease("a", "1", "x"), 1, false, "a"},
		{newRelease("b", "1", "y"), 2, false, "b"},
		{newRelease("c", "1", "x"), 1, true, "a"}, // the same content
		{newRelease("d", "2", "x"), 1, false, "d"},
	} {
		got, existed, err := st.InsertRelease(t.Context(), test.release)
		if err != nil || got.No != test.no || existed != test.existed || got.ID != test.id {
			t.Errorf("InsertRelease(%s) = %s, no %d, existed %v, %v; want %s, %d, %v", test.release.ID, got.ID, got.No, existed, err, test.id, test.no, test.existed)
		}
	}
	last, err := st.LatestRelease(t.Context(), "1")
	if err != nil || last.ID != "b" {
		t.Errorf("LatestRelease = %s, %v, want b", last.ID, err)
	}
	before, err := st.Story(t.Context(), "1")
	if err != nil || before.Release != 2 {
		t.Errorf("the story has release %d, %v, want 2", before.Release, err)
	}
	for _, test := range []struct{ sha, title, want string }{{"x", "Known", before.Title}, {"z", "The Ebb", "The Ebb"}, {"w", "", "The Ebb"}} {
		r := newRelease(story.ReleaseID("t"+test.sha), "1", test.sha)
		r.Title = test.title
		if _, _, err := st.InsertRelease(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if s, err := st.Story(t.Context(), "1"); err != nil || s.Title != test.want {
			t.Errorf("with release %s the story is called %q, %v, want %q", test.sha, s.Title, err, test.want)
		}
	}
}

func releaseIsReadAsStored(t *testing.T, st Store) {
	newStory(t, st, "1", "ada", story.Public)
	want := newRelease("a", "1", "x")
	want.Warnings = []tale.Problem{{Severity: tale.Warning, Code: "dead-end", Message: "There is no choice here.", Passage: "Cliff", Line: 7}}
	if _, _, err := st.InsertRelease(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := st.Release(t.Context(), "a")
	if err != nil || got.StoryID != "1" || string(got.Content) != string(want.Content) || got.SHA != "x" || got.By != "ada" || !got.At.Equal(noon) {
		t.Errorf("Release = %+v, %v, want %+v", got, err, want)
	}
	if len(got.Warnings) != 1 || got.Warnings[0] != want.Warnings[0] {
		t.Errorf("warnings %v, want %v", got.Warnings, want.Warnings)
	}
	for what, err := range map[string]error{
		"Release": second(st.Release(t.Context(), "z")), "LatestRelease": second(st.LatestRelease(t.Context(), "z")),
	} {
		if errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%s of nothing: %v, want NOT_FOUND", what, err)
		}
	}
	if _, _, err := st.InsertRelease(t.Context(), newRelease("b", "z", "x")); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("InsertRelease of no story: %v, want NOT_FOUND", err)
	}
}

func second[T any](_ T, err error) error { return err }
