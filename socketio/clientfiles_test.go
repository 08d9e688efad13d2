package socketio_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/clientbundle"
)

// fetch asks for a path with header lines and returns the answer and its body.
func (f *fixture) fetch(method, path string, header ...string) (*http.Response, []byte) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.http.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp, body
}

func TestClientFiles(t *testing.T) {
	const script = "window.io = 1"
	f := serve(t, socketio.Options{ClientFiles: fstest.MapFS{
		"socket.io.js":         {Data: []byte(script)},
		"socket.io.min.js.map": {Data: []byte(`{}`)},
		"secret.txt":           {Data: []byte("no")},
	}})
	resp, body := f.fetch("GET", "/socket.io/socket.io.js", "Origin: https://elsewhere.example")
	tag := resp.Header.Get("Etag")
	if resp.StatusCode != http.StatusOK || string(body) != script || tag == "" {
		t.Errorf("got %s %q, tag %q", resp.Status, body, tag)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=0",
		"Access-Control-Allow-Origin": "*", "Content-Length": "13", "Content-Encoding": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, tt := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"same tag", "GET", "/socket.io/socket.io.js", "If-None-Match: " + tag, 304},
		{"same tag, weak", "GET", "/socket.io/socket.io.js", "If-None-Match: W/" + tag, 304},
		{"other tag", "GET", "/socket.io/socket.io.js", `If-None-Match: "x"`, 200},
		{"head", "HEAD", "/socket.io/socket.io.js", "X: y", 200},
		{"map", "GET", "/socket.io/socket.io.min.js.map", "X: y", 200},
		{"not there", "GET", "/socket.io/socket.io.min.js", "X: y", 400},
		{"other file", "GET", "/socket.io/secret.txt", "X: y", 400},
		{"post", "POST", "/socket.io/socket.io.js", "X: y", 400},
		{"handshake", "GET", "/socket.io/?EIO=4&transport=polling", "X: y", 200},
	} {
		if resp, _ := f.fetch(tt.method, tt.path, tt.header); resp.StatusCode != tt.status {
			t.Errorf("%s: %s, want %d", tt.name, resp.Status, tt.status)
		}
	}
}

func TestClientBundleIsServedCompressed(t *testing.T) {
	f := serve(t, socketio.Options{ClientFiles: clientbundle.Files()})
	for _, name := range []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"} {
		_, plain := f.fetch("GET", "/socket.io/"+name)
		resp, small := f.fetch("GET", "/socket.io/"+name, "Accept-Encoding: br, gzip;q=0.5")
		if resp.Header.Get("Content-Encoding") != "gzip" || len(small) > len(plain)/2 {
			t.Errorf("%s: %q, %d of %d bytes", name, resp.Header.Get("Content-Encoding"), len(small), len(plain))
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, plain) || !bytes.Contains(plain, []byte("Socket.IO v"+clientbundle.Version)) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(plain), err)
		}
		if resp, _ := f.fetch("GET", "/socket.io/"+name, "Accept-Encoding: gzip;q=0"); resp.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed though refused", name)
		}
	}
	if resp, _ := serve(t, socketio.Options{}).fetch("GET", "/socket.io/socket.io.js"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("by default: %s", resp.Status)
	}
}
