package coedit_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// memory is a database in maps, for one story.
type memory struct {
	mu       sync.Mutex
	state    []byte
	stateSeq int64
	updates  []coedit.Update // from seq first on
	first    int64
	owners   map[uint64]auth.UserID
	refused  []coedit.Refused
	versions []coedit.Version // newest first
	states   map[string][]byte
	notes    []coedit.Note
	invited  []coedit.Invitation
	keep     int // updates behind the saved state
}

func newMemory() *memory {
	return &memory{first: 1, owners: map[uint64]auth.UserID{}, states: map[string][]byte{}, keep: 5}
}

func (m *memory) head() int64 { return m.first + int64(len(m.updates)) - 1 }

func (m *memory) Document(context.Context, story.ID) (coedit.Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	saved := coedit.Saved{Head: m.head(), Seq: m.stateSeq, Data: m.state}
	for _, u := range m.updates {
		if u.Seq > m.stateSeq {
			saved.Tail = append(saved.Tail, u)
		}
	}
	return saved, nil
}

func (m *memory) Updates(_ context.Context, _ story.ID, after int64, limit int) ([]coedit.Update, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []coedit.Update
	for _, u := range m.updates {
		if u.Seq > after && len(list) < limit {
			list = append(list, u)
		}
	}
	return list, nil
}

func (m *memory) Append(_ context.Context, _ story.ID, e coedit.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.After != coedit.Anywhere && e.After != m.head() {
		return 0, coedit.ErrConflict
	}
	for client, userID := range e.Clients {
		if owner, ok := m.owners[client]; ok && owner != userID {
			return 0, &coedit.ForeignClientError{Client: client, Owner: owner}
		}
	}
	for client, userID := range e.Clients {
		m.owners[client] = userID
	}
	m.updates = append(m.updates, coedit.Update{Seq: m.head() + 1, Data: slices.Clone(e.Data)})
	return m.head(), nil
}

func (m *memory) Heads(_ context.Context, ids []story.ID) (map[story.ID]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return map[story.ID]int64{ids[0]: m.head()}, nil
}

func (m *memory) Compact(_ context.Context, _ story.ID, seq int64, state []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq <= m.stateSeq {
		return nil
	}
	m.state, m.stateSeq = slices.Clone(state), seq
	for len(m.updates) > 0 && m.first <= seq-int64(m.keep) {
		m.updates, m.first = m.updates[1:], m.first+1
	}
	return nil
}

func (m *memory) Quarantine(_ context.Context, _ story.ID, r coedit.Refused) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = append(m.refused, r)
	return nil
}

func (m *memory) DropRefused(_ context.Context, before time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := len(m.refused)
	m.refused = slices.DeleteFunc(m.refused, func(r coedit.Refused) bool { return r.At.Before(before) })
	return int64(all - len(m.refused)), nil
}

func (m *memory) Documents(_ context.Context, after story.ID, _ int) ([]story.ID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after != "" || m.head() == 0 {
		return nil, nil
	}
	return []story.ID{lighthouse}, nil
}

func (m *memory) WritersOf(_ context.Context, _ story.ID, clients []uint64) (map[uint64]auth.UserID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	owners := map[uint64]auth.UserID{}
	for _, c := range clients {
		if owner, ok := m.owners[c]; ok {
			owners[c] = owner
		}
	}
	return owners, nil
}

func (m *memory) InsertVersion(_ context.Context, _ story.ID, v coedit.Version, state []byte) (coedit.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.versions {
		if old := &m.versions[i]; old.Seq == v.Seq && old.Kind == v.Kind {
			old.Label = cmp.Or(v.Label, old.Label)
			return *old, nil
		}
	}
	m.versions = slices.Insert(m.versions, 0, v)
	m.states[v.ID] = slices.Clone(state)
	return v, nil
}

func (m *memory) VersionsOf(context.Context, story.ID) ([]coedit.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.versions), nil
}

func (m *memory) VersionState(_ context.Context, _ story.ID, id string) (coedit.Version, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.versions, func(v coedit.Version) bool { return v.ID == id })
	if i < 0 {
		return coedit.Version{}, nil, errs.E("", errs.NotFound, "no version")
	}
	return m.versions[i], m.states[id], nil
}

