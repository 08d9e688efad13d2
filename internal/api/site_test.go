package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"
)

const inline = `(self.__next_f=self.__next_f||[]).push([0])`

func exported() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html":                    file("<html>home<script src=\"/a.js\" async=\"\"></script><script>" + inline + "</script></html>"),
		"story.html":                    file("<html>story</html>"),
		"story.txt":                     file("story data"),
		"story/__next._tree.txt":        file("story tree"),
		"inbox.html":                    file("<html>inbox</html>"),
		"404.html":                      file("<html>not found</html>"),
		"icon.svg":                      file("<svg/>"),
		"_next/static/chunks/abc123.js": file("code"),
		"_next/static/media/font.woff2": file("font"),
		"_next/static/css/abc123.css":   file("style"),
	}
}

func TestSite(t *testing.T) {
	w := newWorld(t, options{web: exported()})
	tests := []struct {
		path, want string
		status     int
		kind       string
	}{
		{"/", "home", 200, "text/html; charset=utf-8"},
		{"/?a=b", "home", 200, "text/html; charset=utf-8"},
		{"/story/42", "story", 200, "text/html; charset=utf-8"},
		{"/story/01a20762-3f45-70bc-9e72-688ff96b41fc/", "story", 200, "text/html; charset=utf-8"},
		{"/story/42.txt?_rsc=1", "story data", 200, "text/plain; charset=utf-8"},
		{"/story/42/__next._tree.txt", "story tree", 200, "text/plain; charset=utf-8"},
		{"/inbox", "inbox", 200, "text/html; charset=utf-8"},
		{"/icon.svg", "<svg/>", 200, "image/svg+xml"},
		{"/_next/static/chunks/abc123.js", "code", 200, "text/javascript; charset=utf-8"},
		{"/_next/static/media/font.woff2", "font", 200, "font/woff2"},
		{"/nowhere", "not found", 404, "text/html; charset=utf-8"},
		{"/nowhere/42", "not found", 404, "text/html; charset=utf-8"},
		{"/_next/static/chunks/gone.js", "not found", 404, "text/html; charset=utf-8"},
	}
	for _, tt := range tests {
		a := w.as("", "GET", tt.path, nil)
		if a.status != tt.status || !strings.Contains(a.text, tt.want) || a.header.Get("Content-Type") != tt.kind {
			t.Errorf("GET %s = %d %q of %s, want %d %q of %s", tt.path, a.status, a.text, a.header.Get("Content-Type"), tt.status, tt.want, tt.kind)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s may be sniffed", tt.path)
		}
	}
	if a := w.as("", "POST", "/", m{}); a.status != 405 {
		t.Errorf("POST / = %d", a.status)
	}
}

func TestSiteCaching(t *testing.T) {
	w := newWorld(t, options{web: exported()})
	if got := w.as("", "GET", "/_next/static/chunks/abc123.js", nil).header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("hashed files: %q", got)
	}
	page := w.as("", "GET", "/", nil)
	if got := page.header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("pages: %q", got)
	}
	if a := w.as("", "GET", "/", nil, "If-None-Match", page.header.Get("ETag")); a.status != 304 {
		t.Errorf("the same page again = %d", a.status)
	}
}

func TestSitePolicyAllowsExactlyItsOwnScripts(t *testing.T) {
	w := newWorld(t, options{web: exported()})
	policy := w.as("", "GET", "/", nil).header.Get("Content-Security-Policy")
	sum := sha256.Sum256([]byte(inline))
	want := "script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if !strings.Contains(policy, want) || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q, want %q in it", policy, want)
	}
	if got := w.as("", "GET", "/inbox", nil).header.Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self';") {
		t.Errorf("policy of a page without scripts: %q", got)
	}
}

func TestSiteThatIsNotBuiltSaysHow(t *testing.T) {
	w := newWorld(t, options{})
	if a := w.as("", "GET", "/", nil); a.status != 200 || !strings.Contains(a.text, "make run") {
		t.Errorf("GET / = %d %q", a.status, a.text)
	}
	if a := w.as("", "GET", "/story/42", nil); a.status != 404 || !strings.Contains(a.text, "make run") {
		t.Errorf("GET /story/42 = %d %q", a.status, a.text)
	}
}
