package redisadapter

import (
	"encoding/json"
	"fmt"
)

// Types of messages between the members of a cluster. The two below and the one
// above these belong to members that have heartbeats.
const (
	shardedBroadcast = iota + 3
	shardedJoin
	shardedLeave
	shardedDisconnect
	shardedFetch
	shardedFetchAnswer
	shardedServerSide
	shardedServerSideAnswer
	shardedCount
	shardedAck
)

var shardedTypes = [...]int{
	kindJoin: shardedJoin, kindLeave: shardedLeave,
	kindDisconnect: shardedDisconnect, kindFetch: shardedFetch, kindServerSide: shardedServerSide, kindBroadcast: shardedBroadcast,
}

// shardedMessage is every message of the sharded adapter.
type shardedMessage struct {
	UID       string          `json:"uid"`
	Namespace string          `json:"nsp"`
	Type      int             `json:"type"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// shardedData is what the types have as data, some of it each.
type shardedData struct {
	Opts    *wireOptions    `json:"opts,omitempty"`
	ID      string          `json:"requestId,omitempty"`
	Rooms   names           `json:"rooms,omitempty"`
	Close   bool            `json:"close,omitempty"`
	Count   *int            `json:"clientCount,omitempty"`
	Sockets []remoteSocket  `json:"sockets,omitempty"`
	Packet  json.RawMessage `json:"packet,omitempty"` // a wirePacket, [event, args...] or an answered value
}

func encodeShardedRequest(r *request, namespace string) ([]byte, error) {
	d := shardedData{Opts: optionsOf(r.target), ID: r.id, Rooms: r.rooms, Close: r.close}
	var err error
	switch r.kind {
	case kindServerSide:
		d.Opts, d.Packet = nil, r.event.data
	case kindBroadcast:
		d.Opts.Flags = &r.event.flags
		d.Packet, err = json.Marshal(wirePacket{packetEvent, r.event.data, &namespace})
	}
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return encodeSharded(shardedTypes[r.kind], r.from, namespace, &d, r.event.attachments)
}

func encodeShardedAnswer(a *answer, uid, namespace string) ([]byte, error) {
	d := shardedData{ID: a.id, Packet: a.value}
	switch a.kind {
	case answerFetch:
		// Without omitempty: none is an array as well.
		return encodeSharded(shardedFetchAnswer, uid, namespace, struct {
			ID      string         `json:"requestId"`
			Sockets []remoteSocket `json:"sockets"`
		}{a.id, a.sockets}, nil)
	case answerServerSide:
		return encodeSharded(shardedServerSideAnswer, uid, namespace, &d, a.attachments)
	case answerCount:
		d.Count = &a.count
		return encodeSharded(shardedCount, uid, namespace, &d, nil)
	case answerAck:
		return encodeSharded(shardedAck, uid, namespace, &d, a.attachments)
	}
	return nil, fmt.Errorf("encode answer: there is none of kind %d", a.kind)
}

func encodeSharded(kind int, uid, namespace string, data any, attachments [][]byte) ([]byte, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	m, err := marshal(&shardedMessage{UID: uid, Namespace: namespace, Type: kind, Data: raw}, attachments, false)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return m, nil
}

// decodeSharded returns a request or an answer of another member, or neither: of
// our own, and of types that concern nobody here.
func decodeSharded(data []byte, self, namespace string) (*request, *answer, error) {
	var m shardedMessage
	attachments, err := unmarshal(data, &m)
	switch {
	case err != nil:
		return nil, nil, err
	case m.Namespace != namespace:
		return nil, nil, fmt.Errorf("%w: of another namespace", errMalformed)
	case m.UID == "" || m.Type <= 0:
		return nil, nil, fmt.Errorf("%w: no uid or no type", errMalformed)
	case m.UID == self:
		return nil, nil, nil
	case m.Type < shardedBroadcast || m.Type > shardedAck: // heartbeats, and what later versions have
		return nil, nil, nil
	}
	var d shardedData
	if err := json.Unmarshal(m.Data, &d); err != nil {
		return nil, nil, err
	}
	r := &request{from: m.UID, id: d.ID, rooms: d.Rooms, close: d.Close}
	switch m.Type {
	case shardedFetchAnswer, shardedServerSideAnswer, shardedCount, shardedAck:
		a, err := d.answer(m.Type, attachments)
		return nil, a, err
	case shardedServerSide:
		r.kind, r.event = kindServerSide, event{data: d.Packet, attachments: attachments}
		return r, nil, checkEvent(d.Packet)
	case shardedBroadcast:
		r.kind = kindBroadcast
		if r.target, err = d.Opts.target(); err == nil {
			r.event, err = d.event(namespace, attachments)
		}
	case shardedFetch:
		r.kind = kindFetch
		if r.target, err = d.Opts.target(); err == nil && r.id == "" {
			err = fmt.Errorf("%w: no requestId", errMalformed)
		}
	default:
		r.kind = kindJoin + kind(m.Type-shardedJoin)
		r.target, err = d.Opts.target()
	}
	return r, nil, err
}

// event reads the packet of a broadcast.
func (d *shardedData) event(namespace string, attachments [][]byte) (event, error) {
	var p wirePacket
	if err := json.Unmarshal(orNull(d.Packet), &p); err != nil {
		return event{}, err
	}
	return p.event(namespace, d.Opts.Flags, attachments)
}

// answer reads one that other members give.
func (d *shardedData) answer(kind int, attachments [][]byte) (*answer, error) {
	a := &answer{id: d.ID, sockets: d.Sockets, value: orNull(d.Packet), attachments: attachments}
	switch kind {
	case shardedFetchAnswer:
		a.kind = answerFetch
	case shardedServerSideAnswer:
		a.kind = answerServerSide
	case shardedCount:
		if d.Count == nil || *d.Count < 0 {
			return nil, fmt.Errorf("%w: no number of clients", errMalformed)
		}
		a.kind, a.count = answerCount, *d.Count
	case shardedAck:
		a.kind = answerAck
	}
	if a.id == "" {
		return nil, fmt.Errorf("%w: no requestId", errMalformed)
	}
	return a, nil
}
