package presence

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/story"
)

const (
	saveEvery = 2 * time.Second // how long a last seen may wait to be stored
	saveBatch = 200             // people in one write: others write too
)

// Run announces transitions and stores when people were last seen, until ctx
// ends: then everybody's last seen is stored, and nobody is announced offline,
// since clients come back to another node or after a restart. Run returns nil.
func (t *Tracker) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { t.saveAll(ctx) })
	defer wg.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		news, diffs, next := t.due()
		for _, n := range news {
			if n.online {
				t.announcer.UserOnline(ctx, n.user, n.at)
			} else {
				t.announcer.UserOffline(ctx, n.user, n.at)
			}
		}
		for _, d := range diffs {
			t.announcer.StoryChanged(ctx, d)
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return nil
		case <-t.wake:
		case <-timer.C:
		}
	}
}

// due ends the graces that are over, and returns what is to be told and when to look again.
func (t *Tracker) due() (news []transition, diffs []Diff, next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	next = time.Hour // nothing to wait for; any first thing wakes us
	over := 0
	for _, g := range t.graces {
		if g.at.After(now) {
			next = g.at.Sub(now)
			break
		}
		over++
		t.endGrace(g)
	}
	t.graces = slices.Delete(t.graces, 0, over)
	if len(t.dirty) > 0 {
		if wait := t.flushed.Add(t.opts.DiffEvery).Sub(now); wait > 0 {
			next = min(next, wait)
		} else {
			t.flushed = now
			diffs = t.takeDiffs()
		}
	}
	news, t.news = t.news, nil
	return news, diffs, next
}

// endGrace acts unless they came back, or came back and were lost again.
func (t *Tracker) endGrace(g grace) {
	who := t.people[g.user]
	if who == nil {
		return
	}
	if g.story == "" {
		if who.conns == 0 && who.lostAt.Equal(g.lostAt) {
			t.offline(g.user, who)
		}
		return
	}
	if st := who.stays[g.story]; st != nil && st.conns == 0 && st.lostAt.Equal(g.lostAt) {
		t.gone(g.story, g.user, g.lostAt)
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
	d := Diff{StoryID: id, Count: len(r.members), Seq: r.seq}
	for userID, at := range r.touched {
		// Who came and left in between is told as having left: a snapshot may have had them.
		if st := r.members[userID]; st != nil {
			d.Joins = append(d.Joins, Member{User: t.people[userID].profile, Since: st.since})
		} else {
			d.Leaves = append(d.Leaves, Gone{UserID: userID, LastSeenAt: at})
		}
	}
	r.touched = nil
	sortMembers(d.Joins)
	return d
}

// saveAll stores last seens in batches until ctx ends, and once more then, for everybody.
func (t *Tracker) saveAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			t.everybodySeen()
			t.save(context.WithoutCancel(ctx))
			return
		case <-t.seenWake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(saveEvery):
			t.save(ctx)
		}
	}
}

func (t *Tracker) everybodySeen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	for id, who := range t.people {
		t.seen[id] = now
		if who.conns == 0 {
			t.seen[id] = who.lostAt
		}
	}
}

func (t *Tracker) save(ctx context.Context) {
	t.mu.Lock()
	batch := make([]Seen, 0, len(t.seen))
	for id, at := range t.seen {
		batch = append(batch, Seen{UserID: id, At: at})
	}
	t.mu.Unlock()
	slices.SortFunc(batch, func(a, b Seen) int { return a.At.Compare(b.At) })
	for part := range slices.Chunk(batch, saveBatch) {
		if err := t.store.SaveLastSeen(ctx, part); err != nil {
			t.opts.Logger.WarnContext(ctx, "save last seen", "count", len(part), "error", err)
			t.signal(t.seenWake) // again, with what comes
			return
		}
		t.saved(part)
	}
}

func (t *Tracker) saved(part []Seen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range part {
		if at, ok := t.seen[s.UserID]; ok && at.Equal(s.At) {
			delete(t.seen, s.UserID)
		}
	}
}
