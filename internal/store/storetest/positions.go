package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

// positionsRiseByOne: all that is told has the next position, whatever it is
// and whatever fails or is there already in between.
func positionsRiseByOne(t *testing.T, st Store) {
	const writers, each = 8, 20
	newStory(t, st, "s1", "ada", story.Public)
	var told []int64 // no lock: never two at a time
	tellAll := func(stored []notification.Stored) {
		for _, n := range stored {
			told = append(told, n.Pos)
		}
	}
	tell := func(r comment.Receipt) {
		told = append(told, r.Comment.Pos)
		tellAll(r.Notifications)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprint(w, "-", i)
				n := newNotification("n"+id, "ada", noon)
				c := newComment("c"+id, "s1", "bob", id)
				var err error
				fails := false
				switch (w + i) % 5 {
				case 0:
					_, err = st.InsertComment(t.Context(), c, noon, nil, tell)
				case 1:
					_, err = st.InsertComment(t.Context(), c, noon, []notification.Notification{n}, tell)
				case 2:
					_, _, err = st.InsertNotifications(t.Context(), []notification.Notification{n}, "", noon, tellAll)
				case 3: // what is there already
					c.CID = "one for all"
					_, err = st.InsertComment(t.Context(), c, noon, nil, tell)
				case 4:
					fails = true
					_, err = st.InsertComment(t.Context(), c, noon, []notification.Notification{n, n}, tell)
				}
				if (err != nil) != fails {
					t.Errorf("write %s: %v", id, err)
				}
			}
		})
	}
	wg.Wait()
	for i, pos := range told {
		if pos != int64(i)+1 {
			t.Fatalf("told the positions %v, want 1, 2, 3 ...", told)
		}
	}
	if want := writers*each/5*4 + 1; len(told) != want { // a comment, two of a kind, a notification; one for all
		t.Errorf("told %d positions, want %d", len(told), want)
	}
	last := told[len(told)-1]
	if c := post(t, st, newComment("last", "s1", "bob", "")).Comment; c.Pos != last+1 {
		t.Errorf("the next position is %d, want %d", c.Pos, last+1)
	} else if read, err := st.Comment(t.Context(), "last"); err != nil || read.Pos != c.Pos {
		t.Errorf("it is read as %d, %v", read.Pos, err)
	}
}
