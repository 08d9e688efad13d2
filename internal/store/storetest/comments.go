package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

func commentID(c comment.Comment) comment.ID { return c.ID }

func commentsAreNumberedPerStory(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	newStory(t, st, "s2", "ada", story.Public)
	for i, in := range []story.ID{"s1", "s2", "s1", "s1", "s2"} {
		r := post(t, st, newComment(fmt.Sprint("c", i), in, "bob", ""))
		want := []int64{1, 1, 2, 3, 2}[i]
		if r.Comment.Seq != want || r.Comment.Epoch == "" || r.Duplicate {
			t.Errorf("comment %d: seq %d of epoch %q, duplicate %t; want %d", i, r.Comment.Seq, r.Comment.Epoch, r.Duplicate, want)
		}
	}
	_, pos, err := st.Comments(t.Context(), "s1", 0, 0)
	if err != nil || pos.Seq != 3 {
		t.Errorf("position of s1 = %+v, %v; want 3", pos, err)
	}
}

func commentsArePagedNewestFirst(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	newStory(t, st, "s2", "ada", story.Public)
	for i := range 5 {
		post(t, st, newComment(fmt.Sprint("c", i+1), "s1", "bob", ""))
		post(t, st, newComment(fmt.Sprint("x", i+1), "s2", "bob", ""))
	}
	for _, test := range []struct {
		below int64
		limit int
		want  string
	}{
		{0, 2, "[c5 c4]"},
		{4, 2, "[c3 c2]"},
		{2, 2, "[c1]"},
		{1, 2, "[]"},
		{0, 0, "[]"},
		{0, 100, "[c5 c4 c3 c2 c1]"},
	} {
		list, pos, err := st.Comments(t.Context(), "s1", test.below, test.limit)
		if err != nil || pos.Seq != 5 {
			t.Errorf("Comments(%d, %d): position %+v, %v", test.below, test.limit, pos, err)
		}
		same(t, fmt.Sprintf("Comments(%d, %d)", test.below, test.limit), ids(list, commentID), test.want)
	}
}

func commentInNoStoryIsNotFound(t *testing.T, st Store) {
	_, err := st.InsertComment(t.Context(), newComment("c1", "nowhere", "bob", ""), noon, nil, nil)
	same(t, "InsertComment in no story", string(errs.CodeOf(err)), "NOT_FOUND")
	_, _, err = st.Comments(t.Context(), "nowhere", 0, 10)
	same(t, "Comments of no story", string(errs.CodeOf(err)), "NOT_FOUND")
	_, err = st.Comment(t.Context(), "c1")
	same(t, "Comment that is none", string(errs.CodeOf(err)), "NOT_FOUND")
}

func commentIsReadAsStored(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	first := post(t, st, newComment("c1", "s1", "bob", "")).Comment
	reply := newComment("c2", "s1", "eve", "nonce")
	reply.ParentID, reply.Content = "c1", "a\nb 'c' \"d\" 🎈 \u202e <b>"
	stored := post(t, st, reply).Comment
	list, _, err := st.Comments(t.Context(), "s1", 0, 10)
	if want := []comment.Comment{stored, first}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("Comments = %+v, %v; want %+v", list, err, want)
	}
	got, err := st.Comment(t.Context(), "c2")
	if err != nil || !reflect.DeepEqual(got, stored) {
		t.Errorf("Comment = %+v, %v; want %+v", got, err, stored)
	}
	if reply.Seq, reply.Epoch, reply.Pos = 2, first.Epoch, first.Pos+1; !reflect.DeepEqual(stored, reply) {
		t.Errorf("stored %+v, want %+v", stored, reply)
	}
}

func cidGivesTheFirstComment(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	first := post(t, st, newComment("c1", "s1", "bob", "nonce"))
	ns := []notification.Notification{newNotification("n1", "ada", noon)}
	again, err := st.InsertComment(t.Context(), newComment("c2", "s1", "bob", "nonce"), noon.Add(-time.Hour), ns,
		func(comment.Receipt) { t.Error("the duplicate was told") })
	if err != nil || !again.Duplicate || !reflect.DeepEqual(again.Comment, first.Comment) || again.Notifications != nil {
		t.Errorf("again: %+v, %v; want the first, %+v", again, err, first.Comment)
	}
	next := post(t, st, newComment("c3", "s1", "bob", "other"))
	if next.Comment.Seq != 2 {
		t.Errorf("seq after a duplicate = %d, want 2", next.Comment.Seq)
	}
	if counts, err := st.NotificationCounts(t.Context(), "ada"); err != nil || counts.Unread != 0 {
		t.Errorf("the duplicate notified: %+v, %v", counts, err)
	}
}

