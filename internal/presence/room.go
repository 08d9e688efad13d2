package presence

import (
	"cmp"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
)

// room is who can be seen in a story.
type room struct {
	members map[auth.UserID]*stay
	seq     int64
	touched map[auth.UserID]touch // since the last diff
}

// touch is what happened to somebody in a story.
type touch struct {
	lastSeen time.Time // of who left
	moved    bool      // came or left, not only changed
}

// enterRoom and the other small methods below are called with the tracker's mu held.
func (t *Tracker) enterRoom(id story.ID, userID auth.UserID, st *stay) {
	r := t.rooms[id]
	if r == nil {
		// Numbers start at the clock: a story that everybody left and came
		// back to, or a restart, never goes back to a number used before.
		r = &room{members: make(map[auth.UserID]*stay), seq: t.opts.Now().UnixMilli()}
		t.rooms[id] = r
	}
	r.members[userID] = st
	t.touch(id, r, userID, touch{moved: true})
}

func (t *Tracker) leaveRoom(id story.ID, userID auth.UserID, lastSeen time.Time) {
	r := t.rooms[id]
	delete(r.members, userID)
	t.touch(id, r, userID, touch{lastSeen: lastSeen, moved: true})
}

func (t *Tracker) touch(id story.ID, r *room, userID auth.UserID, what touch) {
	if r.touched == nil {
		r.touched = make(map[auth.UserID]touch)
	}
	what.moved = what.moved || r.touched[userID].moved
	r.touched[userID] = what
	t.dirty[id] = r
	if len(t.dirty) == 1 {
		t.signal(t.wake)
	}
}

func (t *Tracker) takeDiffs() []Diff {
	diffs := make([]Diff, 0, len(t.dirty))
	for id, r := range t.dirty {
		diffs = append(diffs, t.takeDiff(id, r))
		if len(r.members) == 0 {
			delete(t.rooms, id)
		}
	}
	clear(t.dirty)
	return diffs
}

func (t *Tracker) takeDiff(id story.ID, r *room) Diff {
	r.seq++
	d := Diff{StoryID: id, Count: t.count(id, r), Seq: r.seq}
	for userID, what := range r.touched {
		// Who came and left in between is told as having left: a snapshot may have had them.
		switch st := r.members[userID]; {
		case st == nil:
			d.Leaves = append(d.Leaves, Gone{UserID: userID, LastSeenAt: what.lastSeen})
		case what.moved:
			d.Joins = append(d.Joins, t.member(userID, st))
		default:
			d.Updates = append(d.Updates, t.member(userID, st))
		}
	}
	r.touched = nil
	sortMembers(d.Joins)
	sortMembers(d.Updates)
	return d
}

func (t *Tracker) member(id auth.UserID, st *stay) Member {
	who := t.people[id]
	return Member{User: who.profile, Since: st.since, Mood: who.mood}
}

func sortMembers(ms []Member) {
	slices.SortFunc(ms, func(a, b Member) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User.ID, b.User.ID))
	})
}

func (t *Tracker) count(id story.ID, r *room) Count {
	c := Count{Online: len(r.members)}
	for userID := range r.members {
		a := t.people[userID].mood.Activity
		if a == nil || a.StoryID != id {
			continue
		}
		switch a.Kind {
		case Playing:
			c.Playing++
		case Editing:
			c.Editing++
		case Reading, Commenting:
		}
	}
	return c
}

// Story returns who is in a story.
func (t *Tracker) Story(id story.ID) Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	snap := Snapshot{StoryID: id, Seq: t.opts.Now().UnixMilli()}
	r := t.rooms[id]
	if r == nil {
		return snap
	}
	snap.Seq, snap.Count = r.seq, t.count(id, r)
	snap.Members = make([]Member, 0, len(r.members))
	for userID, st := range r.members {
		snap.Members = append(snap.Members, t.member(userID, st))
	}
	sortMembers(snap.Members)
	snap.Members = snap.Members[:min(len(snap.Members), t.opts.MaxListed)]
	return snap
}

// Count returns how many people are in a story, and what they do.
func (t *Tracker) Count(id story.ID) Count {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rooms[id]; r != nil {
		return t.count(id, r)
	}
	return Count{}
}

// Readers returns how many people are in a story.
func (t *Tracker) Readers(id story.ID) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rooms[id]; r != nil {
		return len(r.members)
	}
	return 0
}
