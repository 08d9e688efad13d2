package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// importStory takes a Twee 3 or Twine 2 file as the body, as it is.
func (s *Server) importStory(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	file, err := raw(r)
	if err != nil {
		return err
	}
	k, err := key(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	got, err := s.deps.Stories.Import(r.Context(), caller, story.Draft{
		Title: q.Get("title"), Visibility: story.Visibility(q.Get("visibility")), Key: k,
	}, q.Get("name"), file)
	if err != nil {
		return err
	}
	out := wire.StoryImported{Problems: wire.Map(got.Problems, wire.ProblemOf)}
	if got.Story.ID == "" {
		respond(w, http.StatusOK, out)
		return nil
	}
	release, err := releaseOf(got.Release)
	if err != nil {
		return err
	}
	st := s.story(got.Story)
	out.Story, out.Release = &st, &release
	w.Header().Set("Location", "/v1/stories/"+string(got.Story.ID))
	respond(w, created(got.Duplicate), out)
	return nil
}

func releaseOf(r story.Release) (wire.Release, error) {
	t, err := r.Tale()
	if err != nil {
		return wire.Release{}, errs.Wrap("api.release", err)
	}
	return wire.ReleaseOf(r, t), nil
}

func (s *Server) getRelease(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	found, err := s.deps.Stories.LatestRelease(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	out, err := releaseOf(found)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, out)
	return nil
}

// exportStory gives the last release to those who may write the story: it has
// the endings in it, which readers want to find for themselves.
func (s *Server) exportStory(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	const op = "api.exportStory"
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "twee"
	}
	if format != "twee" && format != "json" {
		return errs.E(op, errs.Validation, "format must be twee or json.")
	}
	if _, err := s.deps.Stories.MayEdit(r.Context(), caller, storyID(r)); err != nil {
		return err
	}
	found, err := s.deps.Stories.LatestRelease(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if format == "json" {
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(found.Content) // a client that has gone is told nothing
		return nil
	}
	t, err := found.Tale()
	if err != nil {
		return errs.Wrap(op, err)
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="story.twee"`)
	_, _ = w.Write(t.Draft().Twee())
	return nil
}
