package presence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

// maxPassageID is how long the passage of an activity may be, in bytes.
const maxPassageID = 128

// Online returns who is online.
func (t *Tracker) Online() Online {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := Online{Count: t.visible, UserIDs: make([]auth.UserID, 0, min(t.visible, t.opts.MaxListed))}
	for id, who := range t.people {
		if len(o.UserIDs) == t.opts.MaxListed {
			break
		}
		if who.visible {
			o.UserIDs = append(o.UserIDs, id)
		}
	}
	slices.Sort(o.UserIDs)
	return o
}

// Statuses returns whether the ids (at most MaxLookup, else VALIDATION) are online: one entry for each id.
func (t *Tracker) Statuses(ctx context.Context, ids []auth.UserID) (map[auth.UserID]Status, error) {
	const op = "presence.Statuses"
	if len(ids) > MaxLookup {
		return nil, errs.E(op, errs.Validation, fmt.Sprintf("At most %d users can be asked for at once.", MaxLookup))
	}
	result := make(map[auth.UserID]Status, len(ids))
	var away []auth.UserID
	t.mu.Lock()
	now := t.opts.Now()
	for _, id := range ids {
		if who := t.people[id]; who != nil && who.visible {
			result[id] = Status{Online: true, Availability: who.mood.Attention(), LastSeenAt: now}
			continue
		}
		result[id] = Status{LastSeenAt: t.seen[id]}
		if t.seen[id].IsZero() {
			away = append(away, id)
		}
	}
	t.mu.Unlock()
	if len(away) == 0 {
		return result, nil
	}
	stored, err := t.store.LastSeen(ctx, away)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	for _, s := range stored {
		result[s.UserID] = Status{LastSeenAt: s.At}
	}
	return result, nil
}

// Attention returns the availability that others are shown.
func (m Mood) Attention() Availability {
	if m.Availability == "" {
		return Available
	}
	return m.Availability
}

// Update changes what somebody says of themselves, at every node. What they say
// is forgotten when they go offline, except that they do not want to be seen.
func (t *Tracker) Update(ctx context.Context, id auth.UserID, u Update) error {
	const op = "presence.Update"
	if err := u.check(); err != nil {
		return err
	}
	if u.Invisible != nil {
		// The store first: what somebody hid must not come back with their next connection.
		if err := t.store.SetInvisible(ctx, id, *u.Invisible); err != nil {
			return errs.Wrap(op, err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	mood, invisible := Mood{}, false
	if who := t.people[id]; who != nil {
		mood, invisible = who.mood, who.invisible
	}
	if u.Availability != nil {
		mood.Availability = *u.Availability
	}
	if u.Activity != nil {
		mood.Activity = u.Activity
	}
	if u.State != nil {
		mood.State = u.State
	}
	if u.Invisible != nil {
		invisible = *u.Invisible
	}
	now := t.opts.Now()
	if t.say(id, mood, invisible, now) {
		t.saw(id, now)
	}
	t.saidHere(id, mood, invisible, now)
	return nil
}

func (u *Update) check() error {
	invalid := func(message string) error { return errs.E("presence.Update", errs.Validation, message) }
	if a := u.Availability; a != nil && *a != Available && *a != Away && *a != Busy {
		return invalid("status must be online, away or dnd.")
	}
	if a := u.Activity; a != nil {
		switch a.Kind {
		case Reading, Playing, Editing, Commenting:
		default:
			return invalid("activity.kind must be reading, playing, editing or commenting.")
		}
		if len(a.StoryID) > story.MaxID || len(a.PassageID) > maxPassageID {
			return invalid("activity names a place that cannot be.")
		}
	}
	if u.State != nil {
		var object map[string]json.RawMessage
		if len(u.State) > MaxState || json.Unmarshal(u.State, &object) != nil {
			return invalid("state must be an object of at most 1 KiB.")
		}
	}
	return nil
}

// say takes over what somebody says of themselves; vanished: they could be seen
// until now. The caller holds mu.
func (t *Tracker) say(id auth.UserID, mood Mood, invisible bool, at time.Time) (vanished bool) {
	who := t.people[id]
	if who == nil || at.Before(who.moodAt) {
		return false
	}
	before := who.mood
	who.mood, who.invisible, who.moodAt = mood, invisible, at
	if who.visible && !invisible && !before.same(mood) {
		if before.Attention() != mood.Attention() {
			t.tell(transition{user: id, availability: mood.Attention(), at: at})
		}
		for storyID := range who.stays {
			t.touch(storyID, t.rooms[storyID], id, touch{})
		}
	}
	return t.settle(id, who, at)
}

func (m Mood) same(o Mood) bool {
	place := func(a *Activity) Activity {
		if a == nil {
			return Activity{}
		}
		return *a
	}
	return m.Attention() == o.Attention() && place(m.Activity) == place(o.Activity) && bytes.Equal(m.State, o.State)
}
