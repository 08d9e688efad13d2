package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/wire"
)

// previewDoc plays the document as it stands, mistakes and all, for one person alone.
func (s *Server) previewDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.DocPreviewAsk
	if err := body(r, &in); err != nil {
		return err
	}
	sketch, err := s.deps.Edits.Sketch(r.Context(), caller, storyID(r), in.MinSeq)
	if err != nil {
		return err
	}
	from := cmp.Or(tale.PassageID(in.From), sketch.Start)
	if !sketch.Has(from) {
		return errs.E("api.previewDoc", errs.NotFound, "There is no such passage to begin with.")
	}
	roles := sketch.Roles()
	role := in.Role
	if !slices.Contains(roles, role) {
		role = slices.Concat(roles, []string{""})[0]
	}
	choices := wire.Map(in.Choices, wire.DocPreviewChoice.Choice)
	book := sketch.Book(from, in.Vars, wire.Map(choices, func(c play.Taken) tale.PassageID { return c.To })...)
	rehearsal := play.Rehearse(book, caller, role, choices)
	w.Header().Set("Cache-Control", "no-store")
	respond(w, http.StatusOK, wire.DocPreviewOf(sketch.Seq, book, rehearsal, roles, sketch.Problems(rehearsal.Round.Passage)))
	return nil
}
