package coedit

import (
	"context"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
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
	ID          story.ReleaseID
	No          int   // 1, 2, 3 ... in each story
	Seq         int64 // of the document
	PublishedBy user.Profile
	PublishedAt time.Time
}

// Publish makes a release of the document once it has come to minSeq. It is
// nil where one of the problems is an error. The same content makes no second one.
func (s *Service) Publish(ctx context.Context, caller auth.UserID, id story.ID, minSeq int64) (*Release, []tale.Problem, error) {
	const op = "coedit.Publish"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return nil, nil, err
	}
	now, err := s.reached(ctx, id, minSeq)
	if err != nil {
		return nil, nil, err
	}
	made, err := s.deps.Releases.Publish(ctx, caller, id, now.Draft())
	if err != nil || made.Release.ID == "" {
		return nil, made.Problems, errs.Wrap(op, err)
	}
	release := &Release{
		ID: made.Release.ID, No: made.Release.No, Seq: now.seq,
		PublishedBy: s.deps.People.Profile(ctx, made.Release.By), PublishedAt: made.Release.At,
	}
	if made.Existed {
		return release, made.Problems, nil
	}
	_, err = ask(ctx, s, id, func(ctx context.Context, r *room) (Version, error) {
		return r.version(ctx, PublishVersion, "", caller)
	})
	if err != nil { // it is published all the same
		s.opts.Logger.Warn("keep the version of a release", "story", id, "error", err)
	}
	s.deps.Publisher.DocPublished(id, *release)
	return release, made.Problems, nil
}

// reached returns the content once the document has come to a seq.
func (s *Service) reached(ctx context.Context, id story.ID, seq int64) (moment, error) {
	late := time.After(publishWait)
	for {
		now, err := ask(ctx, s, id, func(_ context.Context, r *room) (int64, error) { return r.seq, nil })
		if err != nil {
			return moment{}, err
		}
		if now >= seq {
			return s.current(ctx, id)
		}
		select {
		case <-late:
			return moment{}, &errs.Error{Op: "coedit.reached", Code: errs.Conflict, Message: "Some changes have not arrived yet. Try again in a moment.", RetryAfter: time.Second}
		case <-ctx.Done():
			return moment{}, errs.Wrap("coedit.reached", ctx.Err())
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
	old := trashedBefore(r.s.now().Add(-trashTime))
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
