package coedit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

// presence is what a client may say of itself, with what the server knows of it.
type presence struct {
	PassageID string          `json:"passageId,omitempty"`
	Cursor    json.RawMessage `json:"cursor,omitempty"` // two relative positions
	Mode      string          `json:"mode,omitempty"`
	Drag      json.RawMessage `json:"drag,omitempty"`
	User      presentUser     `json:"user"`
}

// presentUser is read by the editors' plug-ins, which want these names.
type presentUser struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Color      string `json:"color"`
	ColorLight string `json:"colorLight"`
}

const (
	maxMode = 32 // bytes

	// crowd is how many may show themselves before the moves of a cursor are
	// told only to those who are in the same passage.
	crowd = 50
)

// lightly makes a colour one to put behind text.
const lightly = "33"

// awarenessMsg is what a connection says of itself.
type awarenessMsg struct {
	conn string
	p    yjs.Presence
}

func (m awarenessMsg) handle(r *room) {
	member := r.members[m.conn]
	if member == nil || member.role < story.Commenter || m.p.Client != member.Client {
		return
	}
	if m.p.State != nil {
		state, ok := member.sign(m.p.State)
		if !ok {
			return
		}
		m.p.State = state
	}
	r.hear(false, m.p)
}

// sign returns what of a state is told to the others, in the name of its user.
func (m *member) sign(state []byte) (json.RawMessage, bool) {
	var p presence
	if len(state) > MaxPresence || json.Unmarshal(state, &p) != nil || len(p.Mode) > maxMode || len(p.PassageID) > passageIDLen {
		return nil, false
	}
	p.User = presentUser{ID: string(m.User.ID), Name: m.User.DisplayName, Color: m.color, ColorLight: m.color + lightly}
	signed, err := json.Marshal(p)
	return signed, err == nil
}

// newPresence is a change of awareness that is to be told.
type newPresence struct {
	yjs.Presence
	remote bool // heard from another node, which tells the others
	moved  bool // nothing has changed but the cursor
}

// hear takes over what is new, to be told soon.
func (r *room) hear(remote bool, list ...yjs.Presence) {
	r.announce(remote, r.awareness.Apply(r.s.opts.Now(), list...)...)
}

func (r *room) announce(remote bool, list ...yjs.Presence) {
	for _, p := range list {
		waits, waiting := r.dirty[p.Client]
		moved := r.onlyMoved(p)
		r.dirty[p.Client] = newPresence{p, remote, moved && (!waiting || waits.moved)}
		if r.flush == nil {
			r.flush = time.After(awarenessLag)
		}
	}
}

// onlyMoved takes over where a client is, and reports whether only its cursor
// has changed. A client that says the same again has not moved.
func (r *room) onlyMoved(p yjs.Presence) bool {
	if p.State == nil {
		delete(r.places, p.Client)
		return false
	}
	var is presence
	_ = json.Unmarshal(p.State, &is) // signed by a node: it was one
	was, known := r.places[p.Client]
	r.places[p.Client] = is
	return known && is.PassageID == was.PassageID && is.Mode == was.Mode &&
		!(bytes.Equal(is.Cursor, was.Cursor) && bytes.Equal(is.Drag, was.Drag))
}

// silence says that a client is gone.
func (r *room) silence(client uint64) {
	if p, ok := r.awareness.Remove(r.s.opts.Now(), client); ok {
		r.announce(false, p)
	}
}

// expire forgets clients that have said nothing for long. Every node finds that by itself.
func (r *room) expire() { r.announce(true, r.awareness.Expire(r.s.opts.Now())...) }

// tellAwareness tells this node and the others what has changed.
func (r *room) tellAwareness() {
	var own, news []yjs.Presence
	near := map[string][]yjs.Presence{} // by passage
	for _, client := range slices.Sorted(maps.Keys(r.dirty)) {
		p := r.dirty[client]
		if !p.remote {
			own = append(own, p.Presence)
		}
		if p.moved && len(r.places) > crowd {
			passage := r.places[client].PassageID
			near[passage] = append(near[passage], p.Presence)
			continue
		}
		news = append(news, p.Presence)
	}
	clear(r.dirty)
	if len(news) > 0 {
		except := ""
		if len(news) == 1 { // not to whom it came from
			except = r.connOf(news[0].Client)
		}
		r.s.deps.Publisher.AwarenessChanged(r.id, yjs.EncodeAwareness(news...), except)
	}
	for passage, list := range near {
		if conns := r.connsIn(passage); len(conns) > 0 {
			r.s.deps.Publisher.CursorsMoved(conns, r.id, yjs.EncodeAwareness(list...))
		}
	}
	if len(own) > 0 {
		r.s.hint(r.id, hint{Kind: hintAwareness, Data: yjs.EncodeAwareness(own...)})
	}
}

// connsIn returns the connections of those who say that they are in a passage.
func (r *room) connsIn(passage string) (conns []string) {
	for conn, m := range r.members {
		if is, shown := r.places[m.Client]; shown && is.PassageID == passage {
			conns = append(conns, conn)
		}
	}
	return conns
}

func (r *room) connOf(client uint64) string {
	for conn, m := range r.members {
		if m.Client == client {
			return conn
		}
	}
	return ""
}

// remoteAwarenessMsg is what clients of other nodes say of themselves, signed there.
type remoteAwarenessMsg struct{ list []yjs.Presence }

func (m remoteAwarenessMsg) handle(r *room) { r.hear(true, m.list...) }

// repeatMsg asks for the awareness of this node's visitors: another node has a new one.
type repeatMsg struct{}

func (repeatMsg) handle(r *room) {
	var own []yjs.Presence
	for _, p := range r.awareness.States() {
		if r.connOf(p.Client) != "" {
			own = append(own, p)
		}
	}
	if len(own) > 0 {
		r.s.hint(r.id, hint{Kind: hintAwareness, Data: yjs.EncodeAwareness(own...)})
	}
}
