//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// connection is somebody who has a document open at one of the servers.
type connection interface {
	// state returns the document as the server sent it.
	state() []byte
	// frames returns update n as it goes over the wire: whatever can be done
	// before the clock runs.
	frames(update []byte, n int) []byte
	// Write sends frames.
	Write(frames []byte) (int, error)
	// answer waits for the next acknowledgement of an update, and returns the
	// server's number of it.
	answer() (number int64, err error)
	// buffered reports whether more has been received already.
	buffered() bool
	// read takes one message, and returns up to which number the reader has
	// the others' updates if it tells of them, else 0.
	read() (number int64, err error)
	// waiting reports whether there is something to read, or will be within d.
	waiting(d time.Duration) (bool, error)
	SetReadDeadline(time.Time) error
	Close() error
}

var (
	_ connection = (*hocuspocus)(nil)
	_ connection = (*storywire)(nil)
)

var errRefused = errors.New("the server refused an update")

// hocuspocus is a connection in the protocol of npm's @hocuspocus/server 3.
type hocuspocus struct {
	*socket
	name string
	doc  []byte
	seen int64 // answers or updates: this server does not number them
}

// Messages of Hocuspocus, and those of y-protocols/sync inside of them.
const (
	hocusSync   = 0
	hocusAuth   = 2
	hocusStatus = 8

	syncUpdate = 2
)

// openHocuspocus opens a document. The first brings the content, the server has none.
func openHocuspocus(addr, name string, content []byte) (*hocuspocus, error) {
	s, err := dial(addr, "/")
	if err != nil {
		return nil, err
	}
	h := &hocuspocus{socket: s, name: name, doc: content}
	h.frame(opBinary, append(h.message(hocusAuth), 0, 1, 't')) // a token, which nobody looks at
	if err := h.flush(); err != nil {
		return nil, err
	}
	if _, err := h.until(hocusAuth); err != nil {
		return nil, err
	}
	if _, err := h.Write(h.frames(content, 0)); err != nil {
		return nil, err
	}
	_, err = h.answer()
	h.seen = 0
	return h, err
}

func (h *hocuspocus) state() []byte { return h.doc }

// message returns the head of a message.
func (h *hocuspocus) message(kind byte) []byte {
	b := binary.AppendUvarint(nil, uint64(len(h.name)))
	return append(append(b, h.name...), kind)
}

func (h *hocuspocus) frames(update []byte, _ int) []byte {
	b := append(h.message(hocusSync), syncUpdate)
	b = binary.AppendUvarint(b, uint64(len(update)))
	return appendFrame(nil, opBinary, append(b, update...))
}

// one reads a message.
func (h *hocuspocus) one() (kind byte, rest []byte, err error) {
	_, b, err := h.next()
	if err != nil {
		return 0, nil, err
	}
	size, n := binary.Uvarint(b)
	if n <= 0 || uint64(len(b)-n) <= size {
		return 0, nil, fmt.Errorf("message %x", b)
	}
	b = b[n+int(size):]
	return b[0], b[1:], nil
}

// until reads up to a message of a kind and returns what follows the kind.
func (h *hocuspocus) until(kind byte) ([]byte, error) {
	for {
		if got, b, err := h.one(); err != nil || got == kind {
			return b, err
		}
	}
}

func (h *hocuspocus) answer() (int64, error) {
	b, err := h.until(hocusStatus)
	if err == nil && (len(b) != 1 || b[0] != 1) {
		err = errRefused
	}
	h.seen++
	return h.seen, err
}

func (h *hocuspocus) read() (int64, error) {
	kind, b, err := h.one()
	if err != nil || kind != hocusSync || len(b) == 0 || b[0] != syncUpdate {
		return 0, err
	}
	h.seen++
	return h.seen, nil
}
