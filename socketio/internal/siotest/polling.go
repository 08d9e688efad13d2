package siotest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// separator stands between the packets of a payload.
const separator = "\x1e"

// Poller is one Engine.IO session over HTTP long-polling, which may be upgraded.
// One goroutine may receive and upgrade while others send.
type Poller struct {
	t    testing.TB
	base string
	sid  string
	http *http.Client
	ctx  context.Context // ends with Close
	stop context.CancelFunc

	mu sync.Mutex // held while sending, and while the transport changes
	ws *Client    // after the upgrade

	waiting []string // packets received but not taken
}

// Poll opens a session at the server with that base URL. It is closed when the
// test ends.
func Poll(t testing.TB, base string) *Poller {
	t.Helper()
	p := &Poller{t: t, base: base, http: &http.Client{Transport: &http.Transport{}}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	t.Cleanup(p.Close)
	status, body, err := p.do(http.MethodGet, "")
	var open struct{ SID string }
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &open) != nil {
		t.Fatalf("handshake: %d %q, %v", status, body, err)
	}
	p.sid = open.SID
	return p
}

// do makes a request of the session.
func (p *Poller) do(method, body string) (status int, answer string, err error) {
	url := p.base + "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		url += "&sid=" + p.sid
	}
	req, err := http.NewRequestWithContext(p.ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return res.StatusCode, string(read), err
}

// Post sends a body as it is and returns the status.
func (p *Poller) Post(body string) (status int, err error) {
	status, _, err = p.do(http.MethodPost, body)
	return status, err
}

// Send sends messages in one payload: strings as text, []byte as binary. That
// the server has closed the session is no failure.
func (p *Poller) Send(messages ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		p.ws.Send(messages...)
		return
	}
	packets := make([]string, len(messages))
	for i, m := range messages {
		switch m := m.(type) {
		case string:
			packets[i] = "4" + m
		case []byte:
			packets[i] = "b" + base64.StdEncoding.EncodeToString(m)
		default:
			panic(fmt.Sprintf("siotest: cannot send %T", m))
		}
	}
	// What follows will notice a session that is closed.
	_, _ = p.Post(strings.Join(packets, separator))
}

// Receive returns the next message, or an error if the session has ended.
func (p *Poller) Receive() (Message, error) {
	for {
		for len(p.waiting) == 0 {
			if p.ws != nil {
				return p.ws.Receive()
			}
			status, body, err := p.do(http.MethodGet, "")
			if err != nil {
				return Message{}, err
			}
			if status != http.StatusOK {
				return Message{}, fmt.Errorf("poll: %d %s", status, body)
			}
			p.waiting = strings.Split(body, separator)
		}
		packet := p.waiting[0]
		p.waiting = p.waiting[1:]
		switch {
		case packet == "1":
			return Message{}, errClosed
		case packet == "2":
			if err := p.pong(); err != nil {
				return Message{}, err
			}
		case strings.HasPrefix(packet, "4"):
			return Message{Text: packet[1:]}, nil
		case strings.HasPrefix(packet, "b"):
			b, err := base64.StdEncoding.DecodeString(packet[1:])
			return Message{Binary: b}, err
		}
	}
}

// pong answers a ping, over the transport of now.
func (p *Poller) pong() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		p.ws.write(p.ws.frame(nil, opText, []byte("3")))
		return nil
	}
	_, err := p.Post("3")
	return err
}

// Upgrade makes a WebSocket carry the session from now on, if none does yet.
func (p *Poller) Upgrade() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		return nil
	}
	ws, err := dial(p.t, p.base, "&sid="+p.sid, nil)
	if err != nil {
		return err
	}
	ws.write(ws.frame(nil, opText, []byte("2probe")))
	if m, err := ws.packet(); err != nil || m.Text != "3probe" {
		ws.Close()
		return errors.Join(fmt.Errorf("probe: %q", m.Text), err)
	}
	ws.write(ws.frame(nil, opText, []byte("5")))
	p.ws = ws
	return nil
}

// Quit ends the session with a close packet.
func (p *Poller) Quit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		p.ws.Quit()
		return
	}
	_, _ = p.Post("1")
}

// Close ends the session as a client that vanishes. Over polling the server may
// learn of it only when a ping is not answered.
func (p *Poller) Close() {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		p.ws.Close()
	}
	p.http.CloseIdleConnections()
}
