package story

import (
	"cmp"
	"context"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/user"
)

// maxUserID is the longest user id that is taken as a member, in bytes.
const maxUserID = 255

// Members returns the members of a story, its author first, then as they came; to whoever may read it.
func (s *Service) Members(ctx context.Context, caller auth.UserID, id ID) ([]Member, error) {
	const op = "story.Members"
	a, err := s.MayRead(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	st, err := s.store.Story(ctx, id)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	members := make([]Member, 0, 1+len(a.Members))
	members = append(members, Member{User: st.Author, Role: Author, Since: st.CreatedAt})
	for userID, g := range a.Members {
		members = append(members, Member{User: user.Profile{ID: userID}, Role: g.Role, Since: g.Since})
	}
	slices.SortFunc(members[1:], func(a, b Member) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User.ID, b.User.ID))
	})
	ids := make([]auth.UserID, len(members))
	for i, m := range members {
		ids[i] = m.User.ID
	}
	people := s.people.Profiles(ctx, ids)
	for i := range members {
		members[i].User = people[members[i].User.ID]
	}
	return members, nil
}

// SetMember gives userID a role (Viewer..Editor); only the author may.
func (s *Service) SetMember(ctx context.Context, caller auth.UserID, id ID, userID auth.UserID, role Role) (Member, error) {
	const op = "story.SetMember"
	if role < Viewer || role > Editor {
		return Member{}, errs.E(op, errs.Validation, "A member is a viewer, commenter, player or editor.")
	}
	a, err := s.mayGovern(ctx, op, caller, id, userID)
	if err != nil {
		return Member{}, err
	}
	m := Member{User: s.people.Profile(ctx, userID), Role: role, Since: s.now()}
	if err := s.setMember(ctx, op, a, userID, role, m); err != nil {
		return Member{}, err
	}
	return m, nil
}

// RemoveMember takes userID's role away; the author may, and everybody for themselves.
func (s *Service) RemoveMember(ctx context.Context, caller auth.UserID, id ID, userID auth.UserID) error {
	const op = "story.RemoveMember"
	var a *Access
	var err error
	if caller == userID {
		a, err = s.MayRead(ctx, caller, id)
	} else {
		a, err = s.mayGovern(ctx, op, caller, id, userID)
	}
	if err != nil {
		return err
	}
	if userID == a.Author {
		return errs.E(op, errs.Validation, "The author of a story stays its author.")
	}
	return s.setMember(ctx, op, a, userID, None, Member{Since: s.now()})
}

// mayGovern returns the story's rules if caller may change the role of userID.
func (s *Service) mayGovern(ctx context.Context, op string, caller auth.UserID, id ID, userID auth.UserID) (*Access, error) {
	a, err := s.MayRead(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	switch {
	case a.RoleOf(caller) < Author:
		return nil, errs.E(op, errs.Forbidden, "Only the author of a story chooses its members.")
	case userID == "" || len(userID) > maxUserID || !text(string(userID)):
		return nil, errs.E(op, errs.Validation, "A member is named by a user id.")
	case userID == a.Author:
		return nil, errs.E(op, errs.Validation, "The author of a story stays its author.")
	}
	return a, nil
}

func (s *Service) setMember(ctx context.Context, op string, a *Access, userID auth.UserID, role Role, m Member) error {
	err := s.store.SetMember(ctx, a.ID, userID, role, m.Since, MaxMembers)
	// Also after an error: the store may have changed before it failed.
	s.cache.forget(a.ID)
	if err != nil {
		return errs.Wrap(op, err)
	}
	after := Access{Author: a.Author, Visibility: a.Visibility, Members: map[auth.UserID]Grant{userID: {Role: role}}}
	s.tellAccess(context.WithoutCancel(ctx), a.ID, userID, after.RoleOf(userID))
	return nil
}
