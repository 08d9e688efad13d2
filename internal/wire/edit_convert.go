package wire

import (
	"encoding/base64"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// editLimits are those of every document.
var editLimits = EditLimits{
	Update: coedit.MaxUpdate, Upload: coedit.MaxUpload, Body: coedit.MaxBody, Passages: coedit.MaxPassages, Units: coedit.MaxUnits,
	State: coedit.MaxState, Name: coedit.MaxName, Tags: coedit.MaxTags, Tag: coedit.MaxTag, Vars: coedit.MaxVars,
	OpenDocs: coedit.MaxOpen, Awareness: coedit.MaxPresence, Unanswered: 8, CoalesceMs: 50, AwarenessSec: 30,
}

// EncodeVector returns a state vector as it stands in a URL.
func EncodeVector(v []byte) string { return base64.RawURLEncoding.EncodeToString(v) }

// DecodeVector is the inverse of [EncodeVector].
func DecodeVector(s string) ([]byte, error) {
	v, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, &errs.Error{Op: "wire.DecodeVector", Code: errs.Validation, Message: "sv is a state vector in base64url.", Err: err}
	}
	return v, nil
}

// EditSyncedOf returns what a client lacks as it travels; url is where it is if it is too large.
func EditSyncedOf(id story.ID, s coedit.Synced, url string) EditSynced {
	return EditSynced{StoryID: string(id), Role: s.Role.String(), Seq: s.Seq, SV: s.Vector, U: s.Update, URL: url}
}

// EditOpenedOf returns an opened document as it travels.
func EditOpenedOf(id story.ID, o coedit.Opened, url string) EditOpened {
	peer := func(p coedit.Peer) EditPeer {
		return EditPeer{ClientID: int64(p.Client), User: UserOf(p.User), Color: p.Color}
	}
	return EditOpened{EditSynced: EditSyncedOf(id, o.Synced, url), AW: o.Awareness, Peers: Map(o.Peers, peer), Limits: editLimits}
}

// AnchorOf returns an anchor as the service knows it.
func AnchorOf(a *EditAnchor) *coedit.Anchor {
	if a == nil {
		return nil
	}
	return &coedit.Anchor{Start: a.Start, End: a.End, Quote: a.Quote}
}

// EditCommentOf returns a note as it travels.
func EditCommentOf(n coedit.Note) EditComment {
	c := EditComment{
		ID: n.ID, StoryID: string(n.StoryID), PassageID: n.PassageID, ParentID: orNull(n.ParentID), Text: n.Text,
		User: UserOf(n.User), CreatedAt: At(n.CreatedAt), ResolvedAt: AtOrNull(n.ResolvedAt), ResolvedBy: userOrNull(n.ResolvedBy),
	}
	if n.Anchor != nil {
		c.Anchor = &EditAnchor{Start: n.Anchor.Start, End: n.Anchor.End, Quote: n.Anchor.Quote}
	}
	return c
}

func userOrNull(p user.Profile) *User {
	if p.ID == "" {
		return nil
	}
	u := UserOf(p)
	return &u
}

// EditReleaseOf returns a release as it travels.
func EditReleaseOf(r coedit.Release) EditRelease {
	return EditRelease{ID: string(r.ID), No: r.No, Seq: r.Seq, PublishedBy: UserOf(r.PublishedBy), PublishedAt: At(r.PublishedAt)}
}

// DocContentOf returns what is written in a document as it travels.
func DocContentOf(id story.ID, seq int64, c coedit.Content) DocContent {
	variable := func(v coedit.Var) DocVar {
		return DocVar{Name: v.Name, Type: v.Type, Init: v.Init, Scope: v.Scope, Doc: v.Doc}
	}
	return DocContent{
		StoryID: string(id), Seq: seq, Title: c.Title, Lang: c.Lang, Start: c.Start,
		Passages: Map(c.Passages, DocPassageOf), Vars: Map(c.Vars, variable),
	}
}

// DocPassageOf returns a passage as it travels.
func DocPassageOf(p coedit.Passage) DocPassage {
	return DocPassage{
		ID: p.ID, Name: p.Name, Body: p.Body, Tags: Map(p.Tags, func(s string) string { return s }),
		Pos: p.Pos[:], Size: p.Size[:], TrashedAt: AtOrNull(p.TrashedAt),
	}
}

// DocVersionOf returns a version as it travels; people has its author.
func DocVersionOf(v coedit.Version, people map[auth.UserID]user.Profile) DocVersion {
	return DocVersion{
		ID: v.ID, Seq: v.Seq, Kind: string(v.Kind), Label: v.Label, CreatedBy: userOrNull(people[v.CreatedBy]), CreatedAt: At(v.CreatedAt),
	}
}

// DocDiffOf returns what going back to a version would change.
func DocDiffOf(v DocVersion, now, then coedit.Content) DocDiff {
	d := DocDiff{Version: v, Passages: []DocPassageDiff{}, Fields: coedit.ChangedFields(now, then)}
	for _, c := range coedit.ChangedPassages(now, then) {
		diff := DocPassageDiff{Change: "changed", Text: []DocTextRun{}}
		var from, to string
		if c.Now != nil {
			p := DocPassageOf(*c.Now)
			diff.ID, diff.Now, from = p.ID, &p, p.Body
		}
		if c.Then != nil {
			p := DocPassageOf(*c.Then)
			diff.ID, diff.Then, to = p.ID, &p, p.Body
		}
		switch {
		case c.Now == nil:
			diff.Change = "added"
		case c.Then == nil:
			diff.Change = "removed"
		}
		for _, run := range coedit.DiffText(from, to) {
			diff.Text = append(diff.Text, DocTextRun{Op: string(run.Op), Text: run.Text})
		}
		d.Passages = append(d.Passages, diff)
	}
	return d
}

// DocAuthorsOf returns who wrote what; people has the authors.
func DocAuthorsOf(runs []coedit.AuthoredRun, people map[auth.UserID]user.Profile) DocAuthors {
	return DocAuthors{Runs: Map(runs, func(r coedit.AuthoredRun) DocAuthorRun {
		return DocAuthorRun{User: userOrNull(people[r.UserID]), Text: r.Text}
	})}
}

// DocPublishedOf returns what became of an attempt to publish.
func DocPublishedOf(r *coedit.Release, problems []tale.Problem) DocPublished {
	p := DocPublished{Problems: Map(problems, ProblemOf)}
	if r != nil {
		release := EditReleaseOf(*r)
		p.Release = &release
	}
	return p
}

// InvitationOf returns an invitation as it travels.
func InvitationOf(i coedit.Invitation) Invitation {
	return Invitation{
		Code: i.Code, StoryID: string(i.StoryID), Title: i.Title, Role: i.Role.String(), User: userOrNull(i.User),
		InvitedBy: UserOf(i.InvitedBy), ExpiresAt: At(i.ExpiresAt),
	}
}
