//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// storywire is a connection in Socket.IO, binary attachments included.
type storywire struct {
	*socket
	story  string
	doc    []byte
	seq    int64  // of the state
	packed []byte // the text of the last packet with attachments
}

// openStorywire opens the document of a story.
func openStorywire(addr, token, story string, clientID int) (*storywire, error) {
	s, err := dial(addr, "/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		return nil, err
	}
	w := &storywire{socket: s, story: story}
	w.frame(opText, []byte(`40/ws,{"token":"`+token+`"}`))
	if err := w.flush(); err != nil {
		return nil, err
	}
	if _, _, err := w.packet("40/ws,"); err != nil {
		return nil, err
	}
	w.frame(opText, fmt.Appendf(nil, `451-/ws,0["edit:open",{"storyId":%q,"proto":1,"clientId":%d,"sv":{"_placeholder":true,"num":0}}]`, story, clientID))
	w.frame(opBinary, []byte{0})
	if err := w.flush(); err != nil {
		return nil, err
	}
	answer, attached, err := w.packet("463-/ws,0")
	if err != nil {
		return nil, err
	}
	var opened []struct{ Data struct{ Seq int64 } }
	if err := json.Unmarshal(answer, &opened); err != nil || len(opened) != 1 {
		return nil, fmt.Errorf("answer %s", answer)
	}
	w.doc, w.seq = attached[1], opened[0].Data.Seq
	return w, nil
}

// one reads a packet with its attachments.
func (w *storywire) one() (b []byte, attached [][]byte, err error) {
	if _, b, err = w.next(); err != nil {
		return nil, nil, err
	}
	count := attachments(b)
	if count == 0 {
		return b, nil, nil
	}
	w.packed = append(w.packed[:0], b...) // what is read next takes its place
	for range count {
		_, a, err := w.next()
		if err != nil {
			return nil, nil, err
		}
		attached = append(attached, bytes.Clone(a))
	}
	return w.packed, attached, nil
}

// packet reads up to a packet that begins with prefix, and returns the rest of it and its attachments.
func (w *storywire) packet(prefix string) (rest []byte, attached [][]byte, err error) {
	for {
		b, attached, err := w.one()
		if err != nil {
			return nil, nil, err
		}
		if rest, ok := bytes.CutPrefix(b, []byte(prefix)); ok {
			return rest, attached, nil
		}
		if bytes.HasPrefix(b, []byte("43/ws,0")) || bytes.HasPrefix(b, []byte("44/ws,")) {
			return nil, nil, fmt.Errorf("refused: %s", b)
		}
	}
}

// attachments returns how many binary frames follow a packet.
func attachments(b []byte) int {
	if len(b) < 3 || b[0] != '4' || b[1] != '5' && b[1] != '6' {
		return 0
	}
	n, _, _ := bytes.Cut(b[2:], []byte("-"))
	count, _ := strconv.Atoi(string(n))
	return count
}

func (w *storywire) state() []byte { return w.doc }

func (w *storywire) frames(update []byte, n int) []byte {
	b := appendFrame(nil, opText, fmt.Appendf(nil, `451-/ws,%d["edit:update",{"storyId":%q,"u":{"_placeholder":true,"num":0},"n":%d}]`, n+1, w.story, n))
	return appendFrame(b, opBinary, update)
}

func (w *storywire) answer() (int64, error) {
	b, _, err := w.packet("43/ws,")
	if err != nil {
		return 0, err
	}
	if !bytes.Contains(b, []byte(`"ok":true`)) {
		return 0, fmt.Errorf("%w: %s", errRefused, b)
	}
	return seqOf(b)
}

func (w *storywire) read() (int64, error) {
	b, _, err := w.one()
	if err != nil || !bytes.HasPrefix(b, []byte(`451-/ws,["edit:update",`)) {
		return 0, err
	}
	return seqOf(b)
}

// seqOf returns the number in an answer or an event.
func seqOf(b []byte) (int64, error) {
	_, after, ok := bytes.Cut(b, []byte(`"seq":`))
	if !ok {
		return 0, fmt.Errorf("no seq in %s", b)
	}
	end := bytes.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	return strconv.ParseInt(string(after[:max(end, 0)]), 10, 64)
}
