package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// posted is a comment as the answer to comment:new.
type posted struct {
	wire.Comment
	duplicate bool
}

func (p posted) repeated() bool { return p.duplicate }

// newComment stores a comment. It is stored also if the connection ends
// meanwhile: who sends and leaves wants it said.
func (g *Gateway) newComment(ctx context.Context, s *session, in wire.CommentNew) (posted, error) {
	c, duplicate, err := g.deps.Comments.Post(context.WithoutCancel(ctx), s.user.ID, comment.Draft{
		StoryID:  story.ID(in.StoryID),
		Content:  in.Content,
		ParentID: comment.ID(in.ParentID),
		CID:      in.CID,
		Origin:   s.sid,
	})
	if err != nil {
		return posted{}, err
	}
	return posted{wire.CommentOf(c), duplicate}, nil
}

func (g *Gateway) listComments(ctx context.Context, s *session, in wire.CommentList) (wire.CommentPage, error) {
	page, err := g.deps.Comments.List(ctx, s.user.ID, comment.Query{StoryID: story.ID(in.StoryID), Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return wire.CommentPage{}, err
	}
	return wire.CommentPageOf(page), nil
}

// setTyping says that the user types. Whoever may not, or is not there, is
// ignored unless they ask for an answer: a lost sign of typing is no failure.
func (g *Gateway) setTyping(ctx context.Context, s *session, in wire.CommentTyping) (wire.CommentTyping, error) {
	id := story.ID(in.StoryID)
	if !s.has(id) {
		return in, silent{errs.E("gateway.setTyping", errs.NotJoined, "Join the story before typing in it.")}
	}
	if err := g.deps.Comments.SetTyping(ctx, s.user.ID, s.id, id, *in.IsTyping); err != nil {
		return in, silent{err}
	}
	return in, nil
}

// silent is an error that makes no exception: only an acknowledgement tells it.
type silent struct{ error }

func (e silent) Unwrap() error { return e.error }
