package play

import (
	"context"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
)

// member is somebody in a party.
type member struct {
	id   ID
	user auth.UserID
}

// link is how many connections of a member this node has.
type link struct {
	count int
	epoch int64 // of the first of them
}

// links knows which members are connected to this node.
type links struct {
	wake chan struct{} // of one: something is lost

	mu       sync.Mutex // guards the fields below
	all      map[member]*link
	epoch    int64
	lost     []lostLink // whose end is still to be told
	draining bool
}

type lostLink struct {
	member
	epoch int64
}

// Link counts a connection of a member to this node and returns the epoch that
// stands for it. Each needs an Unlink.
func (s *Service) Link(id ID, user auth.UserID) (epoch int64) {
	l := &s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.all[member{id, user}]
	if k == nil {
		l.epoch++
		k = &link{epoch: l.epoch}
		l.all[member{id, user}] = k
	}
	k.count++
	return k.epoch
}

// Unlink ends what Link began. With the last one the member's grace begins; it
// is told in the background, again and again until it is stored.
func (s *Service) Unlink(id ID, user auth.UserID) {
	l := &s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	m := member{id, user}
	k := l.all[m]
	if k == nil {
		return
	}
	if k.count--; k.count > 0 {
		return
	}
	delete(l.all, m)
	if l.draining {
		return // they come back; who does not is found when this node is missed
	}
	l.lost = append(l.lost, lostLink{m, k.epoch})
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// drop takes back a Link that nobody has heard of.
func (l *links) drop(m member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.all[m]; k != nil {
		if k.count--; k.count == 0 {
			delete(l.all, m)
		}
	}
}

// Drain stops telling who goes: the node is about to stop, and people come back elsewhere.
func (s *Service) Drain() {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	s.links.draining = true
}

// Attach tells the party that caller is connected to this node. It needs a Link
// before, whose epoch it takes. Spectators are counted by nobody.
func (s *Service) attach(ctx context.Context, id ID, user auth.UserID, epoch int64) {
	_, err := s.do(ctx, id, Cmd{Kind: Attach, Actor: user, Node: s.opts.Node, Epoch: epoch})
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		s.opts.Logger.Warn("attach to a party", "party", id, "error", err)
	}
}

// tellLost tells the ends of links until ctx ends.
func (s *Service) tellLost(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.links.wake:
		}
		s.links.mu.Lock()
		lost := s.links.lost
		s.links.lost = nil
		s.links.mu.Unlock()
		again := s.each(lost, func(l lostLink) error {
			_, err := s.do(ctx, l.id, Cmd{Kind: Detach, Actor: l.user, Node: s.opts.Node, Epoch: l.epoch})
			return err
		})
		if len(again) == 0 {
			continue
		}
		s.links.mu.Lock()
		s.links.lost = append(s.links.lost, again...)
		s.links.mu.Unlock()
		time.AfterFunc(time.Second, func() { // the database is away: it will be back
			select {
			case s.links.wake <- struct{}{}:
			default:
			}
		})
	}
}

// each calls f for every lost link, some at a time, and returns those that failed for now.
func (s *Service) each(list []lostLink, f func(lostLink) error) (again []lostLink) {
	var mu sync.Mutex // guards again
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxAtOnce)
	for _, l := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if code := errs.CodeOf(f(l)); code == errs.Unavailable || code == errs.Conflict || code == errs.RateLimited {
				mu.Lock()
				defer mu.Unlock()
				again = append(again, l)
			}
		})
	}
	wg.Wait()
	return again
}

// reattach tells all parties again who is connected here, after the others had
// given this node up.
func (s *Service) reattach(ctx context.Context) {
	s.links.mu.Lock()
	var list []lostLink
	for m, k := range s.links.all {
		s.links.epoch++
		k.epoch = s.links.epoch
		list = append(list, lostLink{m, k.epoch})
	}
	s.links.mu.Unlock()
	s.each(list, func(l lostLink) error {
		s.attach(ctx, l.id, l.user, l.epoch)
		return nil
	})
}
