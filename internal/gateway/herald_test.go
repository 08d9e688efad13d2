package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
)

func TestC7WhoComesAndGoesWithinATickIsNotTold(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	for range 100 {
		w.hub.UserOnline(t.Context(), "restless", time.Now())
		w.hub.UserOffline(t.Context(), "restless", time.Now())
	}
	w.hub.UserOnline(t.Context(), "marker", time.Now())
	ann.hearWhere("user:online", about("marker"))
	for _, event := range []string{"user:online", "user:offline"} {
		n := 0
		for _, data := range ann.heard(event) {
			if about("restless")(data) {
				n++
			}
		}
		if n > 1 { // a tick may have passed in between
			t.Errorf("%s was told %d times of 100 within a moment", event, n)
		}
	}
}

func TestC7ACrowdIsToldInBoundedWork(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	const crowd = 10_000
	for i := range crowd {
		w.hub.UserOnline(t.Context(), auth.UserID(fmt.Sprint("fan-", i)), time.Now())
	}
	last := fmt.Sprint("fan-", crowd-1)
	ann.hearWhere("user:online", about(last))
	if told := len(ann.heard("user:online")); told > crowd/2 {
		t.Errorf("%d of %d who came at once were told one by one", told, crowd)
	}
	for i := range crowd {
		w.hub.UserOffline(t.Context(), auth.UserID(fmt.Sprint("fan-", i)), time.Now())
	}
	ann.hearWhere("user:offline", about(last)) // of everybody who may be thought online
}
