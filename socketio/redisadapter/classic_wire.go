package redisadapter

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/msgpack"
)

// Types of the classic adapter's requests and answers.
const (
	classicSockets = iota
	classicRooms
	classicJoin
	classicLeave
	classicDisconnect
	classicFetch
	classicServerSide
	classicBroadcast
	classicCount
	classicAck
)

// appendBroadcast appends the message of an event: [uid, packet, opts].
func appendBroadcast(dst []byte, uid, namespace string, b *socketio.Broadcast) ([]byte, error) {
	if dst == nil {
		const around = 96 // bytes: names of members, heads
		dst = make([]byte, 0, around+len(uid)+len(namespace)+len(b.Data))
	}
	dst = msgpack.AppendString(msgpack.AppendArray(dst, 3), uid)
	dst = msgpack.AppendMap(dst, 3)
	dst = msgpack.AppendInt(msgpack.AppendString(dst, "type"), packetEvent)
	dst, err := msgpack.AppendJSON(msgpack.AppendString(dst, "data"), b.Data, b.Attachments)
	if err != nil {
		return nil, fmt.Errorf("encode broadcast: %w", err)
	}
	dst = msgpack.AppendString(msgpack.AppendString(dst, "nsp"), namespace)
	dst = msgpack.AppendMap(dst, 3)
	dst = appendNames(msgpack.AppendString(dst, "rooms"), b.Rooms)
	dst = appendNames(msgpack.AppendString(dst, "except"), b.Except)
	return appendFlags(msgpack.AppendString(dst, "flags"), b), nil
}

func appendFlags(dst []byte, b *socketio.Broadcast) []byte {
	head := len(dst)
	dst = msgpack.AppendMap(dst, 0)
	if b.Volatile {
		dst[head]++ // fixmap: one more
		dst = msgpack.AppendBool(msgpack.AppendString(dst, "volatile"), true)
	}
	if b.Uncompressed {
		dst[head]++
		dst = msgpack.AppendBool(msgpack.AppendString(dst, "compress"), false)
	}
	return dst
}

func appendNames(dst []byte, all []string) []byte {
	dst = msgpack.AppendArray(dst, len(all))
	for _, name := range all {
		dst = msgpack.AppendString(dst, name)
	}
	return dst
}

// readBroadcast reads the message of an event of that namespace. It does not
// keep data, but for the binary values, which alias it.
func readBroadcast(data []byte, namespace string) (uid string, b *socketio.Broadcast, err error) {
	d := broadcastReader{r: msgpack.NewReader(data), namespace: "/", b: new(socketio.Broadcast)}
	d.r.MaxBinary = maxAttachments
	if uid, err = d.read(); err != nil {
		return "", nil, err
	}
	if d.namespace != namespace {
		return "", nil, fmt.Errorf("%w: of another namespace", errMalformed)
	}
	return uid, d.b, checkEvent(d.b.Data)
}

type broadcastReader struct {
	r         *msgpack.Reader
	namespace string
	b         *socketio.Broadcast
}

func (d *broadcastReader) read() (uid string, err error) {
	n, err := d.r.Array()
	if err != nil || n < 3 {
		return "", fmt.Errorf("%w: no array of three", errMalformed)
	}
	if uid, err = d.r.Text(); err != nil {
		return "", err
	}
	if err := d.members(d.packet); err != nil {
		return "", err
	}
	if err := d.members(d.options); err != nil {
		return "", err
	}
	for range n - 3 {
		if err := d.r.Skip(); err != nil {
			return "", err
		}
	}
	return uid, d.r.End()
}

// members calls member for each key of a map; it reads the value.
func (d *broadcastReader) members(member func(key string) error) error {
	n, err := d.r.Map()
	for range n {
		var key string
		if key, err = d.r.Key(); err == nil {
			err = member(key)
		}
		if err != nil {
			return err
		}
	}
	return err
}

