package api

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/internal/wire"
)

// binary is how updates and states travel.
const binary = "application/octet-stream"

// largest returns how many bytes the request may bring: of what was written
// offline, and of a story's file, more than others.
func (s *Server) largest(r *http.Request) int64 {
	most, path := s.deps.MaxBody, r.URL.Path
	if r.Method != http.MethodPost {
		return most
	}
	ofDoc := strings.HasPrefix(path, "/v1/docs/")
	switch {
	case ofDoc && strings.HasSuffix(path, "/updates"):
		return max(most, coedit.MaxUpload)
	case ofDoc && strings.HasSuffix(path, "/import"), path == "/v1/docs:import", path == "/v1/stories:import":
		return max(most, tale.MaxFile)
	}
	return most
}

func (s *Server) docRoutes() {
	read, write, ctrl, upload := s.deps.Limits.Read, s.deps.Limits.Write, s.deps.Limits.Ctrl, s.deps.Limits.Upload
	s.user("GET /v1/docs/{id}", read, s.getDoc)
	s.user("GET /v1/docs/{id}/state", read, s.docState)
	s.user("POST /v1/docs/{id}/updates", upload, s.uploadUpdate)
	s.user("GET /v1/docs/{id}/comments", read, s.listNotes)
	s.user("GET /v1/docs/{id}/passages/{passageId}/authors", read, s.passageAuthors)
	s.user("GET /v1/docs/{id}/versions", read, s.listVersions)
	s.user("POST /v1/docs/{id}/versions", write, s.nameVersion)
	s.user("GET /v1/docs/{id}/versions/{version}/diff", read, s.versionDiff)
	s.user("POST /v1/docs/{id}/versions/{version}/restore", write, s.restoreVersion)
	s.user("POST /v1/docs/{id}/publish", write, s.publishDoc)
	s.user("POST /v1/docs/{id}/preview", s.deps.Limits.Move, s.previewDoc)
	s.user("POST /v1/docs/{id}/import", write, s.importDoc)
	s.user("POST /v1/docs:import", write, s.importNewDoc)
	s.user("GET /v1/docs/{id}/export", read, s.exportDoc)
	s.user("GET /v1/docs/{id}/invitations", read, s.listInvitations)
	s.user("POST /v1/docs/{id}/invitations", write, s.invite)
	s.user("DELETE /v1/docs/{id}/invitations/{code}", ctrl, s.withdrawInvitation)
	s.user("GET /v1/invitations/{code}", read, s.getInvitation)
	s.user("POST /v1/invitations/{code}/accept", ctrl, s.acceptInvitation)
}

func (s *Server) getDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	content, seq, err := s.deps.Edits.Content(r.Context(), caller, storyID(r), r.URL.Query().Get("version"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocContentOf(storyID(r), seq, content))
	return nil
}

// docState answers with what the state vector sv lacks, all without one, as a Yjs update.
func (s *Server) docState(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	have, err := wire.DecodeVector(r.URL.Query().Get("sv"))
	if err != nil {
		return err
	}
	synced, err := s.deps.Edits.State(r.Context(), caller, storyID(r), have)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", binary)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Doc-Seq", strconv.FormatInt(synced.Seq, 10))
	sendBytes(w, r, synced.Update)
	return nil
}

func (s *Server) uploadUpdate(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	const op = "api.uploadUpdate"
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != binary {
		return errs.E(op, errs.Validation, "The body must be a Yjs update, sent as Content-Type: "+binary+".")
	}
	update, err := io.ReadAll(r.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errs.E(op, errs.PayloadTooLarge, "An upload has at most "+strconv.Itoa(coedit.MaxUpload)+" bytes.")
	}
	if err != nil || len(update) == 0 {
		return &errs.Error{Op: op, Code: errs.Validation, Message: "The body could not be read.", Err: err}
	}
	seq, err := s.deps.Edits.Upload(r.Context(), caller, storyID(r), update)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocPushed{Seq: seq})
	return nil
}

func (s *Server) listNotes(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	list, err := s.deps.Edits.ListNotes(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.EditCommentList{Items: wire.Map(list, wire.EditCommentOf)})
	return nil
}

func (s *Server) passageAuthors(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	runs, err := s.deps.Edits.Authors(r.Context(), caller, storyID(r), r.PathValue("passageId"))
	if err != nil {
		return err
	}
	people := s.profiles(r, wire.Map(runs, func(run coedit.AuthoredRun) auth.UserID { return run.UserID }))
	respond(w, http.StatusOK, wire.DocAuthorsOf(runs, people))
	return nil
}

func (s *Server) profiles(r *http.Request, ids []auth.UserID) map[auth.UserID]user.Profile {
	people := s.deps.People.Profiles(r.Context(), ids)
	delete(people, "") // nobody
	return people
}

func (s *Server) version(r *http.Request, v coedit.Version) wire.DocVersion {
	return wire.DocVersionOf(v, s.profiles(r, []auth.UserID{v.CreatedBy}))
}

