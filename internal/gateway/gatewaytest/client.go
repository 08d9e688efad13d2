// Package gatewaytest is a client for tests: Socket.IO v5 on the namespace /ws,
// over WebSocket or polling, written from the protocol's text, so that it shares
// no mistake with the server.
package gatewaytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Event is one event that the server sent.
type Event struct {
	Name string
	Data json.RawMessage // the first argument
	// Offset is the position behind it, which a client that comes back gives back;
	// empty: it has none.
	Offset string
}

// Ack is the answer to an event.
type Ack struct {
	OK        bool            `json:"ok"`
	Data      json.RawMessage `json:"data"`
	Duplicate bool            `json:"duplicate"`
	Error     struct {
		Code         string `json:"code"`
		Message      string `json:"message"`
		RetryAfterMs int64  `json:"retryAfterMs"`
	} `json:"error"`
}

// ConnectError is a refused CONNECT.
type ConnectError struct {
	Message string `json:"message"`
	Data    struct {
		Code         string `json:"code"`
		RetryAfterMs int64  `json:"retryAfterMs"`
	} `json:"data"`
}

// Error returns the code and the message.
func (e *ConnectError) Error() string { return e.Data.Code + ": " + e.Message }

// ErrClosed is returned when the connection has ended.
var ErrClosed = errors.New("the connection has ended")

// Client is one connection. Its methods may be called by any goroutine.
type Client struct {
	wire wire
	done chan struct{} // closed when the connection has ended

	mu           sync.Mutex // guards the fields below
	changed      chan struct{}
	events       []Event
	taken        map[string]int // per event: index in events after the last one that Next returned
	acks         map[uint64]chan Ack
	lastAck      uint64
	sid, pid     string
	offset       string
	refused      *ConnectError
	disconnected bool // a DISCONNECT packet came
	partial      partial
}

// partial is a packet whose attachments are still to come.
type partial struct {
	kind     byte
	body     string
	num, all int
}

// A wire carries Engine.IO packets. send and close may be called by any goroutine.
type wire interface {
	send(packet string) error
	// receive returns the next packets, or an error at the end of the connection.
	receive() ([]string, error)
	close()
}

// newClient reads what w receives until it ends.
func newClient(w wire) *Client {
	c := &Client{wire: w, done: make(chan struct{}), changed: make(chan struct{}), taken: map[string]int{}, acks: map[uint64]chan Ack{}}
	go c.read()
	return c
}

// Open dials a WebSocket and signs in.
func Open(ctx context.Context, addr, token string) (*Client, error) {
	c, err := Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return c, c.SignIn(ctx, token)
}

// SignIn connects to /ws with a token; it returns after session:ready. If it
// fails the client is closed.
func (c *Client) SignIn(ctx context.Context, token string) error {
	err := c.Connect(ctx, map[string]string{"token": token})
	if err == nil {
		_, err = c.Next(ctx, "session:ready")
	}
	if err != nil {
		c.Close()
	}
	return err
}

// Connect joins /ws with that auth payload; a refusal is a *ConnectError.
func (c *Client) Connect(ctx context.Context, auth any) error {
	data, err := json.Marshal(auth)
	if err != nil {
		return err
	}
	if err := c.Send("40/ws," + string(data)); err != nil {
		return err
	}
	return c.wait(ctx, func() (bool, error) {
		if c.refused != nil {
			return true, c.refused
		}
		return c.sid != "", nil
	})
}

// SID returns the id of the socket.
func (c *Client) SID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sid
}

// Ticket returns what a client that comes back adds to its auth payload: the
// secret of the session, and the offset of the last event that had one.
func (c *Client) Ticket() (pid, offset string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid, c.offset
}

// Disconnected reports whether the server said DISCONNECT, which makes stock
// clients stay away.
func (c *Client) Disconnected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.disconnected
}

// Emit sends an event; a nil payload sends none.
func (c *Client) Emit(event string, payload any) error {
	text, err := encode(event, payload)
	if err != nil {
		return err
	}
	return c.Send("42/ws," + text)
}

// Call sends an event and returns the acknowledgement.
func (c *Client) Call(ctx context.Context, event string, payload any) (Ack, error) {
	text, err := encode(event, payload)
	if err != nil {
		return Ack{}, err
	}
	answer := make(chan Ack, 1)
	c.mu.Lock()
	c.lastAck++
	id := c.lastAck
	c.acks[id] = answer
	c.mu.Unlock()
	if err := c.Send("42/ws," + strconv.FormatUint(id, 10) + text); err != nil {
		return Ack{}, err
	}
	select {
	case a := <-answer:
		return a, nil
	case <-c.done:
		return Ack{}, ErrClosed
	case <-ctx.Done():
		return Ack{}, fmt.Errorf("%s: no answer: %w", event, ctx.Err())
	}
}