func (d *broadcastReader) packet(key string) (err error) {
	switch key {
	case "type":
		var t int64
		if t, err = d.r.Int(); err == nil && t != packetEvent && t != 5 {
			err = fmt.Errorf("%w: no event", errMalformed)
		}
	case "data":
		if d.b.Data != nil {
			return fmt.Errorf("%w: data twice", errMalformed)
		}
		d.b.Data, d.b.Attachments, err = d.r.JSON(nil, nil, msgpack.MaxDepth)
	case "nsp":
		if !d.r.Undefined() {
			d.namespace, err = d.r.Text()
		}
	default:
		err = d.r.Skip()
	}
	return err
}

func (d *broadcastReader) options(key string) (err error) {
	switch key {
	case "rooms":
		d.b.Rooms, err = d.names()
	case "except":
		d.b.Except, err = d.names()
	case "flags":
		var flags any
		if flags, err = d.r.Value(); err == nil {
			if all, ok := flags.(map[string]any); ok {
				d.b.Volatile, _ = all["volatile"].(bool)
				d.b.Uncompressed = all["compress"] == false
			}
		}
	default:
		err = d.r.Skip()
	}
	return err
}

// names reads an array of rooms, which JavaScript may have as numbers.
func (d *broadcastReader) names() ([]string, error) {
	value, err := d.r.Value()
	if err != nil || value == nil {
		return nil, err
	}
	all, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: rooms are no array", errMalformed)
	}
	rooms := make([]string, len(all))
	for i, v := range all {
		switch v := v.(type) {
		case string:
			rooms[i] = v
		case int64:
			rooms[i] = strconv.FormatInt(v, 10)
		case float64:
			rooms[i] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			return nil, fmt.Errorf("%w: %T is no room", errMalformed, v)
		}
	}
	return rooms, nil
}

// classicRequest is a request as the classic adapter writes it.
type classicRequest struct {
	UID    string          `json:"uid,omitempty"`
	ID     string          `json:"requestId,omitempty"`
	Type   *int            `json:"type"`
	Opts   *wireOptions    `json:"opts,omitempty"`
	Rooms  names           `json:"rooms,omitempty"`
	Close  bool            `json:"close,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
	Packet *wirePacket     `json:"packet,omitempty"`
	Socket string          `json:"sid,omitempty"`
	Room   json.RawMessage `json:"room,omitempty"`
}

var classicTypes = [...]int{
	kindSockets: classicSockets, kindRooms: classicRooms, kindJoin: classicJoin, kindLeave: classicLeave,
	kindDisconnect: classicDisconnect, kindFetch: classicFetch, kindServerSide: classicServerSide, kindBroadcast: classicBroadcast,
}

func encodeClassicRequest(r *request, namespace string) ([]byte, error) {
	w := classicRequest{UID: r.from, ID: r.id, Type: &classicTypes[r.kind], Close: r.close}
	switch r.kind {
	case kindJoin, kindLeave, kindDisconnect, kindFetch:
		w.Opts, w.Rooms = optionsOf(r.target), r.rooms
	case kindServerSide:
		w.Data = r.event.data
	case kindBroadcast:
		w.Opts = optionsOf(r.target)
		w.Opts.Flags = &r.event.flags
		w.Packet = &wirePacket{packetEvent, r.event.data, &namespace}
	}
	data, err := marshal(&w, r.event.attachments, r.kind == kindBroadcast)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return data, nil
}

// decodeClassicRequest returns nil for requests of unknown types, which are of a
// later version, and for what concerns nobody.
func decodeClassicRequest(data []byte, namespace string) (*request, error) {
	var w classicRequest
	attachments, err := unmarshal(data, &w)
	if err != nil {
		return nil, err
	}
	if w.Type == nil {
		return nil, fmt.Errorf("%w: no type", errMalformed)
	}
	r := &request{from: w.UID, id: w.ID, rooms: w.Rooms, close: w.Close}
	switch *w.Type {
	case classicSockets:
		r.kind, r.target.Rooms = kindSockets, w.Rooms
	case classicRooms:
		r.kind = kindRooms
	case classicJoin, classicLeave, classicDisconnect:
		r.kind = kindJoin + kind(*w.Type-classicJoin)
		err = w.change(r)
	case classicFetch:
		r.kind = kindFetch
		r.target, err = w.Opts.target()
	case classicServerSide:
		r.kind = kindServerSide
		r.event = event{data: w.Data, attachments: attachments}
		err = checkEvent(w.Data)
	case classicBroadcast:
		r.kind = kindBroadcast
		if r.target, err = w.Opts.target(); err == nil {
			r.event, err = w.Packet.event(namespace, w.Opts.Flags, attachments)
		}
	default:
		return nil, nil
	}
	if err == nil && r.id == "" && (r.kind == kindFetch || r.kind == kindBroadcast || r.kind == kindRooms || r.kind == kindSockets) {
		err = fmt.Errorf("%w: no requestId", errMalformed)
	}
	return r, err
}

// change reads whom a join, leave or disconnect is for: in the old form one
// socket.
func (w *classicRequest) change(r *request) (err error) {
	if w.Opts != nil || w.Socket == "" {
		r.target, err = w.Opts.target()
		return err
	}
	r.socket = w.Socket
	if len(w.Room) > 0 {
		var room string
		room, err = roomName(w.Room)
		r.rooms = []string{room}
	}
	return err
}

// classicAnswer is an answer as the classic adapter writes it.
type classicAnswer struct {
	ID      string          `json:"requestId"`
	Type    *int            `json:"type,omitempty"`
	Sockets json.RawMessage `json:"sockets,omitempty"` // ids, or remoteSockets
	Rooms   names           `json:"rooms,omitempty"`
	Count   int             `json:"clientCount,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Packet  json.RawMessage `json:"packet,omitempty"`
}

