package gateway

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/socketio"
)

// Channels of the bus.
const (
	feedChannel  = "feed"
	fenceChannel = "fence"
)

// Bus carries messages to the other nodes, as cluster.Bus does. None of its
// methods blocks.
type Bus interface {
	Publish(channel string, data []byte)
	Subscribe(channel string, f func(data []byte)) (cancel func())
	OnGap(f func()) (cancel func())
}

// Guests are the sockets of other Socket.IO servers in the cluster, as
// redisadapter.Emitter reaches them. They have no feed, and get each durable
// event from the node that stored it. It must not block.
type Guests interface {
	Broadcast(b *socketio.Broadcast) error
}

// CommentCreated tells everybody in the story, and the connection it came from
// whether or not it is there: each once.
func (h *Hub) CommentCreated(_ context.Context, c comment.Comment, origin string) {
	h.feed.Commit(h.commentEvent(c, origin))
}

// NotificationCreated tells all connections of the user.
func (h *Hub) NotificationCreated(_ context.Context, n notification.Stored) {
	h.feed.Commit(h.notificationEvent(n))
}

// NotificationsRead tells the other connections of the user.
func (h *Hub) NotificationsRead(_ context.Context, id auth.UserID, m notification.Marked, origin string) {
	h.feed.Commit(h.readEvent(id, m, origin))
}

// deliver tells a durable event to the connections of this node. The feed calls
// it, in order.
func (h *Hub) deliver(e *feed.Event) {
	packet, ok := e.Body.(*socketio.Packet)
	if !ok { // it could not be encoded, which is logged
		return
	}
	to := h.ns.Local().To(e.Room)
	switch {
	case e.Origin == "":
	case e.Except:
		to = to.Except(e.Origin)
	default:
		to = to.To(e.Origin)
	}
	if err := to.EmitPacket(packet); err != nil {
		h.log.Error("emit", "event", packet.Event(), "error", err)
	}
}

// encode returns an event as it is sent: with its position behind the payload,
// which clients give back when they have lost their connection.
func (h *Hub) encode(event string, payload any, pos int64) feed.Body {
	packet, err := h.ns.Encode(event, payload, h.offset(pos))
	if err != nil {
		h.log.Error("encode", "event", event, "error", err)
		return nothing{}
	}
	return packet
}

// nothing is the body of an event that cannot be told.
type nothing struct{}

// Size implements feed.Body.
func (nothing) Size() int { return 0 }

// offset returns a position as clients keep it.
func (h *Hub) offset(pos int64) string { return h.epoch + "." + strconv.FormatInt(pos, 36) }

// position reads what offset wrote. ok is false for that of another database.
func (h *Hub) position(offset string) (pos int64, ok bool) {
	digits, ours := strings.CutPrefix(offset, h.epoch+".")
	pos, err := strconv.ParseInt(digits, 36, 64)
	return pos, ours && err == nil && pos >= 0
}

// told is a feed.Event between nodes.
type told struct {
	Pos    int64           `json:"p"`
	Room   string          `json:"r"`
	Origin string          `json:"o,omitempty"`
	Except bool            `json:"x,omitempty"`
	Event  string          `json:"e"`
	Data   json.RawMessage `json:"d"`
}

// publish sends events of this node to the others, many in one message.
func (h *Hub) publish(events []*feed.Event) {
	batch := make([]told, 0, len(events))
	for _, e := range events {
		if packet, ok := e.Body.(*socketio.Packet); ok {
			t := told{e.Pos, e.Room, e.Origin, e.Except, packet.Event(), packet.Args().Raw(0)}
			batch = append(batch, t)
			h.tellGuests(t)
		}
	}
	data, err := json.Marshal(batch)
	if err != nil {
		h.log.Error("encode events for other nodes", "error", err)
		return
	}
	h.bus.Publish(feedChannel, data)
}

// tellGuests tells the sockets of other Socket.IO servers; their clients have no
// use for an offset.
func (h *Hub) tellGuests(t told) {
	if h.guests == nil {
		return
	}
	data, _, err := socketio.EncodeEvent(t.Event, t.Data)
	if err == nil {
		err = h.guests.Broadcast(&socketio.Broadcast{Target: socketio.Target{Rooms: []string{t.Room}}, Data: data})
	}
	if err != nil {
		h.log.Debug("tell other servers", "event", t.Event, "error", err) // Redis is away: they miss it
	}
}

// receive takes events of another node.
func (h *Hub) receive(data []byte) {
	var batch []told
	if err := json.Unmarshal(data, &batch); err != nil {
		h.log.Warn("events of another node are unreadable", "error", err)
		return
	}
	events := make([]*feed.Event, 0, len(batch))
	for _, t := range batch {
		if t.Pos <= 0 || t.Room == "" || t.Event == "" || len(t.Data) == 0 {
			h.log.Warn("an event of another node is incomplete")
			return
		}
		events = append(events, &feed.Event{
			Pos: t.Pos, Room: t.Room, Origin: t.Origin, Except: t.Except, Body: h.encode(t.Event, t.Data, t.Pos),
		})
	}
	h.feed.Receive(events)
}

// fence is told when a session goes over to another connection.
type fence struct {
	User  auth.UserID `json:"user"`
	PID   string      `json:"pid"`
	Owner string      `json:"owner"`
}

// supersede ends the connections that held a session before its new owner, here
// and on all nodes.
func (h *Hub) supersede(f fence) {
	h.fence(f)
	if h.bus == nil {
		return
	}
	data, err := json.Marshal(f)
	if err != nil {
		h.log.Error("encode fence", "error", err)
		return
	}
	h.bus.Publish(fenceChannel, data)
}

// fenced takes a fence of another node.
func (h *Hub) fenced(data []byte) {
	var f fence
	if err := json.Unmarshal(data, &f); err != nil {
		h.log.Warn("a fence of another node is unreadable", "error", err)
		return
	}
	h.fence(f)
}

func (h *Hub) fence(f fence) {
	for _, old := range h.sessions.of(f.User) {
		if old.pid == f.PID && old.id != f.Owner {
			old.supersede()
		}
	}
}
