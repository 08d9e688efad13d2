package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func notificationID(n notification.Notification) notification.ID { return n.ID }

func insert(t *testing.T, st Store, ns ...notification.Notification) []notification.Stored {
	t.Helper()
	stored, _, err := st.InsertNotifications(t.Context(), ns, "", noon, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func notificationsAreCounted(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	n1, n2 := newNotification("n1", "ada", noon), newNotification("n2", "bob", noon)
	var told comment.Receipt
	r, err := st.InsertComment(t.Context(), newComment("c1", "s1", "eve", ""), noon,
		[]notification.Notification{n1, n2}, func(r comment.Receipt) { told = r })
	if err != nil || !reflect.DeepEqual(r, told) || len(r.Notifications) != 2 {
		t.Fatalf("InsertComment = %+v, %v; told %+v", r, err, told)
	}
	n3 := newNotification("n3", "ada", noon.Add(time.Second))
	n3.Data, n3.Actor = nil, user.Profile{}
	stored := insert(t, st, n3)
	if got, want := stored[0].Counts, (notification.Counts{Unread: 2, Rev: 2}); got != want {
		t.Errorf("counts with n3 = %+v, want %+v", got, want)
	}
	list, counts, err := st.Notifications(t.Context(), "ada", false, notification.Position{}, 10)
	if want := []notification.Notification{n3, n1}; err != nil || !reflect.DeepEqual(list, want) || counts.Unread != 2 {
		t.Errorf("Notifications = %+v, %+v, %v; want %+v", list, counts, err, want)
	}
	if counts, err := st.NotificationCounts(t.Context(), "max"); err != nil || counts != (notification.Counts{}) {
		t.Errorf("counts of nobody = %+v, %v", counts, err)
	}
}

func notificationsArePaged(t *testing.T, st Store) {
	for i := range 5 {
		insert(t, st, newNotification(fmt.Sprint("n", i), "ada", noon.Add(time.Duration(i/2)*time.Second)))
	}
	if _, err := st.MarkRead(t.Context(), "ada", notification.Mark{IDs: []notification.ID{"n1", "n4"}}, noon, nil); err != nil {
		t.Fatal(err)
	}
	at := func(i int) notification.Position {
		return notification.Position{ID: notification.ID(fmt.Sprint("n", i)), CreatedAt: noon.Add(time.Duration(i/2) * time.Second)}
	}
	for _, test := range []struct {
		unread bool
		below  notification.Position
		limit  int
		want   string
	}{
		{false, notification.Position{}, 3, "[n4 n3 n2]"},
		{false, at(2), 3, "[n1 n0]"},
		{true, notification.Position{}, 3, "[n3 n2 n0]"},
		{true, at(3), 1, "[n2]"},
		{true, at(0), 3, "[]"},
	} {
		list, _, err := st.Notifications(t.Context(), "ada", test.unread, test.below, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("Notifications(%t, %v, %d)", test.unread, test.below, test.limit), ids(list, notificationID), test.want)
	}
}

func notificationKeyGivesTheFirst(t *testing.T, st Store) {
	told := 0
	send := func(id string, at time.Time) ([]notification.Stored, bool) {
		t.Helper()
		ns := []notification.Notification{newNotification(id+"a", "ada", at), newNotification(id+"b", "bob", at)}
		stored, duplicate, err := st.InsertNotifications(t.Context(), ns, "k", at.Add(-notification.KeyWindow),
			func([]notification.Stored) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		return stored, duplicate
	}
	first, duplicate := send("n1", noon)
	if duplicate || len(first) != 2 {
		t.Errorf("first: %+v, %t", first, duplicate)
	}
	if again, duplicate := send("n2", noon.Add(time.Hour)); !duplicate || !reflect.DeepEqual(again, first) {
		t.Errorf("again: %+v, %t; want %+v", again, duplicate, first)
	}
	if later, duplicate := send("n3", noon.Add(25*time.Hour)); duplicate || later[1].Notification.ID != "n3b" {
		t.Errorf("after the window: %+v, %t", later, duplicate)
	}
	if told != 2 {
		t.Errorf("told %d times, want 2", told)
	}
}

func markReadChangesOnlyOnesOwn(t *testing.T, st Store) {
	for i, to := range []auth.UserID{"ada", "bob", "ada", "ada"} {
		insert(t, st, newNotification(fmt.Sprint("n", i), to, noon))
	}
	at := noon.Add(time.Minute)
	for _, test := range []struct {
		mark notification.Mark
		want string
		left notification.Counts
		told bool
	}{
		{notification.Mark{IDs: []notification.ID{"n0", "n1", "nope"}}, "[n0]", notification.Counts{Unread: 2, Rev: 4}, true},
		{notification.Mark{IDs: []notification.ID{"n0", "n1"}}, "[]", notification.Counts{Unread: 2, Rev: 4}, false},
		{notification.Mark{All: true}, "[]", notification.Counts{Unread: 0, Rev: 5}, true},
		{notification.Mark{All: true}, "[]", notification.Counts{Unread: 0, Rev: 5}, false},
	} {
		told := false
		m, err := st.MarkRead(t.Context(), "ada", test.mark, at, func(notification.Marked) { told = true })
		if err != nil || m.Counts != test.left || told != test.told || m.All != test.mark.All || !m.ReadAt.Equal(at) {
			t.Errorf("MarkRead(%+v) = %+v, %v, told %t; want %+v, told %t", test.mark, m, err, told, test.left, test.told)
		}
		same(t, "changed", ids(m.IDs, func(id notification.ID) string { return string(id) }), test.want)
	}
	if counts, err := st.NotificationCounts(t.Context(), "bob"); err != nil || counts.Unread != 1 {
		t.Errorf("bob's counts = %+v, %v; want 1 unread", counts, err)
	}
}

func profilesAreReplaced(t *testing.T, st Store) {
	save := func(ps ...user.Profile) {
		t.Helper()
		if err := st.SaveProfiles(t.Context(), ps); err != nil {
			t.Fatal(err)
		}
	}
	save(user.Profile{ID: "ada", DisplayName: "Ada"}, user.Profile{ID: "bob", DisplayName: "Bob", AvatarURL: "https://a/b"})
	save(user.Profile{ID: "ada", DisplayName: "Ada L."})
	if err := st.SaveLastSeen(t.Context(), []presence.Seen{{UserID: "eve", At: noon}}); err != nil {
		t.Fatal(err)
	}
	got, err := st.Profiles(t.Context(), []auth.UserID{"ada", "bob", "eve", "nobody"})
	if err != nil || len(got) != 2 {
		t.Fatalf("Profiles = %+v, %v; want ada and bob", got, err)
	}
	for _, p := range got {
		if p != (user.Profile{ID: "ada", DisplayName: "Ada L."}) && p != (user.Profile{ID: "bob", DisplayName: "Bob", AvatarURL: "https://a/b"}) {
			t.Errorf("profile %+v", p)
		}
	}
}

func lastSeenNeverGoesBack(t *testing.T, st Store) {
	for _, at := range []time.Duration{0, time.Hour, time.Minute} {
		if err := st.SaveLastSeen(t.Context(), []presence.Seen{{UserID: "ada", At: noon.Add(at)}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := st.LastSeen(t.Context(), []auth.UserID{"ada", "nobody"})
	if err != nil || len(got) != 1 || !got[0].At.Equal(noon.Add(time.Hour)) {
		t.Errorf("LastSeen = %+v, %v; want an hour past noon", got, err)
	}
}

func whoHidesIsRemembered(t *testing.T, st Store) {
	if err := st.SaveProfiles(t.Context(), []user.Profile{{ID: "ada", DisplayName: "Ada"}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		id   auth.UserID
		hide bool
	}{{"ada", true}, {"ada", true}, {"ada", false}, {"new", true}} {
		if err := st.SetInvisible(t.Context(), test.id, test.hide); err != nil {
			t.Fatal(err)
		}
		if got, err := st.Invisible(t.Context(), test.id); err != nil || got != test.hide {
			t.Errorf("Invisible(%s) = %v, %v; want %v", test.id, got, err, test.hide)
		}
	}
	if got, err := st.Invisible(t.Context(), "nobody"); err != nil || got {
		t.Errorf("Invisible(nobody) = %v, %v", got, err)
	}
}
