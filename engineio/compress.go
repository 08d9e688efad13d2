package engineio

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// A coding is a content coding of HTTP: RFC 9110, section 8.4.1.
type coding uint8

const (
	identity coding = iota
	gzipped
	deflated // which in HTTP means zlib's format
)

func (c coding) String() string { return [...]string{"identity", "gzip", "deflate"}[c] }

// acceptedCoding chooses by the values of Accept-Encoding: RFC 9110, section
// 12.5.3. Between equals gzip wins, and any of the two wins over identity.
func acceptedCoding(values []string) coding {
	const unnamed = -1
	quality := [...]float64{identity: unnamed, gzipped: unnamed, deflated: unnamed}
	rest := 0.0
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(part, ";")
			q := qualityOf(params)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				quality[gzipped] = q
			case "deflate":
				quality[deflated] = q
			case "identity":
				quality[identity] = q
			case "*":
				rest = q
			}
		}
	}
	best, most := identity, quality[identity]
	for _, c := range [...]coding{gzipped, deflated} {
		q := quality[c]
		if q == unnamed {
			q = rest
		}
		if q > 0 && (q > most || best == identity && q == most) {
			best, most = c, q
		}
	}
	return best
}

// qualityOf returns the weight among the parameters: 1 if there is none, 0 if
// it is not a weight.
func qualityOf(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// compressed returns the payload as it is to travel, and says so in the
// answer's header.
func (srv *Server) compressed(h http.Header, r *http.Request, payload []byte) []byte {
	if srv.opts.DisableCompression || len(payload) < srv.opts.CompressionThreshold {
		return payload
	}
	h.Add("Vary", "Accept-Encoding")
	c := acceptedCoding(r.Header["Accept-Encoding"])
	if c == identity {
		return payload
	}
	small := srv.squeeze.compress(payload, c)
	if small == nil {
		return payload
	}
	h.Set("Content-Encoding", c.String())
	return small
}

// A compression compresses the answers of a server. A compressor takes most of
// a megabyte, so no more of them are at work than there are processors; others
// wait for their turn, which is never for the network.
type compression struct {
	turns chan struct{}
	pools [3]sync.Pool // of compressor, by coding

	flaters sync.Pool // of *flate.Writer; used by shards, so there are few
}

// compressor is what gzip.Writer and zlib.Writer have in common.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func (z *compression) init() {
	z.turns = make(chan struct{}, runtime.GOMAXPROCS(0))
	// The fastest level: text shrinks nearly as well, and polling is the way of
	// few clients, who must not cost the others their time.
	z.pools[gzipped].New = func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
		return w
	}
	z.flaters.New = func() any {
		w, _ := flate.NewWriter(nil, flate.BestSpeed)
		return w
	}
	z.pools[deflated].New = func() any {
		w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed)
		return w
	}
}

// compress returns data compressed, in memory that belongs to the caller, or
// nil if that is not smaller.
func (z *compression) compress(data []byte, c coding) []byte {
	z.turns <- struct{}{}
	defer func() { <-z.turns }()
	w := z.pools[c].Get().(compressor)
	out := shorter{buf: make([]byte, 0, len(data)/2), limit: len(data)}
	w.Reset(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	w.Reset(io.Discard) // forgets out
	z.pools[c].Put(w)
	if err != nil {
		return nil
	}
	return out.buf
}

// shorter takes fewer than limit bytes.
type shorter struct {
	buf   []byte
	limit int
}

var errNotShorter = errors.New("not shorter")

// Write implements io.Writer.
func (s *shorter) Write(p []byte) (int, error) {
	if len(s.buf)+len(p) >= s.limit {
		return 0, errNotShorter
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}
