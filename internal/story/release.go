package story

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

// ReleaseID names a release.
type ReleaseID string

// Release is a version of a story that can be played. It never changes: whoever
// plays one plays it to its end, whatever is published meanwhile.
type Release struct {
	ID       ReleaseID
	StoryID  ID
	Title    string // what the story is called from now on; empty: as before. It is not kept
	No       int    // 1, 2, 3 ... in each story
	Content  []byte // JSON of a tale.Tale
	SHA      string // SHA-256 of Content in hexadecimal
	Warnings []tale.Problem
	By       auth.UserID
	At       time.Time
}

// Tale returns the content.
func (r *Release) Tale() (*tale.Tale, error) { return tale.Decode(r.Content) }

// ReleaseStore keeps releases.
type ReleaseStore interface {
	// InsertRelease stores r with the story's next number and gives the story its
	// title, or returns the release of the story that has the same SHA, with existed set.
	InsertRelease(ctx context.Context, r Release) (stored Release, existed bool, err error)
	// Release returns a release, or an error of code NOT_FOUND.
	Release(ctx context.Context, id ReleaseID) (Release, error)
	// LatestRelease returns the last release of a story, or an error of code NOT_FOUND.
	LatestRelease(ctx context.Context, id ID) (Release, error)
}

// Published is what became of a draft.
type Published struct {
	Release  Release        // zero if a problem is an error
	Existed  bool           // the same content had been published before
	Problems []tale.Problem // of severity error: nothing was published
}

// MayEdit returns the story's rules if caller may write and publish it.
func (s *Service) MayEdit(ctx context.Context, caller auth.UserID, id ID) (*Access, error) {
	return s.may(ctx, "story.MayEdit", caller, id, Editor)
}

// Publish makes a release of a draft. The same content makes no second one.
func (s *Service) Publish(ctx context.Context, caller auth.UserID, id ID, d *tale.Draft) (Published, error) {
	if _, err := s.MayEdit(ctx, caller, id); err != nil {
		return Published{}, err
	}
	t, problems := d.Compile()
	if t == nil {
		return Published{Problems: problems}, nil
	}
	p, err := s.release(ctx, caller, id, titleFor(t), t, problems)
	if err == nil && !p.Existed {
		s.tellTitle(id)
	}
	return p, err
}

// titleFor returns what a story is called whose release t is; empty: as before.
func titleFor(t *tale.Tale) string {
	title := strings.TrimSpace(t.Title)
	if !text(title) || utf8.RuneCountInString(title) > MaxTitle {
		return ""
	}
	return title
}

func (s *Service) release(ctx context.Context, caller auth.UserID, id ID, title string, t *tale.Tale, warnings []tale.Problem) (Published, error) {
	content := t.Encode()
	sum := sha256.Sum256(content)
	r, existed, err := s.store.InsertRelease(ctx, Release{
		ID: ReleaseID(s.opts.NewID()), StoryID: id, Title: title, Content: content, SHA: hex.EncodeToString(sum[:]),
		Warnings: warnings, By: caller, At: s.now(),
	})
	if err != nil {
		return Published{}, errs.Wrap("story.Publish", err)
	}
	return Published{Release: r, Existed: existed, Problems: warnings}, nil
}

// Imported is what became of a file.
type Imported struct {
	Story     Story // zero if a problem is an error
	Duplicate bool  // it is the story made before with the same key or ID
	Published
}

// Import makes a story of a Twee 3 or Twine 2 file and publishes it. Title, Body
// and what else is empty in draft come from the file; file is its name, for
// problems. Where a problem is an error, nothing is stored.
func (s *Service) Import(ctx context.Context, caller auth.UserID, draft Draft, file string, data []byte) (Imported, error) {
	t, problems := tale.Import(file, data)
	if t == nil {
		return Imported{Published: Published{Problems: problems}}, nil
	}
	book, err := tale.Open(t)
	if err != nil {
		return Imported{}, errs.Wrap("story.Import", err)
	}
	if draft.Title == "" {
		draft.Title = TitleOf(t.Title, file)
	}
	if draft.Body == "" {
		draft.Body = book.Reader(nil, nil, "", nil).Text(book.Passages[book.Start])
	}
	st, duplicate, err := s.Create(ctx, caller, draft)
	if err != nil {
		return Imported{}, err
	}
	p, err := s.release(ctx, caller, st.ID, "", t, problems)
	if err != nil {
		return Imported{}, err
	}
	st.Release = p.Release.No
	return Imported{Story: st, Duplicate: duplicate, Published: p}, nil
}

// TitleOf returns what a story from a file is called: as it says itself, or else as the file.
func TitleOf(title, file string) string {
	name, _, _ := strings.Cut(file, ".")
	for _, candidate := range []string{title, name} {
		if candidate = strings.TrimSpace(candidate); candidate != "" {
			return candidate
		}
	}
	return "Untitled"
}

// LatestRelease returns the release that new parties play, to whoever may read the story.
func (s *Service) LatestRelease(ctx context.Context, caller auth.UserID, id ID) (Release, error) {
	if _, err := s.MayRead(ctx, caller, id); err != nil {
		return Release{}, err
	}
	r, err := s.store.LatestRelease(ctx, id)
	return r, errs.Wrap("story.LatestRelease", err)
}

// Release returns a release. It decides nothing about rights.
func (s *Service) Release(ctx context.Context, id ReleaseID) (Release, error) {
	const op = "story.Release"
	if id == "" || len(id) > MaxID {
		return Release{}, errs.E(op, errs.NotFound, "There is no such release.")
	}
	r, err := s.store.Release(ctx, id)
	return r, errs.Wrap(op, err)
}
