package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// notBuilt is what / says when the binary was built without the web application.
const notBuilt = `Storywire is running, but the web application is not built into this binary.

Run "make run" in the repository: it builds the application and starts the server with it.
The sockets (/socket.io/, namespace /ws) and the REST API (/v1/) work without it.
`

// site serves the exported web application.
type site struct {
	files fs.FS // nil: not built
	pages map[string]asset
}

// asset is what is told about a file besides its bytes.
type asset struct {
	etag   string
	policy string // Content-Security-Policy, of HTML files
}

// newSite reads every file once, for its hash and its inline scripts.
func newSite(files fs.FS) (*site, error) {
	s := &site{files: files, pages: map[string]asset{}}
	if files == nil {
		return s, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		a := asset{etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		if path.Ext(name) == ".html" {
			a.policy = policy(data)
		}
		s.pages[name] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the web application: %w", err)
	}
	return s, nil
}

var inlineScript = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)

// policy allows the page its own files and exactly the inline scripts that the
// export put into it. Pictures may come from elsewhere: avatars do.
func policy(page []byte) string {
	scripts := []string{"'self'"}
	for _, m := range inlineScript.FindAllSubmatch(page, -1) {
		if strings.Contains(string(m[1]), "src=") {
			continue
		}
		sum := sha256.Sum256(m[2])
		scripts = append(scripts, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	return strings.Join([]string{
		"default-src 'self'",
		"script-src " + strings.Join(scripts, " "),
		"style-src 'self'", // React sets styles through the object model, which is allowed
		"img-src 'self' data: https: http:",
		"font-src 'self'",
		"connect-src 'self' ws: wss:", // not every browser counts WebSocket as 'self'
		"object-src 'none'",
		"base-uri 'self'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	if s.files == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, notBuilt)
		return
	}
	name, status := s.find(r.URL.Path)
	if name == "" {
		http.NotFound(w, r)
		return
	}
	s.serve(w, r, name, status)
}

// find returns the file for a path: itself, its page, or the shell that one
// dynamic segment is exported to ("story.html" for /story/42).
func (s *site) find(urlPath string) (name string, status int) {
	p := strings.Trim(path.Clean("/"+urlPath), "/")
	if p == "" {
		p = "index.html"
	}
	candidates := []string{p, p + ".html", p + "/index.html"}
	if kind, rest, ok := strings.Cut(p, "/"); ok {
		id, below, deeper := strings.Cut(rest, "/")
		switch {
		case deeper: // what the router fetches about the page
			candidates = append(candidates, kind+"/"+below)
		case path.Ext(id) == ".txt":
			candidates = append(candidates, kind+".txt", kind+"/index.txt")
		default:
			candidates = append(candidates, kind+".html", kind+"/index.html")
		}
	}
	for _, c := range candidates {
		if _, ok := s.pages[c]; ok {
			return c, http.StatusOK
		}
	}
	if _, ok := s.pages["404.html"]; ok {
		return "404.html", http.StatusNotFound
	}
	return "", http.StatusNotFound
}

func (s *site) serve(w http.ResponseWriter, r *http.Request, name string, status int) {
	f, err := s.files.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = f.Close() }() // read only
	content, ok := f.(io.ReadSeeker)
	if !ok {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	if strings.HasPrefix(name, "_next/static/") { // the name holds the hash of the content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if p := s.pages[name].policy; p != "" {
		h.Set("Content-Security-Policy", p)
	}
	if status != http.StatusOK {
		w.WriteHeader(status)
		_, _ = io.Copy(w, content) // a client that has gone is told nothing
		return
	}
	h.Set("ETag", s.pages[name].etag)
	http.ServeContent(w, r, name, time.Time{}, content)
}

var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".jpg":         "image/jpeg",
	".webp":        "image/webp",
	".ico":         "image/x-icon",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".webmanifest": "application/manifest+json",
}

// contentType does not ask the machine's tables, which differ.
func contentType(name string) string {
	if t, ok := contentTypes[path.Ext(name)]; ok {
		return t
	}
	return "application/octet-stream"
}
