package socketio_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio"
)

// A poller is a client that polls by hand.
type poller struct {
	t   *testing.T
	url string
}

// poll opens a session whose handshake has that query.
func (f *fixture) poll(query string) *poller {
	f.t.Helper()
	p := &poller{f.t, f.http.URL + "/socket.io/?transport=polling&" + query}
	_, open := p.get("")
	_, rest, _ := strings.Cut(open, `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if !ok {
		f.t.Fatalf("open packet %q", open)
	}
	p.url += "&sid=" + sid
	return p
}

// get polls once.
func (p *poller) get(encoding string) (header http.Header, body string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.Header, string(b)
}

// post sends packets.
func (p *poller) post(body string) {
	p.t.Helper()
	resp, err := http.Post(p.url, "text/plain", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("POST %q: %s", body, resp.Status)
	}
}

func TestCompressIsUpToTheSender(t *testing.T) {
	long := strings.Repeat("once upon a time ", 200)
	for _, tt := range []struct {
		name string
		emit func(s *socketio.Socket) error
		want string
	}{
		{"socket", func(s *socketio.Socket) error { return s.Emit("story", long) }, "gzip"},
		{"socket, on", func(s *socketio.Socket) error { return s.Compress(true).Emit("story", long) }, "gzip"},
		{"socket, off", func(s *socketio.Socket) error { return s.Compress(false).Emit("story", long) }, ""},
		{"namespace", func(s *socketio.Socket) error { return s.Namespace().Emit("story", long) }, "gzip"},
		{"namespace, off", func(s *socketio.Socket) error { return s.Namespace().Compress(false).Emit("story", long) }, ""},
		{"room, off", func(s *socketio.Socket) error { return s.Namespace().To(s.ID()).Compress(false).Emit("story", long) }, ""},
		{"room, off and on", func(s *socketio.Socket) error {
			return s.Namespace().To(s.ID()).Compress(false).Compress(true).Emit("story", long)
		}, "gzip"},
	} {
		for _, recovery := range []*socketio.Recovery{nil, {}} {
			t.Run(tt.name, func(t *testing.T) {
				f := serve(t, socketio.Options{Recovery: recovery})
				f.io.Of("/").On("tell", func(_ context.Context, s *socketio.Socket, _ *socketio.Call) error { return tt.emit(s) })
				p := f.poll("EIO=4")
				p.post("40")
				p.get("") // the answer, which may be compressed, and all that goes with it
				p.post(`42["tell"]`)
				h, _ := p.get("gzip")
				if got := h.Get("Content-Encoding"); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		}
	}
}
