package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) listComments(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	n, err := limit(r)
	if err != nil {
		return err
	}
	page, err := s.deps.Comments.List(r.Context(), caller, comment.Query{StoryID: storyID(r), Cursor: r.URL.Query().Get("cursor"), Limit: n})
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.CommentPageOf(page))
	return nil
}

func (s *Server) createComment(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.CommentCreate
	if err := body(r, &in); err != nil {
		return err
	}
	k, err := key(r)
	if err != nil {
		return err
	}
	made, duplicate, err := s.deps.Comments.Post(r.Context(), caller, comment.Draft{
		StoryID: storyID(r), Content: in.Content, ParentID: comment.ID(in.ParentID), CID: k,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/comments/"+string(made.ID))
	respond(w, created(duplicate), wire.CommentOf(made))
	return nil
}

func (s *Server) getComment(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	found, err := s.deps.Comments.Get(r.Context(), caller, comment.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.CommentOf(found))
	return nil
}

// postTyping is for clients without a socket; they count as one connection of
// the user and say so again before their typing expires.
func (s *Server) postTyping(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.TypingPost
	if err := body(r, &in); err != nil {
		return err
	}
	if err := s.deps.Comments.SetTyping(r.Context(), caller, "rest:"+string(caller), storyID(r), *in.IsTyping); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
