package coedit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

// VersionKind says why a version was kept.
type VersionKind string

// Kinds of versions.
const (
	AutoVersion    VersionKind = "auto"
	NamedVersion   VersionKind = "named"
	PublishVersion VersionKind = "publish"
	RestoreVersion VersionKind = "restore" // as it was before a restore
	ImportVersion  VersionKind = "import"  // as it was before an import
)

const (
	// MaxVersions of a document are kept.
	MaxVersions = 500
	// MaxLabel is the longest name of a version, in runes.
	MaxLabel = 100

	autoVersionAfter = 10 * time.Minute // of activity
	restoreRetries   = 5
)

// Version is a kept state of a document.
type Version struct {
	ID        string
	Seq       int64
	Kind      VersionKind
	Label     string
	CreatedBy auth.UserID // empty: the server
	CreatedAt time.Time
}

// Versions keeps states of documents.
type Versions interface {
	// InsertVersion keeps a state, or returns the version of the same document, seq and kind
	// that there is: under the new label, if there is a new one.
	InsertVersion(ctx context.Context, id story.ID, v Version, state []byte) (Version, error)
	// VersionsOf returns the versions of a document, newest first.
	VersionsOf(ctx context.Context, id story.ID) ([]Version, error)
	// VersionState returns a version with its state, or an error of code NOT_FOUND.
	VersionState(ctx context.Context, id story.ID, version string) (Version, []byte, error)
	// DropVersions forgets versions.
	DropVersions(ctx context.Context, id story.ID, versions []string) error
}

// versioned is when the last version was kept.
type versioned struct {
	seq int64
	at  time.Time // the first change after it; zero: there is none
}

// keepVersion keeps an automatic version after some minutes of activity.
func (r *room) keepVersion() {
	switch {
	case r.doc == nil || r.seq == r.versioned.seq:
		r.versioned.at = time.Time{}
	case r.versioned.at.IsZero():
		r.versioned.at = r.s.opts.Now()
	case r.s.opts.Now().Sub(r.versioned.at) >= autoVersionAfter:
		r.keepVersionNow()
	}
}

// keepVersionNow keeps an automatic version of what has changed.
func (r *room) keepVersionNow() {
	if r.doc == nil || r.seq == r.versioned.seq {
		return
	}
	ctx, cancel := r.context()
	defer cancel()
	if _, err := r.version(ctx, AutoVersion, "", ""); err != nil {
		r.s.opts.Logger.Warn("keep a version", "story", r.id, "error", err)
	}
}

// version keeps the document as it is, and drops what is too much.
func (r *room) version(ctx context.Context, kind VersionKind, label string, by auth.UserID) (Version, error) {
	v := Version{ID: r.s.opts.NewID(), Seq: r.seq, Kind: kind, Label: label, CreatedBy: by, CreatedAt: r.s.now()}
	v, err := r.s.deps.Versions.InsertVersion(ctx, r.id, v, r.doc.EncodeState(nil))
	if err != nil {
		return Version{}, err
	}
	r.versioned = versioned{seq: r.seq}
	return v, r.s.thinVersions(ctx, r.id)
}

// thinVersions drops what need not be kept.
func (s *Service) thinVersions(ctx context.Context, id story.ID) error {
	all, err := s.deps.Versions.VersionsOf(ctx, id)
	if err != nil {
		return err
	}
	if spare := Spare(all, s.now()); len(spare) > 0 {
		return s.deps.Versions.DropVersions(ctx, id, spare)
	}
	return nil
}

// Spare returns the ids of those versions that need not be kept: of the
// automatic ones all of the last day stay, one of each hour of a week, and one
// of each day of 90 days. all is ordered from new to old.
func Spare(all []Version, now time.Time) (ids []string) {
	kept := 0
	var last time.Time // of the automatic version kept before, which is newer
	for _, v := range all {
		keep := kept < MaxVersions
		if v.Kind == AutoVersion && keep {
			keep = thin(v.CreatedAt, last, now)
		}
		if !keep {
			ids = append(ids, v.ID)
			continue
		}
		kept++
		if v.Kind == AutoVersion {
			last = v.CreatedAt
		}
	}
	return ids
}

func thin(at, newer, now time.Time) (keep bool) {
	const day = 24 * time.Hour
	switch age := now.Sub(at); {
	case age < day:
		return true
	case age < 7*day:
		return !at.Truncate(time.Hour).Equal(newer.Truncate(time.Hour))
	case age < 90*day:
		return !at.Truncate(day).Equal(newer.Truncate(day))
	}
	return false
}

// mayWrite returns an error unless caller may write in the story.
func (s *Service) mayWrite(ctx context.Context, op string, caller auth.UserID, id story.ID) (*story.Access, error) {
	access, err := s.deps.Stories.MayRead(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	if access.RoleOf(caller) < story.Editor {
		return nil, errs.E(op, errs.Forbidden, "Only the authors of a story can do this.")
	}
	return access, nil
}

// ListVersions returns the versions of a document, newest first, to its authors.
func (s *Service) ListVersions(ctx context.Context, caller auth.UserID, id story.ID) ([]Version, error) {
	const op = "coedit.ListVersions"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return nil, err
	}
	list, err := s.deps.Versions.VersionsOf(ctx, id)
	return list, errs.Wrap(op, err)
}

