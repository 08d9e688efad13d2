package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Pages is a process of Node.js in which pages use the stock client as the
// guide's components do.
type Pages struct {
	t   testing.TB
	in  io.WriteCloser
	cmd *exec.Cmd

	mu    sync.Mutex // guards the fields below, and writing to in
	pages []*Page
}

// Page is one page. Its methods may be called by any goroutine.
type Page struct {
	pages *Pages
	n     int

	mu      sync.Mutex // guards the fields below
	changed chan struct{}
	events  []PageEvent
}

// PageEvent is something that happened in a page: an event of the server, or
// connect, disconnect and connect_error.
type PageEvent struct {
	Page  int             `json:"page"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// StartPages starts the process. It ends with the test. Without Node.js or its
// packages the test is skipped; on CI it fails.
func StartPages(t testing.TB) *Pages { return startPages(t, "pages.mjs") }

// StartDesks starts a process in which pages write in a story with StoryDoc, the
// client's provider. "type" and "fidget" make them write. They tell "state", and
// "saved" with the clock up to which all is acknowledged; "report" asks for
// "report". It ends, is skipped or fails as [StartPages] is.
func StartDesks(t testing.TB, story string) *Pages {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "../../../web/node_modules/yjs")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no StoryDoc: run make packages: %v", err)
	}
	return startPages(t, "desks.mjs", story)
}

func startPages(t testing.TB, name string, args ...string) *Pages {
	t.Helper()
	p := &Pages{t: t, cmd: script(t, name, args...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.in, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(out)
	}()
	t.Cleanup(func() {
		_ = p.in.Close()
		<-read
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("the pages' process: %v", err)
		}
	})
	return p
}

// script returns the command that runs a file of this folder with Node.js. Without
// that or its packages the test is skipped; on CI it fails.
func script(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(filepath.Dir(file), "../../node_modules/socket.io-client"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no stock client: install Node.js and run make packages: %v", err)
	}
	return exec.Command(node, append([]string{filepath.Join(filepath.Dir(file), name)}, args...)...)
}

// StartPeer starts a socket.io server on Node.js with @socket.io/redis-adapter,
// classic or sharded, whose clients join the room they name with "join". It returns
// its address, and ends with the test.
func StartPeer(t testing.TB, redisURL, adapter string) (addr string) {
	t.Helper()
	cmd := script(t, "peer.mjs", redisURL, adapter)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	var in io.WriteCloser
	if err == nil {
		in, err = cmd.StdinPipe() // it ends when this is closed
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the peer: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the peer did not start")
	}
	return "127.0.0.1:" + lines.Text()
}

func (p *Pages) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e PageEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			p.t.Errorf("a page said %q: %v", lines.Text(), err)
			continue
		}
		p.mu.Lock()
		page := p.pages[e.Page]
		p.mu.Unlock()
		page.mu.Lock()
		page.events = append(page.events, e)
		close(page.changed)
		page.changed = make(chan struct{})
		page.mu.Unlock()
	}
}

// order tells the process what to do.
func (p *Pages) order(o map[string]any) {
	line, err := json.Marshal(o)
	if err != nil {
		p.t.Errorf("order %v: %v", o, err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		p.t.Errorf("order %v: %v", o, err)
	}
}

// Open opens a page of somebody whose socket connects to addr, again and again.
func (p *Pages) Open(addr, token string) *Page {
	p.mu.Lock()
	page := &Page{pages: p, n: len(p.pages), changed: make(chan struct{})}
	p.pages = append(p.pages, page)
	p.mu.Unlock()
	p.order(map[string]any{"do": "open", "page": page.n, "url": "http://" + addr, "token": token})
	return page
}

// Emit emits an event, or has the client keep it until it is connected.
func (p *Page) Emit(event string, data any) {
	p.pages.order(map[string]any{"do": "emit", "page": p.n, "event": event, "data": data})
}

// Close closes the page.
func (p *Page) Close() { p.pages.order(map[string]any{"do": "close", "page": p.n}) }

// Events returns what has happened, of that name; empty: all.
func (p *Page) Events(name string) (events []PageEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if name == "" || e.Event == name {
			events = append(events, e)
		}
	}
	return events
}

// Await waits until holds is true of what has happened.
func (p *Page) Await(ctx context.Context, what string, holds func() bool) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("page %d: not in time: %s", p.n, what)
		}
	}
}
