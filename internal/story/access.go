package story

import (
	"context"
	"sync"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
)

// defaultCacheSize is how many stories' rules stay in memory: some megabytes,
// unless they have many members.
const defaultCacheSize = 10_000

// accessCache keeps rules until they change.
type accessCache struct {
	size int

	mu      sync.RWMutex // guards the fields below
	rules   map[ID]*Access
	version uint64 // rises when rules are forgotten: what was read before it is not to be kept
}

func (c *accessCache) get(id ID) (a *Access, version uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.rules[id], c.version
}

// put keeps what was read from the store after get had answered version.
func (c *accessCache) put(a *Access, version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		return // it may have changed between the reading and now
	}
	if _, ok := c.rules[a.ID]; !ok && len(c.rules) >= c.size {
		for id := range c.rules {
			delete(c.rules, id) // any: it is read again when needed
			break
		}
	}
	c.rules[a.ID] = a
}

func (c *accessCache) forget(id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	delete(c.rules, id)
}

func (c *accessCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	clear(c.rules)
}

// access returns the rules of a story. While other nodes cannot be heard they
// are read each time: what changes there must count here.
func (s *Service) access(ctx context.Context, op string, id ID) (*Access, error) {
	if id == "" || len(id) > MaxID {
		return nil, errs.E(op, errs.NotFound, "There is no such story.")
	}
	a, version := s.cache.get(id)
	if a != nil && (s.opts.Bus == nil || s.opts.Bus.Healthy()) {
		return a, nil
	}
	a, err := s.store.Access(ctx, id)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	s.cache.put(a, version)
	return a, nil
}

// MayRead returns the story's rules if caller may read (and join) it, else FORBIDDEN or NOT_FOUND.
func (s *Service) MayRead(ctx context.Context, caller auth.UserID, id ID) (*Access, error) {
	return s.may(ctx, "story.MayRead", caller, id, Viewer)
}

// MayComment returns the story's rules if caller may comment in it.
func (s *Service) MayComment(ctx context.Context, caller auth.UserID, id ID) (*Access, error) {
	return s.may(ctx, "story.MayComment", caller, id, Commenter)
}

func (s *Service) may(ctx context.Context, op string, caller auth.UserID, id ID, least Role) (*Access, error) {
	a, err := s.access(ctx, op, id)
	if err != nil {
		return nil, err
	}
	switch role := a.RoleOf(caller); {
	case caller == "" || role < Viewer:
		return nil, errs.E(op, errs.Forbidden, "This story is private. Ask its author to let you in.")
	case role < least:
		return nil, errs.E(op, errs.Forbidden, "Your role in this story does not allow this.")
	}
	return a, nil
}
