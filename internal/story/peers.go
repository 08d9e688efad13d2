package story

import (
	"context"
	"encoding/json"

	"github.com/storywire/storywire/internal/auth"
)

// Bus carries what nodes tell each other: Publish to all others. What may have
// been missed is told of by OnGap, afterwards. The functions it calls must be
// quick and must not keep data.
type Bus interface {
	Publish(channel string, data []byte)
	Subscribe(channel string, receive func(data []byte)) (cancel func())
	Healthy() bool
	OnGap(f func()) (cancel func())
}

const accessChannel = "story.access"

// changedAccess tells other nodes of a right that was changed here, or without a user of a title.
type changedAccess struct {
	Story ID          `json:"s"`
	User  auth.UserID `json:"u"`
	Role  Role        `json:"r"`
}

// Run hears of rights that other nodes changed until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	if s.opts.Bus == nil {
		<-ctx.Done()
		return nil
	}
	missed := make(chan struct{}, 1)
	defer s.opts.Bus.Subscribe(accessChannel, s.receive)()
	defer s.opts.Bus.OnGap(func() {
		select {
		case missed <- struct{}{}:
		default:
		}
	})()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-missed:
			s.cache.clear()
			if s.opts.Announcer != nil {
				s.opts.Announcer.AccessUnknown(ctx)
			}
		}
	}
}

// receive takes over what another node has stored; its rules are read again.
func (s *Service) receive(data []byte) {
	var c changedAccess
	if json.Unmarshal(data, &c) != nil || c.Story == "" {
		s.cache.clear() // what it meant to say is in the database
		return
	}
	s.cache.forget(c.Story)
	if s.opts.Announcer != nil && c.User != "" {
		s.opts.Announcer.AccessChanged(context.Background(), c.Story, c.User, c.Role)
	}
}

// tellAccess tells this node's connections, and the other nodes.
func (s *Service) tellAccess(ctx context.Context, id ID, userID auth.UserID, role Role) {
	if s.opts.Announcer != nil {
		s.opts.Announcer.AccessChanged(ctx, id, userID, role)
	}
	if s.opts.Bus == nil {
		return
	}
	if data, err := json.Marshal(changedAccess{id, userID, role}); err == nil { // ids and a number: it always is
		s.opts.Bus.Publish(accessChannel, data)
	}
}

// tellTitle lets this node and the others read anew what a story is called.
func (s *Service) tellTitle(id ID) {
	s.cache.forget(id)
	if s.opts.Bus != nil {
		data, _ := json.Marshal(changedAccess{Story: id}) // strings and a number always marshal
		s.opts.Bus.Publish(accessChannel, data)
	}
}