func cidIsTheAuthorsOwn(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	post(t, st, newComment("c1", "s1", "bob", "nonce"))
	if r := post(t, st, newComment("c2", "s1", "eve", "nonce")); r.Duplicate {
		t.Errorf("eve got bob's comment: %+v", r.Comment)
	}
}

func cidIsFreeAfterItsWindow(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	post(t, st, newComment("c1", "s1", "bob", "nonce"))
	later := newComment("c2", "s1", "bob", "nonce")
	later.CreatedAt = noon.Add(25 * time.Hour)
	since := later.CreatedAt.Add(-comment.CIDWindow)
	r, err := st.InsertComment(t.Context(), later, since, nil, nil)
	if err != nil || r.Duplicate || r.Comment.Seq != 2 {
		t.Errorf("after the window: %+v, %v; want a new comment", r, err)
	}
	r, err = st.InsertComment(t.Context(), newComment("c3", "s1", "bob", "nonce"), since, nil, nil)
	if err != nil || !r.Duplicate || r.Comment.ID != "c2" {
		t.Errorf("and again: %+v, %v; want c2", r, err)
	}
}

func cidOfManyAtOnceIsOneComment(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	const tries = 100
	var wg sync.WaitGroup
	receipts := make([]comment.Receipt, tries)
	for i := range tries {
		wg.Go(func() {
			var err error
			receipts[i], err = st.InsertComment(t.Context(), newComment(fmt.Sprint("c", i), "s1", "bob", "nonce"), noon.Add(-time.Hour), nil, nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fresh := 0
	for _, r := range receipts {
		if !r.Duplicate {
			fresh++
		}
		if r.Comment.ID != receipts[0].Comment.ID || r.Comment.Seq != 1 {
			t.Errorf("got %s with seq %d, want %s with 1", r.Comment.ID, r.Comment.Seq, receipts[0].Comment.ID)
		}
	}
	if fresh != 1 {
		t.Errorf("%d of %d made a comment, want 1", fresh, tries)
	}
}

func committedIsToldInOrder(t *testing.T, st Store) {
	const stories, writers, each = 3, 8, 25
	for i := range stories {
		newStory(t, st, story.ID(fmt.Sprint("s", i)), "ada", story.Public)
	}
	told := make(map[story.ID][]int64) // no lock: never two at a time
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				c := newComment(fmt.Sprint("c", w, "-", i), story.ID(fmt.Sprint("s", (w+i)%stories)), "bob", "")
				answered := false
				r, err := st.InsertComment(t.Context(), c, noon, nil, func(r comment.Receipt) {
					told[r.Comment.StoryID] = append(told[r.Comment.StoryID], r.Comment.Seq)
					answered = true
				})
				if err != nil || !answered || r.Comment.Seq == 0 {
					t.Errorf("%+v, %v; told before the answer: %t", r, err, answered)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for id, seqs := range told {
		total += len(seqs)
		for i, seq := range seqs {
			if seq != int64(i)+1 {
				t.Fatalf("story %s: told %v, want 1, 2, 3 ...", id, seqs)
			}
		}
	}
	if total != writers*each {
		t.Errorf("told %d, want %d", total, writers*each)
	}
}

func failedCommentLeavesNothing(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	post(t, st, newComment("c1", "s1", "bob", ""))
	// The second notification has the id of the first: the whole write fails.
	n := newNotification("n1", "ada", noon)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var ns []notification.Notification
			if i == 10 {
				ns = []notification.Notification{n, n}
			}
			_, err := st.InsertComment(t.Context(), newComment(fmt.Sprint("d", i), "s1", "bob", fmt.Sprint(i)), noon, ns, nil)
			if failed := err != nil; failed != (i == 10) {
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if _, err := st.Comment(t.Context(), "d10"); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("the failed comment: %v, want NOT_FOUND", err)
	}
	if counts, err := st.NotificationCounts(t.Context(), "ada"); err != nil || counts.Unread != 0 {
		t.Errorf("counts = %+v, %v; want none", counts, err)
	}
	list, pos, err := st.Comments(t.Context(), "s1", 0, 100)
	if err != nil || pos.Seq != 20 || len(list) != 20 {
		t.Fatalf("%d comments up to %d, %v; want 20 up to 20", len(list), pos.Seq, err)
	}
	for i, c := range list {
		if c.Seq != int64(20-i) {
			t.Errorf("comment %d has seq %d, want %d", i, c.Seq, 20-i)
		}
	}
}
