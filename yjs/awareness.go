package yjs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Presence is what one client says about itself in the awareness protocol.
type Presence struct {
	Client, Clock uint64
	State         json.RawMessage // nil says that the client is gone
}

// DecodeAwareness reads an awareness message to its last byte. States are valid JSON, nested not deeper than 64, and
// refer to data. The error is always an *Error with code Malformed.
func DecodeAwareness(data []byte) ([]Presence, error) {
	r := reader{b: data}
	var list []Presence
	for n := r.count(3); n > 0 && r.err == nil; n-- {
		p := Presence{Client: r.varUint(), Clock: r.varUint(), State: r.varString()}
		if r.checkJSON(p.State, &shape{}); bytes.Equal(bytes.TrimSpace(p.State), []byte("null")) {
			p.State = nil
		}
		list = append(list, p)
	}
	if r.err == nil && r.left() > 0 {
		r.fail("%d bytes too many", r.left())
	}
	if r.err != nil {
		return nil, r.err
	}
	return list, nil
}

// EncodeAwareness writes an awareness message. The caller owns the result.
func EncodeAwareness(list ...Presence) []byte {
	b := appendVarUint(nil, uint64(len(list)))
	for _, p := range list {
		b = appendVarUint(appendVarUint(b, p.Client), p.Clock)
		if p.State == nil {
			b = appendVarBytes(b, "null")
		} else {
			b = appendVarBytes(b, []byte(p.State))
		}
	}
	return b
}

// PresenceTimeout is how long a client that says nothing is believed to be there. Clients repeat themselves after half
// of it.
const PresenceTimeout = 30 * time.Second

// Awareness keeps the newest presence of each client. The zero value is empty and ready. It is not safe for concurrent
// use, and has no clock: the caller says what time it is.
type Awareness struct {
	clients map[uint64]heard
}

type heard struct {
	Presence
	at time.Time
}

// Apply takes those entries that are newer than what is known, or that say of the same clock that the client is gone,
// and returns them: what is worth sending on. It keeps no reference to their states.
func (a *Awareness) Apply(now time.Time, list ...Presence) []Presence {
	var news []Presence
	for _, p := range list {
		known := a.clients[p.Client]
		if p.Clock < known.Clock || p.Clock == known.Clock && (p.State != nil || known.State == nil) {
			continue
		}
		if a.clients == nil {
			a.clients = make(map[uint64]heard)
		}
		p.State = bytes.Clone(p.State)
		a.clients[p.Client] = heard{p, now}
		news = append(news, p)
	}
	return news
}

// Remove says that a client is gone, because its connection is. It returns what to tell the others.
func (a *Awareness) Remove(now time.Time, client uint64) (news Presence, ok bool) {
	known, ok := a.clients[client]
	if !ok || known.State == nil {
		return Presence{}, false
	}
	news = Presence{Client: client, Clock: known.Clock + 1}
	a.clients[client] = heard{news, now}
	return news, true
}

// Expire says of all clients that have said nothing for PresenceTimeout that they are gone, forgets those that have
// been gone for as long, and returns what to tell the others.
func (a *Awareness) Expire(now time.Time) []Presence {
	var news []Presence
	for client, h := range a.clients {
		switch {
		case now.Sub(h.at) < PresenceTimeout:
		case h.State == nil:
			delete(a.clients, client)
		default:
			p := Presence{Client: client, Clock: h.Clock}
			a.clients[client] = heard{p, now}
			news = append(news, p)
		}
	}
	slices.SortFunc(news, byClient)
	return news
}

// States returns everybody who is there, by ascending client id. The states must not be changed.
func (a *Awareness) States() []Presence {
	var list []Presence
	for _, h := range slices.Collect(maps.Values(a.clients)) {
		if h.State != nil {
			list = append(list, h.Presence)
		}
	}
	slices.SortFunc(list, byClient)
	return list
}

func byClient(a, b Presence) int { return cmp.Compare(a.Client, b.Client) }
