package gateway

import (
	"slices"
	"sync"

	"github.com/storywire/storywire/internal/auth"
)

// registry knows the sessions of every user.
type registry struct {
	mu     sync.Mutex // guards the fields below
	byUser map[auth.UserID][]*session
	total  int
}

// add registers s unless its user has limit sessions already.
func (r *registry) add(s *session, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byUser[s.user.ID]) >= limit {
		return false
	}
	r.byUser[s.user.ID] = append(r.byUser[s.user.ID], s)
	r.total++
	return true
}

func (r *registry) remove(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.byUser[s.user.ID]
	i := slices.Index(all, s)
	if i < 0 {
		return
	}
	if len(all) == 1 {
		delete(r.byUser, s.user.ID)
	} else {
		r.byUser[s.user.ID] = slices.Delete(all, i, i+1)
	}
	r.total--
}

// of returns the sessions of a user; the slice is the caller's.
func (r *registry) of(id auth.UserID) []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.byUser[id])
}

// all returns every session; the slice is the caller's.
func (r *registry) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*session, 0, r.total)
	for _, sessions := range r.byUser {
		all = append(all, sessions...)
	}
	return all
}

// count returns how many sessions a user has.
func (r *registry) count(id auth.UserID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byUser[id])
}

// size returns how many sessions there are.
func (r *registry) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// recorded returns the secrets of the sessions that have a record.
func (r *registry) recorded() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pids []string
	for _, all := range r.byUser {
		for _, s := range all {
			if s.isRecorded() {
				pids = append(pids, s.pid)
			}
		}
	}
	return pids
}
