package coedit

import (
	"context"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// Sketch is a document at a seq, to be tried as it stands.
type Sketch struct {
	*tale.Sketch
	Seq   int64
	Start tale.PassageID // empty or unknown: the story does not say where it begins
}

// Sketch returns what is written, once the document has come to minSeq, to
// somebody who may read the story. Trying it changes nothing.
func (s *Service) Sketch(ctx context.Context, caller auth.UserID, id story.ID, minSeq int64) (Sketch, error) {
	if _, err := s.deps.Stories.MayRead(ctx, caller, id); err != nil {
		return Sketch{}, err
	}
	now, err := s.reached(ctx, id, minSeq)
	if err != nil {
		return Sketch{}, err
	}
	d := now.Draft()
	return Sketch{Sketch: d.Sketch(), Seq: now.seq, Start: d.Start}, nil
}
