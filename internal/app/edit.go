package app

import (
	"context"
	"time"

	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

// newEdits makes the part that lets several people write a story.
func (a *App) newEdits(notifications *notification.Service) *coedit.Service {
	deps := coedit.Deps{
		Log: a.store, Writers: a.store, Versions: a.store, Notes: a.store, Invitations: a.store,
		Stories: a.stories, Members: a.stories, People: a.people, Notifications: notifications,
		Publisher: a.hub, Releases: a.stories, Seed: a.firstContent,
	}
	if a.nodes.redis != nil {
		deps.Bus = a.nodes.bus
	}
	return coedit.NewService(deps, coedit.Options{Node: string(a.nodes.node.ID), Logger: a.log, Observer: a.metrics.Documents})
}

// firstContent is the last release, as of an imported story, or the text that the story was made with.
func (a *App) firstContent(ctx context.Context, id story.ID) (coedit.Content, error) {
	r, err := a.store.LatestRelease(ctx, id)
	if err == nil {
		t, err := r.Tale()
		if err != nil {
			return coedit.Content{}, err
		}
		return coedit.ContentOf(t.Draft(), coedit.Content{}, time.Now()), nil
	}
	if errs.CodeOf(err) != errs.NotFound {
		return coedit.Content{}, err
	}
	st, err := a.store.Story(ctx, id)
	if err != nil {
		return coedit.Content{}, err
	}
	return coedit.FirstContent(st.Title, st.Body, time.Now()), nil
}
