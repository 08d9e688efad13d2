package play

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// Get returns a party to one of its members, as it is stored now, and what they are in it.
func (s *Service) Get(ctx context.Context, caller auth.UserID, id ID) (r Result, role string, err error) {
	const op = "play.Get"
	row, err := s.row(ctx, id)
	if err != nil {
		return Result{}, "", err
	}
	if role, err = s.role(ctx, caller, row.State); err != nil {
		return Result{}, "", err
	}
	r, err = s.result(ctx, row)
	return r, role, errs.Wrap(op, err)
}

// role returns what caller is in a party, or an error of code NOT_FOUND for a
// stranger: one answer for all parties tells nothing of any.
func (s *Service) role(ctx context.Context, caller auth.UserID, state *State) (string, error) {
	const op = "play.role"
	if seat := state.seat(caller); seat != nil && !seat.gone() {
		return MemberPlayer, nil
	}
	role, err := s.deps.Store.PlayRole(ctx, state.ID, caller)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	if role == "" {
		if seat := state.seat(caller); seat != nil && seat.Conn == KickedOut {
			return "", errs.E(op, errs.Kicked, "You were sent away from this party.")
		}
		return "", errs.E(op, errs.NotFound, "There is no such party, or you are not in it.")
	}
	return role, nil
}

// Sync attaches caller, who has a Link, to a party, and returns it with the
// events after a position; events is nil if there are too many, or a round is
// among them, so that the state says it better.
func (s *Service) Sync(ctx context.Context, caller auth.UserID, id ID, since int64) (r Result, role string, events []Event, err error) {
	const op = "play.Sync"
	if r, role, err = s.Get(ctx, caller, id); err != nil {
		return r, role, nil, err
	}
	if role == MemberPlayer && r.State.Status != Ended {
		s.links.mu.Lock()
		k := s.links.all[member{id, caller}]
		s.links.mu.Unlock()
		if k != nil {
			s.attach(ctx, id, caller, k.epoch)
			if r, role, err = s.Get(ctx, caller, id); err != nil {
				return r, role, nil, err
			}
		}
	}
	missed := r.State.Seq - since
	if since <= 0 || missed < 0 || missed > MaxEvents {
		return r, role, nil, nil
	}
	list, err := s.deps.Store.PlayEvents(ctx, id, since, MaxEvents)
	if err != nil {
		return r, role, nil, errs.Wrap(op, err)
	}
	if int64(len(list)) != missed { // the party ended long ago: its log is gone
		return r, role, nil, nil
	}
	if slices.ContainsFunc(list, func(e Event) bool { return e.Type == Rounded || e.Type == ForOne || e.Type == Rewound }) {
		return r, role, nil, nil
	}
	for i := range list {
		list[i].After = r.State // the round is the same: what it says now is true
	}
	return r, role, append([]Event{}, list...), nil
}

// Log returns at most MaxPage events after a position to one of the members,
// with nothing in them that is not for caller.
func (s *Service) Log(ctx context.Context, caller auth.UserID, id ID, after int64) ([]Event, Result, error) {
	r, _, err := s.Get(ctx, caller, id)
	if err != nil {
		return nil, r, err
	}
	list, err := s.deps.Store.PlayEvents(ctx, id, after, MaxPage)
	return list, r, errs.Wrap("play.Log", err)
}

// List returns the parties of caller, the latest first; of one story unless it is empty.
func (s *Service) List(ctx context.Context, caller auth.UserID, of story.ID) ([]Seen, map[auth.UserID]user.Profile, error) {
	list, err := s.deps.Store.PlaysOf(ctx, caller, of, MaxPage)
	if err != nil {
		return nil, nil, errs.Wrap("play.List", err)
	}
	var users []auth.UserID
	for _, seen := range list {
		users = append(users, seen.State.users()...)
	}
	return list, s.deps.People.Profiles(ctx, users), nil
}

// Book returns the compiled release of a party.
func (s *Service) Book(ctx context.Context, id story.ReleaseID) (*tale.Book, error) {
	return s.book(ctx, id)
}

// People returns who has or had a seat.
func (s *Service) People(ctx context.Context, state *State) map[auth.UserID]user.Profile {
	return s.deps.People.Profiles(ctx, state.users())
}

// Watchers returns how many spectators a party has; 0 if that cannot be read.
func (s *Service) Watchers(ctx context.Context, id ID) int {
	n, err := s.deps.Store.Watchers(ctx, id)
	if err != nil {
		s.opts.Logger.Warn("count the spectators", "party", id, "error", err)
	}
	return n
}

// Node returns the id of this node.
func (s *Service) Node() string { return s.opts.Node }