func encodeClassicAnswer(a *answer) (data []byte, err error) {
	w := classicAnswer{ID: a.id}
	typed := func(t int) { w.Type = &t }
	switch a.kind {
	case answerSockets:
		w.Sockets, err = json.Marshal(a.names)
	case answerFetch:
		w.Sockets, err = json.Marshal(a.sockets)
	case answerRooms:
		w.Rooms = a.names
	case answerServerSide:
		typed(classicServerSide)
		w.Data = a.value
	case answerCount:
		// Without omitempty: none is a number as well.
		return json.Marshal(struct {
			Type  int    `json:"type"`
			ID    string `json:"requestId"`
			Count int    `json:"clientCount"`
		}{classicCount, a.id, a.count})
	case answerAck:
		typed(classicAck)
		w.Packet = a.value
	}
	if err == nil {
		data, err = marshal(&w, a.attachments, a.kind == answerAck)
	}
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return data, nil
}

func decodeClassicAnswer(data []byte) (*answer, error) {
	var w classicAnswer
	attachments, err := unmarshal(data, &w)
	if err != nil {
		return nil, err
	}
	a := &answer{kind: answerDone, id: w.ID, names: w.Rooms, count: w.Count, attachments: attachments}
	switch {
	case w.Type == nil && w.Sockets != nil:
		a.kind = answerFetch
		err = json.Unmarshal(w.Sockets, &a.sockets)
	case w.Type == nil && w.Rooms != nil:
		a.kind = answerRooms
	case w.Type == nil:
	case *w.Type == classicServerSide:
		a.kind, a.value = answerServerSide, orNull(w.Data)
	case *w.Type == classicCount:
		if a.kind = answerCount; a.count < 0 {
			err = fmt.Errorf("%w: %d clients", errMalformed, a.count)
		}
	case *w.Type == classicAck:
		a.kind, a.value = answerAck, orNull(w.Packet)
	}
	return a, err
}

// orNull makes of a value that is undefined in JavaScript one of JSON.
func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}
