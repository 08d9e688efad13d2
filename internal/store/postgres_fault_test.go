//go:build unix

package store_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/test/servers"
)

// eventually asks until it is so.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ask(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

// Whatever a server that crashes does to those who post: what was acknowledged
// is there, what was refused may be sent again, and all goes on by itself.
func TestRestartOfPostgresLosesNothing(t *testing.T) {
	server := servers.NewPostgresServer(t)
	st := open(t, server.URL)
	newStory(t, st, "s1")
	const posters = 20
	var acknowledged atomic.Int64
	var refused atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := 0; ; i++ {
				c := newComment(fmt.Sprint("c", p, "-", i))
				for { // until it is acknowledged, as a client does
					_, err := st.InsertComment(t.Context(), c, time.Now().Add(-time.Hour), nil, nil)
					if err == nil {
						break
					}
					refused.Add(1)
					if errs.CodeOf(err) != errs.Unavailable {
						t.Errorf("refused with %v, want UNAVAILABLE", err)
					}
					time.Sleep(10 * time.Millisecond)
				}
				acknowledged.Add(1)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 2 {
		before := acknowledged.Load()
		eventually(t, "comments", func() bool { return acknowledged.Load() > before+posters })
		server.Stop(t)
		eventually(t, "not ready", func() bool { return st.Ready(t.Context()) != nil })
		if _, err := st.Comment(t.Context(), "c0-0"); errs.CodeOf(err) != errs.Unavailable {
			t.Errorf("reading without a server: %v, want UNAVAILABLE", err)
		}
		server.Start(t)
		eventually(t, "ready", func() bool { return st.Ready(t.Context()) == nil })
	}
	before := acknowledged.Load()
	eventually(t, "comments", func() bool { return acknowledged.Load() > before+posters })
	close(stop)
	wg.Wait()
	if refused.Load() == 0 {
		t.Error("nothing was refused: the server was not away")
	}
	_, pos, err := st.Comments(t.Context(), "s1", 0, 0)
	if err != nil || pos.Seq != acknowledged.Load() {
		t.Errorf("%d comments are stored, %v; want the %d acknowledged", pos.Seq, err, acknowledged.Load())
	}
}

// wire is a way to a server that does one wrong thing, once.
type wire struct {
	url  string
	fate atomic.Pointer[fate]
}

// fate happens to the connection on which the client sends trigger.
type fate struct {
	trigger string
	deliver bool          // the server gets what the client sent
	stall   chan struct{} // cut when it is closed; nil: at once
	met     chan struct{} // closed when it happens
}

func newWire(t *testing.T, url string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.Split(strings.Split(url, "@")[1], "/")[0]
	w := &wire{url: strings.Replace(url, addr, l.Addr().String(), 1)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { w.carry(client, addr) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return w
}

func (w *wire) carry(client net.Conn, addr string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer server.Close()
	var mute atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if !mute.Load() {
				_, _ = client.Write(buf[:n])
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			_ = server.Close()
			return
		}
		f := w.fate.Load()
		if f != nil && bytes.Contains(buf[:n], []byte(f.trigger)) && w.fate.CompareAndSwap(f, nil) {
			mute.Store(true)
			if f.deliver {
				_, _ = server.Write(buf[:n])
			}
			close(f.met)
			if f.stall != nil {
				<-f.stall
			} else if f.deliver {
				// The server is done when it waits for the next query; it closes after this one.
				_ = server.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, server)
			}
			_ = server.Close()
			return
		}
		_, _ = server.Write(buf[:n])
	}
}

// A node whose COMMIT is not answered finds out what became of it.
func TestLostAnswerToACommitIsSettled(t *testing.T) {
	for _, test := range []struct {
		name   string
		stored bool
	}{{"committed", true}, {"not committed", false}} {
		t.Run(test.name, func(t *testing.T) {
			w := newWire(t, servers.Postgres(t))
			st := open(t, w.url)
			newStory(t, st, "s1")
			w.fate.Store(&fate{trigger: "COMMIT", deliver: test.stored, met: make(chan struct{})})
			told := 0
			r, err := st.InsertComment(t.Context(), newComment("c1"), time.Now().Add(-time.Hour), nil, func(comment.Receipt) { told++ })
			if test.stored && (err != nil || r.Comment.Seq != 1 || told != 1) {
				t.Errorf("InsertComment = %+v, %v, told %d times; want it stored", r, err, told)
			}
			if !test.stored && (errs.CodeOf(err) != errs.Unavailable || told != 0) {
				t.Errorf("InsertComment = %+v, %v, told %d times; want UNAVAILABLE", r, err, told)
			}
			again := newComment("c2")
			again.CID = "cid of c1"
			r, err = st.InsertComment(t.Context(), again, time.Now().Add(-time.Hour), nil, nil)
			if err != nil || r.Duplicate != test.stored || r.Comment.Seq != 1 || r.Comment.Pos != 1 {
				t.Errorf("again: %+v, %v; want it to be a duplicate: %t", r, err, test.stored)
			}
			if err := st.Ready(t.Context()); err != nil {
				t.Errorf("Ready: %v", err)
			}
		})
	}
}

// A node that stops in the middle of a transaction holds up the others for a short time only.
func TestStoppedNodeDoesNotStopTheOthers(t *testing.T) {
	url := servers.Postgres(t)
	w := newWire(t, url)
	stopped, other := open(t, w.url), open(t, url)
	newStory(t, other, "s1")
	f := &fate{trigger: "INSERT INTO comments", stall: make(chan struct{}), met: make(chan struct{})}
	w.fate.Store(f)
	refused := make(chan error, 1)
	go func() {
		_, err := stopped.InsertComment(t.Context(), newComment("c1"), time.Now(), nil, nil)
		refused <- err
	}()
	<-f.met // it holds the right to write
	begun := time.Now()
	if r, err := other.InsertComment(t.Context(), newComment("c2"), time.Now(), nil, nil); err != nil || r.Comment.Seq != 1 {
		t.Errorf("the other's comment: %+v, %v", r, err)
	}
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("the other waited for %v", took)
	}
	close(f.stall)
	if err := <-refused; errs.CodeOf(err) != errs.Unavailable {
		t.Errorf("the stopped one's comment: %v, want UNAVAILABLE", err)
	}
	if r, err := stopped.InsertComment(t.Context(), newComment("c3"), time.Now(), nil, nil); err != nil || r.Comment.Seq != 2 {
		t.Errorf("afterwards: %+v, %v; want seq 2", r, err)
	}
}

func TestUnreachablePostgresIsSaidAtStart(t *testing.T) {
	const url = "postgres://storywire:hidden-word@127.0.0.1:1/db?sslmode=disable"
	st, err := store.Open(t.Context(), url, store.Options{})
	if err == nil {
		_ = st.Close()
		t.Fatal("Open succeeded")
	}
	if strings.Contains(err.Error(), "hidden-word") {
		t.Errorf("the error tells the password: %v", err)
	}
}
