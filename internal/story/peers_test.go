package story_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/storywire/storywire/internal/cluster"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// unwell is a bus that cannot be heard.
type unwell struct{ story.Bus }

func (unwell) Healthy() bool { return false }

// twoNodes returns services over one database, the second with bus, which run.
func twoNodes(t *testing.T, bus func(*cluster.LocalBus) story.Bus) (here, there *story.Service, told *announced, second *cluster.LocalBus) {
	t.Helper()
	_, m, _ := newService(t)
	local := cluster.NewLocal()
	second, told = local.Join(), new(announced)
	here = story.NewService(m, people{}, story.Options{Bus: local.Join()})
	there = story.NewService(m, people{}, story.Options{Bus: bus(second), Announcer: told})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for _, s := range []*story.Service{here, there} {
		go func() { _ = s.Run(ctx) }()
	}
	synctest.Wait()
	return here, there, told, second
}

func TestRightsChangeOnAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there, told, second := twoNodes(t, func(b *cluster.LocalBus) story.Bus { return b })
		reads := func(want errs.Code) {
			t.Helper()
			if _, err := there.MayRead(t.Context(), "bob", "club"); errs.CodeOf(err) != want {
				t.Errorf("MayRead = %v, want %q", err, want)
			}
		}
		reads(errs.Forbidden)
		if _, err := here.SetMember(t.Context(), "ada", "club", "bob", story.Viewer); err != nil {
			t.Fatal(err)
		}
		reads("")
		if err := here.RemoveMember(t.Context(), "ada", "club", "bob"); err != nil {
			t.Fatal(err)
		}
		reads(errs.Forbidden)
		second.Gap()
		synctest.Wait()
		if want := (announced{"club bob viewer", "club bob none", "?"}); !slices.Equal(*told, want) {
			t.Errorf("announced %v, want %v", *told, want)
		}
	})
}

func TestAPublishedTitleIsKnownOnAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there, told, _ := twoNodes(t, func(b *cluster.LocalBus) story.Bus { return b })
		title := func(s *story.Service) string {
			a, err := s.MayRead(t.Context(), "ada", "open")
			if err != nil {
				t.Fatal(err)
			}
			return a.Title
		}
		if title(here) == "The Well" || title(there) == "The Well" {
			t.Fatal("it is called so before")
		}
		draft, _ := tale.ReadTwee("well.twee", []byte(twee))
		if _, err := here.Publish(t.Context(), "ada", "open", draft); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if title(here) != "The Well" || title(there) != "The Well" {
			t.Errorf("called %q here and %q there", title(here), title(there))
		}
		if len(*told) != 0 {
			t.Errorf("announced %v", *told)
		}
	})
}

// A node that cannot hear the others believes nothing it remembers.
func TestRightsAreReadWhileOtherNodesCannotBeHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there, _, _ := twoNodes(t, func(b *cluster.LocalBus) story.Bus { return unwell{cluster.NewLocal().Join()} })
		if _, err := here.SetMember(t.Context(), "ada", "club", "bob", story.Viewer); err != nil {
			t.Fatal(err)
		}
		if _, err := there.MayRead(t.Context(), "bob", "club"); err != nil {
			t.Fatal(err)
		}
		if err := here.RemoveMember(t.Context(), "ada", "club", "bob"); err != nil {
			t.Fatal(err)
		}
		if _, err := there.MayRead(t.Context(), "bob", "club"); errs.CodeOf(err) != errs.Forbidden {
			t.Errorf("MayRead = %v, want FORBIDDEN", err)
		}
	})
}
