package api

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// compressFrom is the size from which an answer is compressed, in bytes.
const compressFrom = 1 << 10

// sendBytes writes an answer, compressed where the client takes that. The
// memory it takes does not grow with the answer.
func sendBytes(w http.ResponseWriter, r *http.Request, data []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(data) < compressFrom || !acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data) // a client that has gone is told nothing
		return
	}
	h.Set("Content-Encoding", "gzip")
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // errors only for unknown levels
	_, _ = z.Write(data)
	_ = z.Close()
}

// acceptsGzip follows RFC 9110, section 12.5.3: gzip by its name, else by "*",
// unless with a quality of 0.
func acceptsGzip(values []string) bool {
	quality := map[string]float64{}
	for value := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(value, ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 0
			}
		}
		quality[strings.ToLower(strings.TrimSpace(coding))] = q
	}
	for _, name := range []string{"gzip", "x-gzip", "*"} {
		if q, named := quality[name]; named {
			return q > 0
		}
	}
	return false
}
