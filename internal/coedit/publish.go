package coedit

import (
	"context"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/yjs"
)

const (
	publishWait  = 2 * time.Second // for an update of another node
	publishRetry = 50 * time.Millisecond
	trashTime    = 30 * 24 * time.Hour
)

// Release is a document as readers and players have it.
type Release struct {
	ID          string
	No          int // 1, 2, 3 ... in each story
	Seq         int64
	PublishedBy user.Profile
	PublishedAt time.Time
}

// Problem is what the linter finds in a story.
type Problem struct {
	Error     bool // nothing can be published; else a warning
	Code      string
	PassageID string // empty: it is about the story
	Passage   string // its name
	Message   string
}

// Draft is a document to be published.
type Draft struct {
	StoryID story.ID
	Content Content // without the trash
	Seq     int64
	By      auth.UserID
	At      time.Time
}

// Releases checks and keeps what is published.
type Releases interface {
	// Publish stores a release unless the linter finds an error, which is
	// among the problems then. The same content again gives the release that there is.
	Publish(ctx context.Context, d Draft) (release *Release, problems []Problem, err error)
}

// Publish makes a release of the document once it has come to minSeq. It is
// nil where the problems have an error.
func (s *Service) Publish(ctx context.Context, caller auth.UserID, id story.ID, minSeq int64) (*Release, []Problem, error) {
	const op = "coedit.Publish"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return nil, nil, err
	}
	now, err := s.reached(ctx, id, minSeq)
	if err != nil {
		return nil, nil, err
	}
	release, problems, err := s.deps.Releases.Publish(ctx, Draft{
		StoryID: id, Content: now.withoutTrash(), Seq: now.seq, By: caller, At: s.now(),
	})
	if err != nil || release == nil {
		return nil, problems, errs.Wrap(op, err)
	}
	release.PublishedBy = s.deps.People.Profile(ctx, release.PublishedBy.ID)
	_, err = ask(ctx, s, id, func(ctx context.Context, r *room) (Version, error) {
		return r.version(ctx, PublishVersion, "", caller)
	})
	if err != nil { // it is published all the same
		s.opts.Logger.Warn("keep the version of a release", "story", id, "error", err)
	}
	s.deps.Publisher.DocPublished(id, *release)
	return release, problems, nil
}

// reached returns the content once the document has come to a seq.
func (s *Service) reached(ctx context.Context, id story.ID, seq int64) (moment, error) {
	late := time.After(publishWait)
	for {
		now, err := s.current(ctx, id)
		if err != nil || now.seq >= seq {
			return now, err
		}
		select {
		case <-late:
			return moment{}, &errs.Error{Op: "coedit.Publish", Code: errs.Conflict, Message: "Some changes have not arrived yet. Try again in a moment.", RetryAfter: time.Second}
		case <-ctx.Done():
			return moment{}, errs.Wrap("coedit.Publish", ctx.Err())
		case <-time.After(publishRetry):
		}
	}
}

func (c Content) withoutTrash() Content {
	kept := make([]Passage, 0, len(c.Passages))
	for _, p := range c.Passages {
		if p.TrashedAt.IsZero() {
			kept = append(kept, p)
		}
	}
	c.Passages = kept
	return c
}

// purge deletes what has been in the trash for long. It is done while nobody
// is here, as deleting a passage takes away what somebody writes in it at the same time.
func (r *room) purge(ctx context.Context) error {
	if r.doc == nil || len(r.members) > 0 {
		return nil
	}
	before := r.s.now().Add(-trashTime)
	old := func(p Passage) bool { return !p.TrashedAt.IsZero() && p.TrashedAt.Before(before) }
	if !slices.ContainsFunc(contentOf(r.doc).Passages, old) {
		return nil
	}
	_, err := r.write(ctx, func(doc *yjs.Doc) ([]byte, error) {
		return doc.Edit(serverID, func(tx *yjs.Txn) error {
			passages := doc.Root(rootPassages, yjs.Map)
			for _, p := range contentOf(doc).Passages {
				if !old(p) {
					continue
				}
				if err := tx.Unset(passages, p.ID); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return err
}
