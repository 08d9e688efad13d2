package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/recovery"
	"github.com/storywire/storywire/internal/story"
)

func sessionsGoFromOwnerToOwner(t *testing.T, st Store) {
	r := recovery.Record{PID: "p", User: "ann", Owner: "one", State: recovery.State{
		SID: "s", Stories: []recovery.Story{{ID: "1", Count: 2, Since: 7}}, Follows: []string{"presence:story:1"}, Subscribed: true,
	}}
	save := func(r recovery.Record, want bool) {
		t.Helper()
		if held, err := st.SaveSession(t.Context(), r, noon); err != nil || held != want {
			t.Errorf("SaveSession by %s = %t, %v, want %t", r.Owner, held, err, want)
		}
	}
	take := func(user auth.UserID, owner string, since time.Time, want bool) recovery.Record {
		t.Helper()
		got, ok, err := st.TakeSession(t.Context(), "p", user, owner, noon, since)
		if err != nil || ok != want {
			t.Errorf("TakeSession by %s of %s = %t, %v, want %t", owner, user, ok, err, want)
		}
		return got
	}
	hourAgo := noon.Add(-time.Hour)
	take("ann", "two", hourAgo, false)
	save(r, true)
	r.State.Stories = append(r.State.Stories, recovery.Story{ID: "2", Count: 1, Since: 9})
	save(r, true)
	take("ben", "two", hourAgo, false)
	take("ann", "two", noon, false) // too old
	if got := take("ann", "two", hourAgo, true); !reflect.DeepEqual(got, r) {
		t.Errorf("taken %+v, want %+v", got, r)
	}
	save(r, false) // it is two's now
	if got := take("ann", "three", hourAgo, true); got.Owner != "two" || !reflect.DeepEqual(got.State, r.State) {
		t.Errorf("taken again: %+v", got)
	}
	if err := st.DropSession(t.Context(), "p", "two"); err != nil {
		t.Error(err)
	}
	take("ann", "four", hourAgo, true)
	if err := st.DropSession(t.Context(), "p", "four"); err != nil {
		t.Error(err)
	}
	take("ann", "five", hourAgo, false)
}

