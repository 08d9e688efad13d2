package coedit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

const (
	// InvitationTime is how long an invitation can be accepted.
	InvitationTime = 7 * 24 * time.Hour
	// MaxInvitations of one story can be open.
	MaxInvitations = 100

	maxUserID = 255 // bytes
)

// Invitation asks somebody, or whoever has its code, to work on a story.
type Invitation struct {
	Code      string // cannot be guessed
	StoryID   story.ID
	Title     string // of the story
	Role      story.Role
	User      user.Profile // who is invited; zero ID: whoever has the code
	InvitedBy user.Profile
	ExpiresAt time.Time
}

// Invitations keeps invitations. They come back without titles and names.
type Invitations interface {
	// InsertInvitation stores an invitation and drops expired ones. More than
	// limit of a story are refused with VALIDATION.
	InsertInvitation(ctx context.Context, i Invitation, now time.Time, limit int) error
	// Invitation returns an invitation, or an error of code NOT_FOUND.
	Invitation(ctx context.Context, code string) (Invitation, error)
	// InvitationsOf returns those of a story, the newest first.
	InvitationsOf(ctx context.Context, id story.ID, now time.Time) ([]Invitation, error)
	// DeleteInvitation takes one back.
	DeleteInvitation(ctx context.Context, id story.ID, code string) error
}

// Members gives roles, as story.Service does.
type Members interface {
	SetMember(ctx context.Context, caller auth.UserID, id story.ID, userID auth.UserID, role story.Role) (story.Member, error)
}

// Notifications tells people, as notification.Service does.
type Notifications interface {
	Create(ctx context.Context, in notification.Draft) (ns []notification.Notification, duplicate bool, err error)
}

// Invite asks userID, or with an empty one whoever gets the code, to take a
// role in a story; its author may.
func (s *Service) Invite(ctx context.Context, caller auth.UserID, id story.ID, userID auth.UserID, role story.Role) (Invitation, error) {
	const op = "coedit.Invite"
	access, err := s.mayGovern(ctx, op, caller, id)
	if err != nil {
		return Invitation{}, err
	}
	switch {
	case role < story.Viewer || role > story.Editor:
		return Invitation{}, errs.E(op, errs.Validation, "One can be invited as viewer, commenter, player or editor.")
	case len(userID) > maxUserID || !storable(string(userID)):
		return Invitation{}, errs.E(op, errs.Validation, "Somebody is invited by their user id.")
	case userID == caller:
		return Invitation{}, errs.E(op, errs.Validation, "This story is yours already.")
	}
	now := s.now()
	i := Invitation{
		Code: rand.Text(), StoryID: id, Title: access.Title, Role: role,
		User: user.Profile{ID: userID}, InvitedBy: s.deps.People.Profile(ctx, caller), ExpiresAt: now.Add(InvitationTime),
	}
	if err := s.deps.Invitations.InsertInvitation(ctx, i, now, MaxInvitations); err != nil {
		return Invitation{}, errs.Wrap(op, err)
	}
	if userID != "" {
		i.User = s.deps.People.Profile(ctx, userID)
		s.notify(ctx, userID, notification.CoauthorInvited, i, caller,
			fmt.Sprintf("%s invites you to “%s”", i.InvitedBy.DisplayName, i.Title), "/invite/"+i.Code)
	}
	return i, nil
}