// NameVersion keeps the document as it is now under a name.
func (s *Service) NameVersion(ctx context.Context, caller auth.UserID, id story.ID, label string) (Version, error) {
	const op = "coedit.NameVersion"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return Version{}, err
	}
	label = strings.TrimSpace(label)
	if label == "" || utf8.RuneCountInString(label) > MaxLabel || !utf8.ValidString(label) || strings.ContainsRune(label, 0) {
		return Version{}, errs.E(op, errs.Validation, "A version has a name of 1 to 100 characters.")
	}
	return ask(ctx, s, id, func(ctx context.Context, r *room) (Version, error) {
		v, err := r.version(ctx, NamedVersion, label, caller)
		return v, errs.Wrap(op, err)
	})
}

// Content returns what is written in the document now, or was in a version
// (empty: now), to its authors.
func (s *Service) Content(ctx context.Context, caller auth.UserID, id story.ID, version string) (Content, int64, error) {
	const op = "coedit.Content"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return Content{}, 0, err
	}
	if version == "" {
		now, err := s.current(ctx, id)
		return now.Content, now.seq, err
	}
	v, content, err := s.versionContent(ctx, op, id, version)
	return content, v.Seq, err
}

// moment is the content at a seq.
type moment struct {
	Content
	seq int64
}

func (s *Service) current(ctx context.Context, id story.ID) (moment, error) {
	return ask(ctx, s, id, func(_ context.Context, r *room) (moment, error) { return moment{contentOf(r.doc), r.seq}, nil })
}

func (s *Service) versionContent(ctx context.Context, op string, id story.ID, version string) (Version, Content, error) {
	v, state, err := s.deps.Versions.VersionState(ctx, id, version)
	if err != nil {
		return Version{}, Content{}, errs.Wrap(op, err)
	}
	doc, err := yjs.Load(state)
	if err != nil {
		return Version{}, Content{}, errs.Wrap(op, err)
	}
	return v, contentOf(doc), nil
}

// Compare returns the content now, and that of a version.
func (s *Service) Compare(ctx context.Context, caller auth.UserID, id story.ID, version string) (v Version, now, then Content, err error) {
	const op = "coedit.Compare"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return v, now, then, err
	}
	if v, then, err = s.versionContent(ctx, op, id, version); err != nil {
		return v, now, then, err
	}
	m, err := s.current(ctx, id)
	return v, m.Content, then, err
}

// Restore writes what a version holds as a new edit, after keeping the
// document as it is: what others write meanwhile, here or offline, is merged.
func (s *Service) Restore(ctx context.Context, caller auth.UserID, id story.ID, version string) (seq int64, err error) {
	const op = "coedit.Restore"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return 0, err
	}
	_, then, err := s.versionContent(ctx, op, id, version)
	if err != nil {
		return 0, err
	}
	return s.replace(ctx, op, caller, id, RestoreVersion, then)
}

// Import replaces what is written by content of elsewhere, in the same way.
func (s *Service) Import(ctx context.Context, caller auth.UserID, id story.ID, content Content) (seq int64, err error) {
	const op = "coedit.Import"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return 0, err
	}
	return s.replace(ctx, op, caller, id, ImportVersion, content)
}

func (s *Service) replace(ctx context.Context, op string, caller auth.UserID, id story.ID, kind VersionKind, then Content) (int64, error) {
	return ask(ctx, s, id, func(ctx context.Context, r *room) (int64, error) {
		if _, err := r.version(ctx, kind, "", caller); err != nil {
			return 0, errs.Wrap(op, err)
		}
		for range restoreRetries {
			seq, err := r.write(ctx, func(doc *yjs.Doc) ([]byte, error) {
				return doc.Edit(serverID, func(tx *yjs.Txn) error {
					return then.become(tx, doc, contentOf(doc), s.now())
				})
			})
			if err == nil || !errors.Is(err, ErrConflict) {
				return seq, errs.Wrap(op, err)
			}
		}
		return 0, errBusy
	})
}

// AuthoredRun is a piece of text that one person wrote.
type AuthoredRun struct {
	UserID auth.UserID // empty: the server, from a version or an import
	Text   string
}

// Authors returns who wrote what of a passage's text.
func (s *Service) Authors(ctx context.Context, caller auth.UserID, id story.ID, passage string) ([]AuthoredRun, error) {
	const op = "coedit.Authors"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return nil, err
	}
	return ask(ctx, s, id, func(ctx context.Context, r *room) ([]AuthoredRun, error) {
		body := bodyOf(r.doc.Root(rootPassages, yjs.Map), passage)
		if body == nil {
			return nil, errs.E(op, errs.NotFound, "There is no such passage.")
		}
		var clients []uint64
		for client := range body.Runs() {
			clients = append(clients, client)
		}
		slices.Sort(clients)
		if err := r.know(ctx, slices.Compact(clients)...); err != nil {
			return nil, errs.Wrap(op, err)
		}
		runs := []AuthoredRun{}
		for client, text := range body.Runs() {
			owner := r.writers[client]
			if n := len(runs); n > 0 && runs[n-1].UserID == owner {
				runs[n-1].Text += text
				continue
			}
			runs = append(runs, AuthoredRun{owner, text})
		}
		return runs, nil
	})
}
