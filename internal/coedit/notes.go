package coedit

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// Limits of notes.
const (
	MaxNote    = 2_000 // runes
	MaxNotes   = 2_000 // of one document
	MaxQuote   = 500   // runes
	MaxAnchor  = 256   // bytes of a relative position, in base64
	MaxCommand = 64    // bytes
)

// Note is what somebody remarks on a passage, or on a piece of its text.
type Note struct {
	ID         string
	StoryID    story.ID
	PassageID  string
	ParentID   string  // of the note it replies to; empty: none
	Anchor     *Anchor // nil: on the whole passage
	Text       string
	User       user.Profile
	CreatedAt  time.Time
	ResolvedAt time.Time // zero: open
	ResolvedBy user.Profile
	Command    string // the author's nonce
}

// Anchor is a piece of text: two Yjs relative positions in base64, and what stood there.
type Anchor struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Quote string `json:"quote"`
}

// Notes keeps notes. They come back without the names of people, which the service adds.
type Notes interface {
	// InsertNote stores a note, or returns the one its author has stored with
	// the same non-empty command. More than limit of a story are refused with VALIDATION.
	InsertNote(ctx context.Context, n Note, limit int) (Note, error)
	// Note returns a note, or an error of code NOT_FOUND.
	Note(ctx context.Context, id story.ID, note string) (Note, error)
	// NotesOf returns the notes of a story, oldest first.
	NotesOf(ctx context.Context, id story.ID) ([]Note, error)
	// ResolveNote settles a note, or opens it again with a zero time.
	ResolveNote(ctx context.Context, id story.ID, note string, by auth.UserID, at time.Time) (Note, error)
}

// AddNote stores a note of somebody who may comment, and tells everybody who has the document open.
func (s *Service) AddNote(ctx context.Context, caller auth.UserID, n Note) (Note, error) {
	const op = "coedit.AddNote"
	n.Text = strings.TrimSpace(n.Text)
	if err := checkNote(op, n); err != nil {
		return Note{}, err
	}
	if err := s.mayNote(ctx, op, caller, n.StoryID); err != nil {
		return Note{}, err
	}
	if n.ParentID != "" {
		parent, err := s.deps.Notes.Note(ctx, n.StoryID, n.ParentID)
		if err != nil {
			return Note{}, errs.Wrap(op, err)
		}
		if parent.ParentID != "" {
			n.ParentID = parent.ParentID // a reply to a reply belongs to the same note
		}
		n.PassageID, n.Anchor = parent.PassageID, nil
	}
	n.ID, n.CreatedAt, n.User = s.opts.NewID(), s.now(), user.Profile{ID: caller}
	stored, err := s.deps.Notes.InsertNote(ctx, n, MaxNotes)
	if err != nil {
		return Note{}, errs.Wrap(op, err)
	}
	return s.tellNote(ctx, stored), nil
}

// tellNote adds the names and tells everybody.
func (s *Service) tellNote(ctx context.Context, n Note) Note {
	s.name(ctx, &n)
	s.deps.Publisher.NoteChanged(n.StoryID, n)
	return n
}

func (s *Service) mayNote(ctx context.Context, op string, caller auth.UserID, id story.ID) error {
	access, err := s.deps.Stories.MayRead(ctx, caller, id)
	if err != nil {
		return err
	}
	if access.RoleOf(caller) < story.Commenter {
		return errs.E(op, errs.Forbidden, "Your role in this story does not allow this.")
	}
	return nil
}

func checkNote(op string, n Note) error {
	refuse := func(format string, args ...any) error {
		return errs.E(op, errs.Validation, fmt.Sprintf(format, args...))
	}
	switch {
	case n.Text == "" || !storable(n.Text) || utf8.RuneCountInString(n.Text) > MaxNote:
		return refuse("A note has 1 to %d characters.", MaxNote)
	case len(n.Command) > MaxCommand || !storable(n.Command):
		return refuse("A cmdId is text of at most %d bytes.", MaxCommand)
	case n.ParentID == "" && !isPassageID(n.PassageID):
		return refuse("A note needs the passage it is about.")
	case n.Anchor == nil:
		return nil
	case !isPosition(n.Anchor.Start) || !isPosition(n.Anchor.End):
		return refuse("An anchor has two relative positions in base64.")
	case !storable(n.Anchor.Quote) || utf8.RuneCountInString(n.Anchor.Quote) > MaxQuote:
		return refuse("A quote has at most %d characters.", MaxQuote)
	}
	return nil
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func isPosition(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil && s != "" && len(s) <= MaxAnchor
}

// ListNotes returns the notes of a story, oldest first, to those who may comment.
func (s *Service) ListNotes(ctx context.Context, caller auth.UserID, id story.ID) ([]Note, error) {
	const op = "coedit.ListNotes"
	if err := s.mayNote(ctx, op, caller, id); err != nil {
		return nil, err
	}
	list, err := s.deps.Notes.NotesOf(ctx, id)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	for i := range list {
		s.name(ctx, &list[i])
	}
	return list, nil
}

// ResolveNote settles a note with its replies, or opens it again; the authors may.
func (s *Service) ResolveNote(ctx context.Context, caller auth.UserID, id story.ID, note string, resolved bool) (Note, error) {
	const op = "coedit.ResolveNote"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return Note{}, err
	}
	var at time.Time
	if resolved {
		at = s.now()
	}
	n, err := s.deps.Notes.ResolveNote(ctx, id, note, caller, at)
	if err != nil {
		return Note{}, errs.Wrap(op, err)
	}
	return s.tellNote(ctx, n), nil
}

func (s *Service) name(ctx context.Context, n *Note) {
	n.User = s.deps.People.Profile(ctx, n.User.ID)
	if n.ResolvedBy.ID != "" {
		n.ResolvedBy = s.deps.People.Profile(ctx, n.ResolvedBy.ID)
	}
}
