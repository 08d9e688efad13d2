package socketio

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// clientNames are the files of npm's socket.io-client that pages may ask for; the
// names are the reference server's.
var clientNames = [...]string{
	"socket.io.js", "socket.io.js.map",
	"socket.io.min.js", "socket.io.min.js.map",
	"socket.io.msgpack.min.js", "socket.io.msgpack.min.js.map",
	"socket.io.esm.min.js", "socket.io.esm.min.js.map",
}

// A clientFile is a file ready to be served.
type clientFile struct {
	kind    string
	tag     string // of its content
	content []byte
	gzipped []byte
}

// readClientFiles reads those of the names that there are.
func readClientFiles(fsys fs.FS) (map[string]*clientFile, error) {
	files := make(map[string]*clientFile)
	for _, name := range clientNames {
		content, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		f := &clientFile{kind: "application/json", tag: hex.EncodeToString(sum[:8]), content: content}
		if path.Ext(name) == ".js" {
			f.kind = mime.FormatMediaType("text/javascript", map[string]string{"charset": "utf-8"})
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
		_, _ = z.Write(content)                               // into memory
		_ = z.Close()
		f.gzipped = b.Bytes()
		files[name] = f
	}
	return files, nil
}

// serveClientFile answers a request for one of the client's files; it reports
// false if it is for something else.
func (srv *Server) serveClientFile(w http.ResponseWriter, r *http.Request) bool {
	name, below := strings.CutPrefix(r.URL.Path, srv.clientPath)
	f := srv.clientFiles[name]
	if !below || f == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=0") // ask each time: the name has no version
	h.Set("Access-Control-Allow-Origin", "*")   // a module is fetched with CORS; nothing here is secret
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	content, tag := f.content, f.tag
	if acceptsGzip(r) {
		content, tag = f.gzipped, f.tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Etag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return true
}

// acceptsGzip reads Accept-Encoding: RFC 9110, section 12.5.3.
func acceptsGzip(r *http.Request) bool {
	for _, v := range r.Header["Accept-Encoding"] {
		for part := range strings.SplitSeq(v, ",") {
			name, weight, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				_, q, weighted := strings.Cut(weight, "=")
				quality, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
				return !weighted || err == nil && quality > 0
			}
		}
	}
	return false
}