func (s *Server) listVersions(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	list, err := s.deps.Edits.ListVersions(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	people := s.profiles(r, wire.Map(list, func(v coedit.Version) auth.UserID { return v.CreatedBy }))
	respond(w, http.StatusOK, wire.DocVersionList{
		Items: wire.Map(list, func(v coedit.Version) wire.DocVersion { return wire.DocVersionOf(v, people) }),
	})
	return nil
}

func (s *Server) nameVersion(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.DocVersionCreate
	if err := body(r, &in); err != nil {
		return err
	}
	v, err := s.deps.Edits.NameVersion(r.Context(), caller, storyID(r), in.Label)
	if err != nil {
		return err
	}
	respond(w, http.StatusCreated, s.version(r, v))
	return nil
}

func (s *Server) versionDiff(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	v, now, then, err := s.deps.Edits.Compare(r.Context(), caller, storyID(r), r.PathValue("version"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocDiffOf(s.version(r, v), now, then))
	return nil
}

func (s *Server) restoreVersion(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	seq, err := s.deps.Edits.Restore(r.Context(), caller, storyID(r), r.PathValue("version"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocPushed{Seq: seq})
	return nil
}

func (s *Server) publishDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.DocPublish
	if err := body(r, &in); err != nil {
		return err
	}
	release, problems, err := s.deps.Edits.Publish(r.Context(), caller, storyID(r), in.MinSeq)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocPublishedOf(release, problems))
	return nil
}

// importDoc replaces what is written by a Twee 3 or Twine 2 file, the body as it is.
func (s *Server) importDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	file, err := raw(r)
	if err != nil {
		return err
	}
	seq, problems, err := s.deps.Edits.ImportFile(r.Context(), caller, storyID(r), r.URL.Query().Get("name"), file)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.DocImported{Seq: seq, Problems: wire.Map(problems, wire.ProblemOf)})
	return nil
}

// importNewDoc makes a story of a Twee 3 or Twine 2 file, whose draft is the
// file as it is: nothing is published, and links in it may still be dead.
func (s *Server) importNewDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	file, err := raw(r)
	if err != nil {
		return err
	}
	k, err := key(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	draft, problems := tale.Read(q.Get("name"), file)
	if tale.Failed(problems) {
		respond(w, http.StatusOK, wire.StoryImported{Problems: wire.Map(problems, wire.ProblemOf)})
		return nil
	}
	made, duplicate, err := s.deps.Stories.Create(r.Context(), caller, story.Draft{
		Title: cmp.Or(q.Get("title"), story.TitleOf(draft.Title, q.Get("name"))), Synopsis: q.Get("synopsis"), Visibility: story.Visibility(q.Get("visibility")), Key: k,
	})
	if err != nil {
		return err
	}
	if _, _, err := s.deps.Edits.ImportFile(r.Context(), caller, made.ID, q.Get("name"), file); err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/docs/"+string(made.ID))
	st := s.story(made)
	respond(w, created(duplicate), wire.StoryImported{Story: &st, Problems: wire.Map(problems, wire.ProblemOf)})
	return nil
}

// exportDoc gives what is written now, or was in a version, as a Twee 3 or Twine 2 file.
func (s *Server) exportDoc(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	q := r.URL.Query()
	format := cmp.Or(q.Get("format"), "twee")
	if format != "twee" && format != "twine" {
		return errs.E("api.exportDoc", errs.Validation, "format must be twee or twine.")
	}
	content, _, err := s.deps.Edits.Content(r.Context(), caller, storyID(r), q.Get("version"))
	if err != nil {
		return err
	}
	draft := content.Draft()
	draft.IFID = tale.IFIDOf([]byte(storyID(r)))
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if format == "twine" {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="story.json"`)
		_, _ = w.Write(draft.Twine()) // a client that has gone is told nothing
		return nil
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="story.twee"`)
	_, _ = w.Write(draft.Twee())
	return nil
}

func (s *Server) listInvitations(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	list, err := s.deps.Edits.ListInvitations(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.InvitationList{Items: wire.Map(list, wire.InvitationOf)})
	return nil
}

func (s *Server) invite(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.InvitationCreate
	if err := body(r, &in); err != nil {
		return err
	}
	role, _ := story.ParseRole(in.Role) // an unknown one is none, which nobody can be invited to
	made, err := s.deps.Edits.Invite(r.Context(), caller, storyID(r), auth.UserID(in.UserID), role)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/invitations/"+made.Code)
	respond(w, http.StatusCreated, wire.InvitationOf(made))
	return nil
}

func (s *Server) withdrawInvitation(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	if err := s.deps.Edits.WithdrawInvitation(r.Context(), caller, storyID(r), r.PathValue("code")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getInvitation(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	i, err := s.deps.Edits.FindInvitation(r.Context(), caller, r.PathValue("code"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.InvitationOf(i))
	return nil
}

func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	i, err := s.deps.Edits.AcceptInvitation(r.Context(), caller, r.PathValue("code"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.InvitationOf(i))
	return nil
}