func encode(event string, payload any) (string, error) {
	args := []any{event}
	if payload != nil {
		args = append(args, payload)
	}
	data, err := json.Marshal(args)
	return string(data), err
}

// Next returns the next event of that name, each once, and waits for it.
func (c *Client) Next(ctx context.Context, event string) (data json.RawMessage, err error) {
	err = c.wait(ctx, func() (bool, error) {
		for i := c.taken[event]; i < len(c.events); i++ {
			if c.events[i].Name == event {
				c.taken[event] = i + 1
				data = c.events[i].Data
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return nil, fmt.Errorf("wait for %s: %w", event, err)
	}
	return data, nil
}

// Events returns all events so far, in order; of those names, or all.
func (c *Client) Events(names ...string) []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Event
	for _, e := range c.events {
		for _, name := range names {
			if e.Name == name {
				found = append(found, e)
			}
		}
		if len(names) == 0 {
			found = append(found, e)
		}
	}
	return found
}

// wait calls check, with mu held, whenever something has come, until it is done.
func (c *Client) wait(ctx context.Context, check func() (bool, error)) error {
	for {
		c.mu.Lock()
		done, err := check()
		changed := c.changed
		c.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-c.done:
			c.mu.Lock()
			done, err := check()
			c.mu.Unlock()
			if done || err != nil {
				return err
			}
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Close ends the connection without a word, as a lost network does.
func (c *Client) Close() {
	c.wire.close()
	<-c.done
}

// Send sends one packet.
func (c *Client) Send(packet string) error { return c.wire.send(packet) }

func (c *Client) read() {
	defer close(c.done)
	defer c.wire.close()
	for {
		packets, err := c.wire.receive()
		if err != nil {
			return
		}
		for _, p := range packets {
			if p != "" && !c.take(p) {
				return
			}
		}
	}
}

// take handles one Engine.IO packet; false ends the connection.
func (c *Client) take(packet string) bool {
	switch {
	case packet[0] == '1':
		return false
	case packet[0] == '2':
		return c.Send("3"+packet[1:]) == nil
	case packet[0] == 'b':
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.attach(packet[1:])
	case !strings.HasPrefix(packet, "4"):
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, body := packet[1], packet[2:]
	if kind == '5' || kind == '6' {
		count, rest, _ := strings.Cut(body, "-")
		n, err := strconv.Atoi(count)
		c.partial = partial{kind: kind - 3, body: rest, all: n}
		return err == nil
	}
	c.packet(kind, body)
	return true
}

// attach puts the next attachment, in base64, where it belongs in its packet:
// tests find bytes as JSON has them. The caller holds mu.
func (c *Client) attach(data string) bool {
	p := &c.partial
	if p.num == p.all {
		return false
	}
	p.body = strings.Replace(p.body, fmt.Sprintf(`{"_placeholder":true,"num":%d}`, p.num), `"`+data+`"`, 1)
	if p.num++; p.num == p.all {
		c.packet(p.kind, p.body)
	}
	return true
}

// packet handles one Socket.IO packet. The caller holds mu.
func (c *Client) packet(kind byte, body string) {
	body = strings.TrimPrefix(body, "/ws,")
	switch kind {
	case '0':
		var open struct{ SID, PID string }
		_ = json.Unmarshal([]byte(body), &open) // sid stays empty
		c.sid, c.pid = open.SID, open.PID
	case '1':
		c.disconnected = true
	case '2':
		c.event(body)
	case '3':
		c.acknowledged(body)
	case '4':
		c.refused = new(ConnectError)
		_ = json.Unmarshal([]byte(body), c.refused) // its code stays empty
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// event keeps an event. The caller holds mu.
func (c *Client) event(body string) {
	args := array(body)
	if len(args) == 0 {
		return
	}
	var e Event
	_ = json.Unmarshal(args[0], &e.Name) // a name that is none is found by no test
	if len(args) > 1 {
		e.Data = args[1]
	}
	if len(args) > 2 && args[len(args)-1][0] == '"' {
		_ = json.Unmarshal(args[len(args)-1], &e.Offset) // it stays empty
		c.offset = e.Offset
	}
	c.events = append(c.events, e)
}

// acknowledged hands an answer to who waits. The caller holds mu.
func (c *Client) acknowledged(body string) {
	digits := strings.IndexByte(body, '[')
	if digits < 0 {
		return
	}
	id, err := strconv.ParseUint(body[:digits], 10, 64)
	args := array(body[digits:])
	if err != nil || len(args) == 0 || c.acks[id] == nil {
		return
	}
	var a Ack
	_ = json.Unmarshal(args[0], &a) // OK stays false
	c.acks[id] <- a
	delete(c.acks, id)
}

func array(text string) []json.RawMessage {
	var args []json.RawMessage
	_ = json.Unmarshal([]byte(text), &args) // empty
	return args
}