// Say stores what a member says and tells the party.
func (s *Service) Say(ctx context.Context, caller auth.UserID, id ID, text, cmdID string) (Message, bool, error) {
	const op = "play.Say"
	text = strings.TrimSpace(text)
	switch {
	case text == "" || !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return Message{}, false, errs.E(op, errs.Validation, "Say something that can be shown.")
	case utf8.RuneCountInString(text) > MaxText:
		return Message{}, false, errs.E(op, errs.Validation, fmt.Sprintf("A message has at most %d characters.", MaxText))
	}
	if err := checkCmdID(cmdID); err != nil {
		return Message{}, false, err
	}
	if _, _, err := s.Get(ctx, caller, id); err != nil {
		return Message{}, false, err
	}
	m, duplicate, err := s.deps.Store.InsertMessage(ctx, Message{PlayID: id, User: user.Profile{ID: caller}, Text: text, CmdID: cmdID, At: s.now()})
	if err != nil {
		return Message{}, false, errs.Wrap(op, err)
	}
	m.User = s.deps.People.Profile(ctx, caller)
	if !duplicate {
		s.deps.Publisher.PlaySaid(context.WithoutCancel(ctx), m)
	}
	return m, duplicate, nil
}

// Messages returns at most MaxPage of what was said below an id (0: all), newest first, to one of the members.
func (s *Service) Messages(ctx context.Context, caller auth.UserID, id ID, below int64) ([]Message, error) {
	if _, _, err := s.Get(ctx, caller, id); err != nil {
		return nil, err
	}
	list, err := s.deps.Store.Messages(ctx, id, below, MaxPage)
	if err != nil {
		return nil, errs.Wrap("play.Messages", err)
	}
	ids := make([]auth.UserID, len(list))
	for i := range list {
		ids[i] = list[i].User.ID
	}
	people := s.deps.People.Profiles(ctx, ids)
	for i := range list {
		list[i].User = people[list[i].User.ID]
	}
	return list, nil
}

// Invite tells people of a party; its players may. Only who may read the story is told.
func (s *Service) Invite(ctx context.Context, caller auth.UserID, id ID, users []auth.UserID) ([]auth.UserID, error) {
	const op = "play.Invite"
	if len(users) == 0 || len(users) > MaxInvited {
		return nil, errs.E(op, errs.Validation, fmt.Sprintf("An invitation goes to 1 to %d people.", MaxInvited))
	}
	r, role, err := s.Get(ctx, caller, id)
	switch {
	case err != nil:
		return nil, err
	case role != MemberPlayer:
		return nil, errs.E(op, errs.NotEligible, "Only players invite others.")
	case r.State.Status == Ended:
		return nil, errs.E(op, errs.WrongState, "This party has ended.")
	}
	invited := []auth.UserID{}
	for _, to := range users {
		if to == caller || to == "" || len(to) > notification.MaxUserID {
			continue
		}
		if _, err := s.deps.Stories.MayRead(ctx, to, r.State.StoryID); err == nil {
			invited = append(invited, to)
		}
	}
	s.invite(r.State, caller, invited)
	return invited, nil
}

func (s *Service) invite(state *State, by auth.UserID, to []auth.UserID) {
	for _, one := range to {
		s.send(state, notification.PlayInvited, []auth.UserID{one}, by, "Come and play “"+state.Title+"”", "invite:"+string(state.ID)[:min(len(state.ID), 36)]+":"+digest(one))
	}
}

// Rematch makes another party of one that has ended, for the same players.
func (s *Service) Rematch(ctx context.Context, caller auth.UserID, id ID, cmdID string) (Result, error) {
	const op = "play.Rematch"
	old, _, err := s.Get(ctx, caller, id)
	switch {
	case err != nil:
		return Result{}, err
	case old.State.Status != Ended:
		return Result{}, errs.E(op, errs.WrongState, "The party has not ended.")
	case old.State.Host != caller:
		return Result{}, errs.E(op, errs.NotHost, "Only the host can do this.")
	case old.State.Rematch != "":
		return s.resultOf(ctx, old.State.Rematch)
	}
	made, err := s.Create(ctx, caller, Draft{StoryID: old.State.StoryID, ReleaseID: old.State.ReleaseID, Change: old.State.Settings.change(), CmdID: "rematch:" + cmdID[:min(len(cmdID), 48)]})
	if err != nil {
		return Result{}, err
	}
	if _, err := s.do(ctx, id, Cmd{Kind: GoOn, ID: CommandID(caller, cmdID), Actor: caller, Next: made.State.ID}); err != nil && errs.CodeOf(err) != errs.WrongState {
		return Result{}, err
	}
	var others []auth.UserID
	for _, seat := range old.State.Seats {
		if seat.User != caller && !seat.gone() {
			others = append(others, seat.User)
		}
	}
	s.invite(made.State, caller, others)
	return made, nil
}

func (s *Service) resultOf(ctx context.Context, id ID) (Result, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return Result{}, err
	}
	return s.result(ctx, row)
}

// change returns the change from any settings to these.
func (s Settings) change() Change {
	mode := string(s.Mode)
	return Change{
		Mode: &mode, Pace: &s.Pace, Votes: &s.Votes, Tie: &s.Tie, LateJoin: &s.LateJoin, Audience: &s.Audience, TimerSec: &s.TimerSec,
		MinPlayers: &s.MinPlayers, MaxPlayers: &s.MaxPlayers, MaxWatchers: &s.MaxWatchers, Locked: new(bool), StickyHost: &s.StickyHost,
	}
}

// digest returns a short name of a user, for a key.
func digest(id auth.UserID) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}
