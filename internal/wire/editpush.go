package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Editors send an [EditPush] with every few letters. What follows spares it
// encoding/json, which would cost more than the document does.

// ReadEditPush reads an [EditPush] without its U, in the one form in which the
// client writes it. attachment is the number of U. It reports false for
// every other form, valid or not: [Decode] knows them all.
func ReadEditPush(raw []byte) (in EditPush, attachment int, ok bool) {
	rest, ok := bytes.CutPrefix(raw, []byte(`{"storyId":"`))
	if !ok {
		return in, 0, false
	}
	id, rest, ok := bytes.Cut(rest, []byte(`","u":{"_placeholder":true,"num":`))
	if !ok || !plain(id) || bytes.IndexByte(id, '"') >= 0 {
		return in, 0, false
	}
	num, rest, ok := bytes.Cut(rest, []byte(`},"n":`))
	if !ok || !bytes.HasSuffix(rest, []byte("}")) {
		return in, 0, false
	}
	at, ok := number(num)
	n, okN := number(rest[:len(rest)-1])
	if !ok || !okN {
		return in, 0, false
	}
	return EditPush{StoryID: ID(id), N: n}, int(at), true
}

// number reads digits as JSON allows them, of a number far from overflow.
func number(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 15 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// Answer is the acknowledgement that says so, the JSON of a [Success].
func (p EditPushed) Answer() json.RawMessage {
	b := make([]byte, 0, 64)
	b = strconv.AppendInt(append(b, `{"ok":true,"data":{"n":`...), p.N, 10)
	b = strconv.AppendInt(append(b, `,"seq":`...), p.Seq, 10)
	return append(b, "}}"...)
}
