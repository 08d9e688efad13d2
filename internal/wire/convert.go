package wire

import (
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// UserOf returns p as it travels.
func UserOf(p user.Profile) User {
	return User{ID: string(p.ID), DisplayName: p.DisplayName, AvatarURL: orNull(p.AvatarURL)}
}

// StoryOf returns s as it travels; readers are in it now.
func StoryOf(s story.Story, readers int) Story {
	return Story{
		ID:           string(s.ID),
		Title:        s.Title,
		Synopsis:     s.Synopsis,
		Body:         s.Body,
		CoverColor:   s.CoverColor,
		Author:       UserOf(s.Author),
		Visibility:   string(s.Visibility),
		Role:         s.Role.String(),
		CommentCount: s.CommentCount,
		Readers:      readers,
		Release:      s.Release,
		CreatedAt:    At(s.CreatedAt),
	}
}

// MemberOf returns m as it travels.
func MemberOf(m story.Member) Member {
	return Member{User: UserOf(m.User), Role: m.Role.String()}
}

// CommentOf returns c as it travels.
func CommentOf(c comment.Comment) Comment {
	return Comment{
		ID:        string(c.ID),
		StoryID:   string(c.StoryID),
		Seq:       c.Seq,
		Epoch:     c.Epoch,
		ParentID:  orNull(string(c.ParentID)),
		Content:   c.Content,
		User:      UserOf(c.User),
		CreatedAt: At(c.CreatedAt),
		CID:       c.CID,
	}
}

// CommentPageOf returns p as it travels.
func CommentPageOf(p comment.Page) CommentPage {
	return CommentPage{Items: Map(p.Items, CommentOf), NextCursor: orNull(p.NextCursor), Epoch: p.Seq.Epoch, Seq: p.Seq.Seq}
}

// TypingOf returns who has started or stopped writing, as it travels.
func TypingOf(t comment.TypingChange) Typing {
	return Typing{StoryID: string(t.StoryID), UserID: string(t.User.ID), IsTyping: t.Typing, User: UserOf(t.User)}
}

// NotificationOf returns n as it travels.
func NotificationOf(n notification.Notification) Notification {
	out := Notification{
		ID:        string(n.ID),
		UserID:    string(n.UserID),
		UserIDToo: string(n.UserID),
		Type:      string(n.Type),
		Title:     n.Title,
		Body:      n.Body,
		Link:      orNull(n.Link),
		Data:      n.Data,
		CreatedAt: At(n.CreatedAt),
		ReadAt:    AtOrNull(n.ReadAt),
	}
	if n.Actor.ID != "" {
		actor := UserOf(n.Actor)
		out.Actor = &actor
	}
	return out
}

// NotificationPageOf returns p as it travels.
func NotificationPageOf(p notification.Page) NotificationPage {
	return NotificationPage{Items: Map(p.Items, NotificationOf), NextCursor: orNull(p.NextCursor), Counts: CountsOf(p.Counts)}
}

// CountsOf returns c as it travels.
func CountsOf(c notification.Counts) Counts { return Counts{Unread: c.Unread, Rev: c.Rev} }

// PresenceUserOf returns m as it travels.
func PresenceUserOf(m presence.Member) PresenceUser {
	p := PresenceUser{
		UserID: string(m.User.ID), User: UserOf(m.User), Since: At(m.Since),
		Status: string(m.Mood.Attention()), State: m.Mood.State,
	}
	if a := m.Mood.Activity; a != nil {
		p.Activity = &Activity{Kind: string(a.Kind), StoryID: ID(a.StoryID), PassageID: a.PassageID}
	}
	return p
}

// PresenceUpdateOf returns what u changes.
func PresenceUpdateOf(u PresenceUpdate) presence.Update {
	update := presence.Update{State: u.State, Invisible: u.Invisible}
	if u.Status != nil {
		a := presence.Availability(*u.Status)
		update.Availability = &a
	}
	if a := u.Activity; a != nil {
		update.Activity = &presence.Activity{Kind: presence.Doing(a.Kind), StoryID: story.ID(a.StoryID), PassageID: a.PassageID}
	}
	return update
}

// PresenceStatusesOf returns who is there as it travels.
func PresenceStatusesOf(statuses map[auth.UserID]presence.Status) PresenceStatuses {
	items := make(map[string]UserStatus, len(statuses))
	for id, s := range statuses {
		if s.Online {
			items[string(id)] = UserStatus{Status: string(s.Availability)}
		} else {
			items[string(id)] = UserStatus{Status: "offline", LastSeenAt: AtOrNull(s.LastSeenAt)}
		}
	}
	return PresenceStatuses{Items: items}
}

// StoryCountOf returns c as it travels.
func StoryCountOf(id story.ID, c presence.Count) StoryCount {
	return StoryCount{
		StoryID: string(id), Online: c.Online, Readers: c.Online - c.Playing - c.Editing,
		Players: c.Playing, Editors: c.Editing,
	}
}

// PresenceDiffOf returns d as it travels.
func PresenceDiffOf(d presence.Diff) PresenceDiff {
	leave := func(g presence.Gone) PresenceLeave {
		return PresenceLeave{UserID: string(g.UserID), LastSeenAt: At(g.LastSeenAt)}
	}
	return PresenceDiff{
		StoryID: string(d.StoryID),
		Joins:   Map(d.Joins, PresenceUserOf),
		Leaves:  Map(d.Leaves, leave),
		Updates: Map(d.Updates, PresenceUserOf),
		Count:   d.Count.Online,
		Seq:     d.Seq,
	}
}

// PresenceUsersOf returns who is in a story as it travels.
func PresenceUsersOf(s presence.Snapshot) PresenceUsers {
	return PresenceUsers{
		Users:   Map(s.Members, func(m presence.Member) string { return string(m.User.ID) }),
		StoryID: string(s.StoryID),
		Members: Map(s.Members, PresenceUserOf),
		Count:   s.Count.Online,
		Seq:     s.Seq,
	}
}

// UserIDs returns the ids as features know them.
func UserIDs(ids []ID) []auth.UserID {
	return Map(ids, func(id ID) auth.UserID { return auth.UserID(id) })
}

// PageOf returns one page of items as they travel.
func PageOf[T any](items []T, cursor string) Page[T] {
	return Page[T]{Items: items, NextCursor: orNull(cursor)}
}

// Map returns f of every item; the result is never nil, so that JSON has a list.
func Map[In, Out any](items []In, f func(In) Out) []Out {
	out := make([]Out, len(items))
	for i, item := range items {
		out[i] = f(item)
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// MarkOf returns what a client wants marked as read, over the connection origin.
func MarkOf(in NotificationRead, origin string) notification.Mark {
	id := func(id ID) notification.ID { return notification.ID(id) }
	return notification.Mark{IDs: Map(in.IDs, id), All: in.All, Origin: origin}
}

// MarkedOf returns what became read, as it travels back.
func MarkedOf(m notification.Marked) NotificationReadDone {
	return NotificationReadDone{Changed: notificationIDs(m.IDs), Counts: CountsOf(m.Counts)}
}

// NotificationUpdatedOf returns what became read, for the user's other connections.
func NotificationUpdatedOf(m notification.Marked) NotificationUpdated {
	return NotificationUpdated{
		IDs:    notificationIDs(m.IDs),
		All:    m.All,
		Patch:  NotificationPatch{ReadAt: At(m.ReadAt)},
		Counts: CountsOf(m.Counts),
	}
}

func notificationIDs(ids []notification.ID) []string {
	return Map(ids, func(id notification.ID) string { return string(id) })
}
