package story_test

import (
	"testing"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

const twee = ":: StoryTitle\nThe Well\n\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n\n:: Start\nA well.\n[[Down]]\n\n:: Down [end]\nWater.\n"

func TestImportMakesAStoryWithARelease(t *testing.T) {
	s, _, _ := newService(t)
	got, err := s.Import(t.Context(), "ada", story.Draft{}, "well.twee", []byte(twee))
	if err != nil {
		t.Fatal(err)
	}
	if got.Story.Title != "The Well" || got.Story.Body != "A well." || got.Story.Role != story.Author || got.Release.No != 1 || got.Story.Release != 1 {
		t.Errorf("imported %+v", got)
	}
	last, err := s.LatestRelease(t.Context(), "bob", got.Story.ID)
	if err != nil || last.ID != got.Release.ID {
		t.Errorf("LatestRelease = %s, %v, want %s", last.ID, err, got.Release.ID)
	}
	content, err := last.Tale()
	if err != nil || len(content.Passages) != 2 {
		t.Errorf("the release has %v, %v", content, err)
	}
}

func TestImportOfABadFileStoresNothing(t *testing.T) {
	s, m, _ := newService(t)
	before := len(m.stories)
	got, err := s.Import(t.Context(), "ada", story.Draft{}, "well.twee", []byte(":: Start\n[[Nowhere]]"))
	if err != nil || !tale.Failed(got.Problems) || got.Story.ID != "" || len(m.stories) != before || len(m.releases) != 0 {
		t.Errorf("imported %+v, %v", got, err)
	}
}

func TestPublish(t *testing.T) {
	s, m, _ := newService(t)
	m.members["open"] = map[auth.UserID]story.Role{"edi": story.Editor}
	draft, _ := tale.ReadTwee("well.twee", []byte(twee))
	for _, test := range []struct {
		by      auth.UserID
		in      story.ID
		want    errs.Code
		existed bool
	}{
		{"ada", "open", "", false},
		{"edi", "open", "", true},
		{"bob", "open", errs.Forbidden, false},
		{"bob", "club", errs.Forbidden, false},
		{"ada", "nowhere", errs.NotFound, false},
	} {
		p, err := s.Publish(t.Context(), test.by, test.in, draft)
		if errs.CodeOf(err) != test.want || p.Existed != test.existed {
			t.Errorf("%s publishes %s: existed %v, %v, want %v, %q", test.by, test.in, p.Existed, err, test.existed, test.want)
		}
	}
	if got := m.releases[0].Title; got != "The Well" {
		t.Errorf("the story is called %q", got)
	}
	p, err := s.Publish(t.Context(), "ada", "open", &tale.Draft{Title: "Empty"})
	if err != nil || !tale.Failed(p.Problems) || p.Release.ID != "" {
		t.Errorf("an empty draft gives %+v, %v", p, err)
	}
}
