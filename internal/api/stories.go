package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) createStory(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.StoryCreate
	if err := body(r, &in); err != nil {
		return err
	}
	k, err := key(r)
	if err != nil {
		return err
	}
	made, duplicate, err := s.deps.Stories.Create(r.Context(), caller, story.Draft{
		Title: in.Title, Synopsis: in.Synopsis, Body: in.Body, Visibility: story.Visibility(in.Visibility), Key: k,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/stories/"+string(made.ID))
	respond(w, created(duplicate), s.story(made))
	return nil
}

func (s *Server) listStories(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	n, err := limit(r)
	if err != nil {
		return err
	}
	page, err := s.deps.Stories.List(r.Context(), caller, story.Query{Cursor: r.URL.Query().Get("cursor"), Limit: n})
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.PageOf(wire.Map(page.Items, s.story), page.NextCursor))
	return nil
}

func (s *Server) getStory(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	found, err := s.deps.Stories.Get(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, s.story(found))
	return nil
}

func (s *Server) listMembers(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	members, err := s.deps.Stories.Members(r.Context(), caller, storyID(r))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.PageOf(wire.Map(members, wire.MemberOf), ""))
	return nil
}

func (s *Server) putMember(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.MemberPut
	if err := body(r, &in); err != nil {
		return err
	}
	role, ok := story.ParseRole(in.Role)
	if !ok {
		return errs.E("api.putMember", errs.Validation, "role must be viewer, commenter, player or editor.")
	}
	member, err := s.deps.Stories.SetMember(r.Context(), caller, storyID(r), auth.UserID(r.PathValue("userId")), role)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.MemberOf(member))
	return nil
}

func (s *Server) deleteMember(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	err := s.deps.Stories.RemoveMember(r.Context(), caller, storyID(r), auth.UserID(r.PathValue("userId")))
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) story(st story.Story) wire.Story {
	return wire.StoryOf(st, s.deps.Presence.Readers(st.ID))
}

func storyID(r *http.Request) story.ID { return story.ID(r.PathValue("id")) }
