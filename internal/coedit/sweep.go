package coedit

import (
	"context"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

const (
	sweepRound = 24 * time.Hour // each document is looked at once in it
	sweepEvery = time.Minute    // so many documents at a time:
	sweepBatch = 50

	// QuarantineTime is how long a refused update is kept.
	QuarantineTime = 7 * 24 * time.Hour
)

// sweep looks after documents that nobody opens, until ctx ends: what a node
// that died has not saved, versions and trash whose time has come. Nodes that
// do the same at once do no harm.
func (s *Service) sweep(ctx context.Context) {
	timer := time.NewTimer(sweepEvery)
	defer timer.Stop()
	var after story.ID
	began := s.opts.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		pause := sweepEvery
		switch last, more, err := s.sweepSome(ctx, after); {
		case err != nil && ctx.Err() == nil:
			s.opts.Logger.Warn("look after the documents", "error", err)
		case more:
			after = last
		default:
			pause = max(pause, sweepRound-s.opts.Now().Sub(began))
			after, began = "", s.opts.Now().Add(pause)
		}
		timer.Reset(pause)
	}
}

// sweepSome looks after some documents, and says which was the last and whether there are more.
func (s *Service) sweepSome(ctx context.Context, after story.ID) (last story.ID, more bool, err error) {
	if _, err := s.deps.Log.DropRefused(ctx, s.now().Add(-QuarantineTime)); err != nil {
		return after, false, err
	}
	ids, err := s.deps.Log.Documents(ctx, after, sweepBatch)
	if err != nil || len(ids) == 0 {
		return after, false, err
	}
	for _, id := range ids {
		if err := s.tidy(ctx, id); err != nil && ctx.Err() == nil { // the next round, then
			s.opts.Logger.Warn("look after a document", "story", id, "error", err)
		}
	}
	return ids[len(ids)-1], len(ids) == sweepBatch, nil
}

// tidy thins the versions of a document, saves what is only in the log, and
// empties the trash.
func (s *Service) tidy(ctx context.Context, id story.ID) error {
	if err := s.thinVersions(ctx, id); err != nil {
		return err
	}
	saved, err := s.deps.Log.Document(ctx, id)
	if err != nil {
		return err
	}
	if len(saved.Tail) == 0 {
		doc, err := yjs.Load(saved.Data)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(contentOf(doc).Passages, trashedBefore(s.now().Add(-trashTime))) {
			return nil
		}
	}
	_, err = ask(ctx, s, id, func(ctx context.Context, r *room) (struct{}, error) {
		err := r.purge(ctx)
		r.save()
		return struct{}{}, err
	})
	return err
}

func trashedBefore(t time.Time) func(Passage) bool {
	return func(p Passage) bool { return !p.TrashedAt.IsZero() && p.TrashedAt.Before(t) }
}
