package engineio

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"
)

// permessage-deflate, RFC 7692: without context takeover on either side, so
// that a message is compressed once for all its readers and no connection holds
// a window between messages.

const extensionName = "permessage-deflate"

// negotiateDeflate returns the header field that accepts the client's offer, or
// none.
func (srv *Server) negotiateDeflate(r *http.Request) (field string) {
	if !srv.opts.PerMessageDeflate {
		return ""
	}
	for _, v := range r.Header["Sec-Websocket-Extensions"] {
		for offer := range strings.SplitSeq(v, ",") {
			if params, ok := acceptOffer(offer); ok {
				return "Sec-WebSocket-Extensions: " + extensionName +
					"; server_no_context_takeover; client_no_context_takeover" + params + "\r\n"
			}
		}
	}
	return ""
}

// acceptOffer judges one offer: RFC 7692, section 7.1. params is what the
// answer must have for it.
func acceptOffer(offer string) (params string, ok bool) {
	name, rest, more := strings.Cut(offer, ";")
	if !strings.EqualFold(strings.TrimSpace(name), extensionName) {
		return "", false
	}
	seen := make(map[string]bool)
	for more {
		var param string
		param, rest, more = strings.Cut(rest, ";")
		name, value, valued := strings.Cut(strings.TrimSpace(param), "=")
		value = strings.Trim(value, `"`)
		if seen[name] {
			return "", false
		}
		seen[name] = true
		switch name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if valued {
				return "", false
			}
		case "client_max_window_bits": // a hint that needs no answer
			if valued && !validWindow(value) {
				return "", false
			}
		case "server_max_window_bits":
			if value != "15" {
				return "", false // our window cannot be made smaller
			}
			params = "; server_max_window_bits=15"
		default:
			return "", false
		}
	}
	return params, true
}

func validWindow(bits string) bool {
	switch bits {
	case "8", "9", "10", "11", "12", "13", "14", "15":
		return true
	}
	return false
}

// rsv1 marks the first frame of a compressed message.
const rsv1 = 0x40

// flushMark is what each compressed message would end with and does not: RFC
// 7692, section 7.2.1. The block behind it ends the stream for our reader.
const (
	flushMark = "\x00\x00\xff\xff"
	lastBlock = "\x01\x00\x00\xff\xff"
)

// deflated returns the frame compressed, or as it is if that is better. It
// compresses once, however many shards ask at a time.
func (f *Frame) deflated(srv *Server) *Frame {
	if f.plain || len(f.packet()) < srv.opts.PerMessageDeflateThreshold {
		return f
	}
	t := f.twinsOf()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deflated == nil {
		t.deflated = f
		if small := srv.squeeze.deflate(f.packet()); small != nil {
			opcode := f.wire[0] & 0x0f
			from := putHeader(small, FrameRoom, opcode|rsv1)
			t.deflated = &Frame{wire: small[from:], header: uint8(FrameRoom - from), binary: f.binary}
		}
	}
	return t.deflated
}

// deflate returns data compressed behind FrameRoom bytes, or nil if that is not
// smaller.
func (z *compression) deflate(data []byte) []byte {
	w := z.flaters.Get().(*flate.Writer)
	defer z.flaters.Put(w)
	out := shorter{buf: make([]byte, FrameRoom, FrameRoom+len(data)/2), limit: FrameRoom + len(data)}
	w.Reset(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Flush()
	}
	w.Reset(io.Discard) // forgets out
	if err != nil {
		return nil
	}
	return bytes.TrimSuffix(out.buf, []byte(flushMark))
}

// An inflater expands messages.
type inflater struct {
	src  bytes.Reader
	tail strings.Reader
	r    io.Reader // flate's
	buf  []byte
}

// maxInflated is how large a buffer an inflater keeps.
const maxInflated = 64 << 10 // bytes

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// inflate expands a message and hands it on. Memory is taken as the message
// fills it, and no byte beyond limit is expanded but the one that tells.
func inflate(data []byte, isText bool, limit int, sink frameSink) error {
	z := inflaters.Get().(*inflater)
	defer func() {
		z.src.Reset(nil)
		if cap(z.buf) <= maxInflated {
			inflaters.Put(z)
		}
	}()
	z.src.Reset(data)
	z.tail.Reset(flushMark + lastBlock)
	src := io.MultiReader(&z.src, &z.tail)
	if z.r == nil {
		z.r = flate.NewReader(src)
	} else if err := z.r.(flate.Resetter).Reset(src, nil); err != nil {
		return err
	}
	z.buf = z.buf[:0]
	for {
		if len(z.buf) == cap(z.buf) {
			z.buf = append(z.buf, 0)[:len(z.buf)]
		}
		room := z.buf[len(z.buf):min(cap(z.buf), limit+1)]
		n, err := z.r.Read(room)
		z.buf = z.buf[:len(z.buf)+n]
		switch {
		case len(z.buf) > limit:
			return &frameError{statusTooBig, "message too large when expanded"}
		case errors.Is(err, io.EOF):
			if isText && !utf8.Valid(z.buf) {
				return &frameError{statusInvalidData, "invalid UTF-8"}
			}
			return sink.message(z.buf, !isText)
		case err != nil:
			return &frameError{statusInvalidData, "invalid compression"}
		}
	}
}
