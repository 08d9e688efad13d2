package coedit

import (
	"encoding/json"

	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

// hint is a message of one node to the others about a document.
type hint struct {
	Kind  string   `json:"k"`
	Story story.ID `json:"s"`
	Node  string   `json:"n"`
	Seq   int64    `json:"q,omitempty"`
	From  uint64   `json:"f,omitempty"`
	Data  []byte   `json:"d,omitempty"`
}

// Kinds of hints.
const (
	hintUpdate    = "update"    // Data is the update of Seq
	hintAwareness = "awareness" // Data is an awareness message
	hintAsk       = "ask"       // tell the awareness of your visitors
	hintSum       = "sum"       // Data is the hash of the document at Seq
)

// hint sends h to the other nodes, if there are any.
func (s *Service) hint(id story.ID, h hint) {
	if s.deps.Bus == nil {
		return
	}
	h.Story, h.Node = id, s.opts.Node
	message, err := json.Marshal(h)
	if err != nil { // strings, numbers and bytes: it cannot be
		s.opts.Logger.Error("encode a hint", "error", err)
		return
	}
	s.deps.Bus.Publish(channelOf(id), message)
}

// channelOf is where the nodes that have a document open hear of it.
func channelOf(id story.ID) string { return "edit:" + string(id) }

// subscribe listens to the other nodes while the room is there.
func (r *room) subscribe() (cancel func()) {
	if r.s.deps.Bus == nil {
		return func() {}
	}
	return r.s.deps.Bus.Subscribe(channelOf(r.id), r.s.hear)
}

// hear takes a message that another node has published. One that makes no
// sense is dropped.
func (s *Service) hear(message []byte) {
	var h hint
	if err := json.Unmarshal(message, &h); err != nil {
		s.opts.Logger.Warn("hint of another node", "error", err)
		return
	}
	if h.Node == s.opts.Node {
		return
	}
	// A full inbox drops it: updates are found by the next poll, and awareness is told again.
	switch h.Kind {
	case hintUpdate:
		_, _ = s.tellOpen(h.Story, remoteMsg{Update{h.Seq, h.Data}, h.From})
	case hintAwareness:
		if list, err := yjs.DecodeAwareness(h.Data); err == nil {
			_, _ = s.tellOpen(h.Story, remoteAwarenessMsg{list})
		}
	case hintSum:
		if len(h.Data) == sumLength {
			_, _ = s.tellOpen(h.Story, sumMsg{sum{h.Seq, [sumLength]byte(h.Data)}})
		}
	case hintAsk:
		_, _ = s.tellOpen(h.Story, repeatMsg{})
	}
}

// remoteMsg is an update that another node says it has stored.
type remoteMsg struct {
	u    Update
	from uint64
}

// handle applies the update if it is the next one. What lies between is read
// from the log, which also holds u.
func (m remoteMsg) handle(r *room) {
	if r.doc == nil || m.u.Seq <= r.seq {
		return
	}
	if m.u.Seq > r.seq+1 {
		headMsg{m.u.Seq}.handle(r)
		return
	}
	if err := r.doc.Apply(m.u.Data); err != nil {
		r.s.opts.Logger.Error("update of another node", "story", r.id, "error", err)
		headMsg{m.u.Seq}.handle(r)
		return
	}
	r.applied(m.u, m.from, "")
}