func (s *Service) mayGovern(ctx context.Context, op string, caller auth.UserID, id story.ID) (*story.Access, error) {
	access, err := s.deps.Stories.MayRead(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	if access.RoleOf(caller) < story.Author {
		return nil, errs.E(op, errs.Forbidden, "Only the author of a story chooses its members.")
	}
	return access, nil
}

// notify tells somebody of an invitation. It is kept also if that fails: it can be seen in the list.
func (s *Service) notify(ctx context.Context, to auth.UserID, t notification.Type, i Invitation, actor auth.UserID, title, link string) {
	data, _ := json.Marshal(map[string]string{"storyId": string(i.StoryID), "role": i.Role.String()}) // strings always marshal
	if runes := []rune(title); len(runes) > notification.MaxTitle {
		title = string(runes[:notification.MaxTitle-1]) + "…"
	}
	_, _, err := s.deps.Notifications.Create(context.WithoutCancel(ctx), notification.Draft{
		UserIDs: []auth.UserID{to}, Type: t, Title: title, Link: link, Actor: actor, Data: data,
	})
	if err != nil {
		s.opts.Logger.Warn("notify of an invitation", "story", i.StoryID, "error", err)
	}
}

// FindInvitation returns an invitation to somebody who could accept it.
func (s *Service) FindInvitation(ctx context.Context, caller auth.UserID, code string) (Invitation, error) {
	i, _, err := s.invitation(ctx, "coedit.FindInvitation", caller, code)
	return i, err
}

// invitation returns an invitation that caller may accept, and the rules of its story.
func (s *Service) invitation(ctx context.Context, op string, caller auth.UserID, code string) (Invitation, *story.Access, error) {
	i, err := s.deps.Invitations.Invitation(ctx, code)
	gone := errs.E(op, errs.NotFound, "This invitation is not valid any more.")
	if errs.CodeOf(err) == errs.NotFound {
		return Invitation{}, nil, gone
	}
	if err != nil {
		return Invitation{}, nil, errs.Wrap(op, err)
	}
	if i.User.ID != "" && i.User.ID != caller {
		return Invitation{}, nil, gone
	}
	if s.opts.Now().After(i.ExpiresAt) {
		return Invitation{}, nil, errs.E(op, errs.NotFound, "This invitation has expired.")
	}
	// The one who invites stands for the right to do so, also later.
	access, err := s.deps.Stories.MayRead(ctx, i.InvitedBy.ID, i.StoryID)
	if err != nil || access.RoleOf(i.InvitedBy.ID) < story.Author {
		return Invitation{}, nil, gone
	}
	i.Title, i.InvitedBy = access.Title, s.deps.People.Profile(ctx, i.InvitedBy.ID)
	if i.User.ID != "" {
		i.User = s.deps.People.Profile(ctx, i.User.ID)
	}
	return i, access, nil
}

// AcceptInvitation gives caller the role of an invitation, unless they have a higher one.
func (s *Service) AcceptInvitation(ctx context.Context, caller auth.UserID, code string) (Invitation, error) {
	const op = "coedit.AcceptInvitation"
	i, access, err := s.invitation(ctx, op, caller, code)
	if err != nil {
		return Invitation{}, err
	}
	if given := access.Members[caller].Role; caller != access.Author && given < i.Role {
		if _, err := s.deps.Members.SetMember(ctx, i.InvitedBy.ID, i.StoryID, caller, i.Role); err != nil {
			return Invitation{}, err
		}
		who := s.deps.People.Profile(ctx, caller)
		s.notify(ctx, i.InvitedBy.ID, notification.CoauthorAccepted, i, caller,
			fmt.Sprintf("%s works on “%s” with you now", who.DisplayName, i.Title), "/story/"+string(i.StoryID))
	}
	if i.User.ID != "" { // a link stays for others
		if err := s.deps.Invitations.DeleteInvitation(ctx, i.StoryID, code); err != nil {
			return Invitation{}, errs.Wrap(op, err)
		}
	}
	return i, nil
}

// ListInvitations returns the open invitations of a story to its author.
func (s *Service) ListInvitations(ctx context.Context, caller auth.UserID, id story.ID) ([]Invitation, error) {
	const op = "coedit.ListInvitations"
	access, err := s.mayGovern(ctx, op, caller, id)
	if err != nil {
		return nil, err
	}
	list, err := s.deps.Invitations.InvitationsOf(ctx, id, s.now())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	for n := range list {
		i := &list[n]
		i.Title, i.InvitedBy = access.Title, s.deps.People.Profile(ctx, i.InvitedBy.ID)
		if i.User.ID != "" {
			i.User = s.deps.People.Profile(ctx, i.User.ID)
		}
	}
	return list, nil
}

// WithdrawInvitation takes an invitation back; the story's author may.
func (s *Service) WithdrawInvitation(ctx context.Context, caller auth.UserID, id story.ID, code string) error {
	const op = "coedit.WithdrawInvitation"
	if _, err := s.mayGovern(ctx, op, caller, id); err != nil {
		return err
	}
	return errs.Wrap(op, s.deps.Invitations.DeleteInvitation(ctx, id, code))
}