func sessionsExpire(t *testing.T, st Store) {
	for i := range 5 {
		r := recovery.Record{PID: fmt.Sprint("p", i), User: "ann", Owner: "one"}
		if _, err := st.SaveSession(t.Context(), r, noon.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.TouchSessions(t.Context(), []string{"p0", "p1", "none"}, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} { // p2 and p3
		if n, err := st.ExpireSessions(t.Context(), noon.Add(4*time.Minute), 10); n != want || err != nil {
			t.Errorf("expired %d, %v, want %d", n, err, want)
		}
	}
	if n, err := st.ExpireSessions(t.Context(), noon.Add(2*time.Hour), 2); n != 2 || err != nil {
		t.Errorf("expired %d, %v, want the limit", n, err)
	}
}

// texts returns the content of comments.
func texts(cs []comment.Comment) (all []string) {
	for _, c := range cs {
		all = append(all, c.Content)
	}
	return all
}

func historyIsReadByPosition(t *testing.T, st Store) {
	newStory(t, st, "1", "ada", story.Public)
	newStory(t, st, "2", "ada", story.Public)
	start, err := st.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var at []int64
	for i := range 100 {
		at = append(at, post(t, st, newComment(fmt.Sprint(i), story.ID(fmt.Sprint(1+i%2)), "ben", fmt.Sprint(i))).Comment.Pos)
	}
	if head, err := st.Head(t.Context()); head != start+100 || at[99] != head || err != nil {
		t.Errorf("head = %d, %v, want %d", head, err, start+100)
	}
	for _, tt := range []struct {
		after int64
		limit int
		want  string
	}{
		{at[99], 10, "[]"},
		{at[93], 10, "[content of 94 content of 96 content of 98]"},
		{at[93], 2, "[content of 96 content of 98]"},
	} {
		cs, err := st.StoryComments(t.Context(), "1", tt.after, tt.limit)
		same(t, fmt.Sprintf("after %d: %v", tt.after, err), fmt.Sprint(texts(cs)), tt.want)
	}
	if cs, err := st.StoryComments(t.Context(), "1", start, 1000); len(cs) != 50 || err != nil || cs[0].Seq != 1 || cs[49].Seq != 50 {
		t.Errorf("all: %d comments, %v", len(cs), err)
	}
	if cs, err := st.StoryComments(t.Context(), "none", 0, 10); len(cs) > 0 || err != nil {
		t.Errorf("no story: %v, %v", cs, err)
	}
	cs, pos, err := st.CommentsSince(t.Context(), "2", 48, 10)
	same(t, fmt.Sprintf("since: %v", err), fmt.Sprint(texts(cs), pos.Seq), "[content of 97 content of 99] 50")
	if pos.Epoch != st.Epoch() || pos.Epoch == "" {
		t.Errorf("epochs %q and %q", pos.Epoch, st.Epoch())
	}
	cs, _, _, err = st.Committed(t.Context(), at[10], at[13])
	same(t, fmt.Sprintf("committed: %v", err), fmt.Sprint(texts(cs)), "[content of 11 content of 12 content of 13]")
}

func inboxNewsIsReadByPosition(t *testing.T, st Store) {
	var all []notification.Stored
	for _, id := range []string{"a", "b", "c"} {
		stored, _, err := st.InsertNotifications(t.Context(), []notification.Notification{newNotification(id, "ann", noon)}, "", noon, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, stored...)
	}
	marked, err := st.MarkRead(t.Context(), "ann", notification.Mark{IDs: []notification.ID{"a", "b"}}, noon, nil)
	if err != nil || marked.Pos != all[2].Pos+1 {
		t.Errorf("marked %+v, %v", marked, err)
	}
	none, err := st.MarkRead(t.Context(), "ann", notification.Mark{IDs: []notification.ID{"a"}}, noon, nil)
	if err != nil || none.Pos != 0 {
		t.Errorf("marked %+v, %v", none, err)
	}
	rest, err := st.MarkRead(t.Context(), "ann", notification.Mark{All: true}, noon, nil)
	if err != nil || rest.Pos != marked.Pos+1 {
		t.Errorf("marked %+v, %v", rest, err)
	}
	check := func(what string, news []notification.Stored, reads []notification.Read, err error, wantNews, wantReads string) {
		t.Helper()
		got := ids(news, func(n notification.Stored) notification.ID { return n.Notification.ID })
		var read [][]notification.ID
		for _, r := range reads {
			read = append(read, r.Marked.IDs)
		}
		same(t, fmt.Sprintf("%s: %v", what, err), got+fmt.Sprint(read), wantNews+wantReads)
		for _, n := range news {
			if n.Counts != rest.Counts {
				t.Errorf("%s: counts %+v, want those of now, %+v", what, n.Counts, rest.Counts)
			}
		}
	}
	news, reads, err := st.InboxNews(t.Context(), "ann", all[0].Pos, 10)
	check("since the first", news, reads, err, "[b c]", "[[a b] [c]]")
	news, reads, err = st.InboxNews(t.Context(), "ann", all[0].Pos, 1)
	check("at most one", news, reads, err, "[c]", "[[c]]")
	news, reads, err = st.InboxNews(t.Context(), "ben", 0, 10)
	check("of another", news, reads, err, "[]", "[]")
	_, news, reads, err = st.Committed(t.Context(), all[1].Pos, marked.Pos)
	check("committed", news, reads, err, "[c]", "[[a b]]")
	if len(reads) != 1 || reads[0].UserID != "ann" || reads[0].Marked.Pos != marked.Pos || !reads[0].Marked.ReadAt.Equal(noon) {
		t.Errorf("read %+v", reads)
	}
}
