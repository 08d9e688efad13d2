package coedit_test

import (
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

func TestInvitationsSayThatTheyHaveExpired(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		link, err := d.Invite(t.Context(), "ada", lighthouse, "", story.Editor)
		if err != nil {
			t.Fatal(err)
		}
		named, err := d.Invite(t.Context(), "ada", lighthouse, "dan", story.Editor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.FindInvitation(t.Context(), "dan", link.Code); err != nil {
			t.Errorf("a fresh one: %v", err)
		}
		time.Sleep(coedit.InvitationTime + time.Second)
		const expired, gone = "This invitation has expired.", "This invitation is not valid any more."
		for _, c := range []struct {
			caller     auth.UserID
			code, want string
		}{
			{"dan", link.Code, expired}, {"dan", named.Code, expired}, {"eve", named.Code, gone}, {"dan", "none", gone},
		} {
			_, err := d.AcceptInvitation(t.Context(), c.caller, c.code)
			if errs.CodeOf(err) != errs.NotFound || errs.MessageOf(err) != c.want {
				t.Errorf("%s accepts %s: %v", c.caller, c.code, err)
			}
		}
	})
}
