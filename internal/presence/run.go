package presence

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/story"
)

const (
	countEvery = time.Second     // least time between two counts of a story
	saveEvery  = 2 * time.Second // how long a last seen may wait to be stored
	saveBatch  = 200             // people in one write: others write too
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
		news, diffs, counts, next := t.due()
		for _, n := range news {
			switch {
			case n.availability != "":
				t.announcer.UserAvailability(ctx, n.user, n.availability, n.at)
			case n.online:
				t.announcer.UserOnline(ctx, n.user, n.at)
			default:
				t.announcer.UserOffline(ctx, n.user, n.at)
			}
		}
		for _, d := range diffs {
			t.announcer.StoryChanged(ctx, d)
		}
		for id, c := range counts {
			t.announcer.StoryCounted(ctx, id, c)
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
func (t *Tracker) due() (news []transition, diffs []Diff, counts map[story.ID]Count, next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	next = time.Hour // nothing to wait for; any first thing wakes us
	for len(t.graces) > 0 {
		g := t.graces[0]
		if g.at.After(now) {
			next = g.at.Sub(now)
			break
		}
		t.graces = t.graces[1:]
		t.endGrace(g) // may put it off
	}
	if len(t.dirty) > 0 {
		if wait := t.flushed.Add(t.opts.DiffEvery).Sub(now); wait > 0 {
			next = min(next, wait)
		} else {
			t.flushed = now
			diffs = t.takeDiffs()
		}
	}
	for _, d := range diffs {
		t.counts[d.StoryID] = d.Count
	}
	if len(t.counts) > 0 {
		if wait := t.counted.Add(countEvery).Sub(now); wait > 0 {
			next = min(next, wait)
		} else {
			t.counted = now
			counts, t.counts = t.counts, make(map[story.ID]Count)
		}
	}
	news, t.news = t.news, nil
	return news, diffs, counts, next
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
		if !who.visible || !who.here {
			continue // they hide, or another node knows better
		}
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