func (m *memory) DropVersions(_ context.Context, _ story.ID, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.versions = slices.DeleteFunc(m.versions, func(v coedit.Version) bool { return slices.Contains(ids, v.ID) })
	return nil
}

func (m *memory) InsertNote(_ context.Context, n coedit.Note, _ int) (coedit.Note, error) {
	m.notes = append(m.notes, n)
	return n, nil
}

func (m *memory) note(id string) *coedit.Note {
	for i := range m.notes {
		if m.notes[i].ID == id {
			return &m.notes[i]
		}
	}
	return nil
}

func (m *memory) Note(_ context.Context, _ story.ID, id string) (coedit.Note, error) {
	if n := m.note(id); n != nil {
		return *n, nil
	}
	return coedit.Note{}, errs.E("", errs.NotFound, "no note")
}

func (m *memory) NotesOf(context.Context, story.ID) ([]coedit.Note, error) {
	return slices.Clone(m.notes), nil
}

func (m *memory) ResolveNote(_ context.Context, _ story.ID, id string, by auth.UserID, at time.Time) (coedit.Note, error) {
	n := m.note(id)
	if n == nil {
		return coedit.Note{}, errs.E("", errs.NotFound, "no note")
	}
	n.ResolvedAt, n.ResolvedBy = at, user.Profile{ID: by}
	return *n, nil
}

func (m *memory) InsertInvitation(_ context.Context, i coedit.Invitation, _ time.Time, _ int) error {
	m.invited = append(m.invited, i)
	return nil
}

func (m *memory) Invitation(_ context.Context, code string) (coedit.Invitation, error) {
	for _, i := range m.invited {
		if i.Code == code {
			return i, nil
		}
	}
	return coedit.Invitation{}, errs.E("", errs.NotFound, "no invitation")
}

func (m *memory) InvitationsOf(context.Context, story.ID, time.Time) ([]coedit.Invitation, error) {
	return slices.Clone(m.invited), nil
}

func (m *memory) DeleteInvitation(_ context.Context, _ story.ID, code string) error {
	m.invited = slices.DeleteFunc(m.invited, func(i coedit.Invitation) bool { return i.Code == code })
	return nil
}

// roles are the members of the one story; whoever is none may not read it.
type roles struct {
	mu      sync.Mutex
	members map[auth.UserID]story.Role
}

func (r *roles) MayRead(_ context.Context, caller auth.UserID, id story.ID) (*story.Access, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := &story.Access{ID: id, Title: "The Lighthouse", Author: "ada", Visibility: story.Private, Members: map[auth.UserID]story.Grant{}}
	for userID, role := range r.members {
		a.Members[userID] = story.Grant{Role: role}
	}
	if a.RoleOf(caller) < story.Viewer {
		return nil, errs.E("", errs.Forbidden, "not yours")
	}
	return a, nil
}

func (r *roles) SetMember(_ context.Context, _ auth.UserID, _ story.ID, userID auth.UserID, role story.Role) (story.Member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[userID] = role
	return story.Member{User: user.Profile{ID: userID}, Role: role}, nil
}

type people struct{}

func (people) Profile(_ context.Context, id auth.UserID) user.Profile {
	return user.Profile{ID: id, DisplayName: string(id) + "!"}
}

func (p people) Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile {
	all := map[auth.UserID]user.Profile{}
	for _, id := range ids {
		all[id] = p.Profile(ctx, id)
	}
	return all
}

// inbox keeps what people are notified of.
type inbox struct{ drafts []notification.Draft }

func (i *inbox) Create(_ context.Context, in notification.Draft) ([]notification.Notification, bool, error) {
	i.drafts = append(i.drafts, in)
	return nil, false, nil
}

// shelf publishes what compiles.
type shelf struct{ drafts []*tale.Draft }

func (s *shelf) Publish(_ context.Context, caller auth.UserID, _ story.ID, d *tale.Draft) (story.Published, error) {
	if _, problems := d.Compile(); tale.Failed(problems) {
		return story.Published{Problems: problems}, nil
	}
	s.drafts = append(s.drafts, d)
	return story.Published{Release: story.Release{ID: "r", No: len(s.drafts), By: caller}}, nil
}

var errDown = errors.New("the database is gone")
