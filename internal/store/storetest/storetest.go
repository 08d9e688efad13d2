// Package storetest is the suite that every store must pass.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/recovery"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// Store is what a database does for all features.
type Store interface {
	coedit.Invitations
	coedit.Log
	coedit.Notes
	coedit.Versions
	coedit.Writers
	comment.Store
	notification.Store
	play.Store
	presence.Store
	recovery.Store
	story.Store
	user.Store
	History
}

// History reads durable events by their positions, as the gateway does.
type History interface {
	Epoch() string
	Head(ctx context.Context) (int64, error)
	StoryComments(ctx context.Context, id story.ID, after int64, limit int) ([]comment.Comment, error)
	InboxNews(ctx context.Context, id auth.UserID, after int64, limit int) ([]notification.Stored, []notification.Read, error)
	Committed(ctx context.Context, after, upTo int64) ([]comment.Comment, []notification.Stored, []notification.Read, error)
}

// noon is when the tests happen.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run runs the suite; open returns an empty store that is closed when its test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"CommentsAreNumberedPerStory", commentsAreNumberedPerStory},
		{"CommentsArePagedNewestFirst", commentsArePagedNewestFirst},
		{"CommentInNoStoryIsNotFound", commentInNoStoryIsNotFound},
		{"CommentIsReadAsStored", commentIsReadAsStored},
		{"CIDGivesTheFirstComment", cidGivesTheFirstComment},
		{"CIDIsTheAuthorsOwn", cidIsTheAuthorsOwn},
		{"CIDIsFreeAfterItsWindow", cidIsFreeAfterItsWindow},
		{"CIDOfManyAtOnceIsOneComment", cidOfManyAtOnceIsOneComment},
		{"CommittedIsToldInOrder", committedIsToldInOrder},
		{"FailedCommentLeavesNothing", failedCommentLeavesNothing},
		{"PositionsRiseByOne", positionsRiseByOne},
		{"StoryIsReadAsStored", storyIsReadAsStored},
		{"StoryKeyGivesTheFirstStory", storyKeyGivesTheFirstStory},
		{"StoriesAreListedForTheirReaders", storiesAreListedForTheirReaders},
		{"MembersComeAndGo", membersComeAndGo},
		{"ReleasesAreNumberedPerStory", releasesAreNumberedPerStory},
		{"ReleaseIsReadAsStored", releaseIsReadAsStored},
		{"PartyIsReadAsStored", partyIsReadAsStored},
		{"PartyIsWrittenByOneOfTwo", partyIsWrittenByOneOfTwo},
		{"PartyCommandIsStoredOnce", partyCommandIsStoredOnce},
		{"OldLogsOfPartiesAreForgotten", oldLogsAreForgotten},
		{"PartiesAreFoundByWhatIsDue", partiesAreFoundByWhatIsDue},
		{"PartyNodesComeAndGo", partyNodesComeAndGo},
		{"PartyMembersAreListed", partyMembersAreListed},
		{"PartyTalkIsKept", partyTalkIsKept},
		{"NotificationsAreCounted", notificationsAreCounted},
		{"NotificationsArePaged", notificationsArePaged},
		{"NotificationKeyGivesTheFirst", notificationKeyGivesTheFirst},
		{"MarkReadChangesOnlyOnesOwn", markReadChangesOnlyOnesOwn},
		{"UpdatesAreOrderedPerStory", updatesAreOrderedPerStory},
		{"UpdateFollowsTheHeadItNames", updateFollowsTheHeadItNames},
		{"UpdatesOfManyAtOnceHaveOneOrder", updatesOfManyAtOnceHaveOneOrder},
		{"ClientIDIsWhoseItWasFirst", clientIDIsWhoseItWasFirst},
		{"SavedStateReplacesItsUpdates", savedStateReplacesItsUpdates},
		{"RefusedUpdateIsKept", refusedUpdateIsKept},
		{"DocumentsAreListed", documentsAreListed},
		{"VersionsAreKept", versionsAreKept},
		{"NotesAreKept", notesAreKept},
		{"InvitationsExpire", invitationsExpire},
		{"ProfilesAreReplaced", profilesAreReplaced},
		{"LastSeenNeverGoesBack", lastSeenNeverGoesBack},
		{"WhoHidesIsRemembered", whoHidesIsRemembered},
		{"SessionsGoFromOwnerToOwner", sessionsGoFromOwnerToOwner},
		{"SessionsExpire", sessionsExpire},
		{"HistoryIsReadByPosition", historyIsReadByPosition},
		{"InboxNewsIsReadByPosition", inboxNewsIsReadByPosition},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func newStory(t *testing.T, st Store, id story.ID, author auth.UserID, v story.Visibility) story.Story {
	t.Helper()
	s := story.Story{ID: id, Title: "Title of " + string(id), Visibility: v, CreatedAt: noon, Author: user.Profile{ID: author}}
	s, _, err := st.CreateStory(t.Context(), s, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newComment returns a comment that is not stored.
func newComment(id string, in story.ID, by auth.UserID, cid string) comment.Comment {
	return comment.Comment{
		ID: comment.ID(id), StoryID: in, Content: "content of " + id, User: user.Profile{ID: by},
		CreatedAt: noon.Add(5 * time.Millisecond), CID: cid,
	}
}

func post(t *testing.T, st Store, c comment.Comment) comment.Receipt {
	t.Helper()
	r, err := st.InsertComment(t.Context(), c, noon.Add(-comment.CIDWindow), nil, nil)
	if err != nil {
		t.Fatalf("InsertComment(%s): %v", c.ID, err)
	}
	return r
}

func newNotification(id string, to auth.UserID, at time.Time) notification.Notification {
	return notification.Notification{
		ID: notification.ID(id), UserID: to, Type: notification.System, Title: "title of " + id, Body: "body",
		Link: "/story/1", Actor: user.Profile{ID: "ada"}, Data: []byte(`{"a":1}`), CreatedAt: at,
	}
}

func ids[T any, ID ~string](items []T, id func(T) ID) string {
	s := make([]string, len(items))
	for i, item := range items {
		s[i] = string(id(item))
	}
	return fmt.Sprint(s)
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}
