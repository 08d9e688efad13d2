package engineio_test

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/storywire/storywire/engineio"
)

func BenchmarkNewFrame(b *testing.B) {
	data := []byte(strings.Repeat("x", 100))
	b.ReportAllocs()
	for b.Loop() {
		engineio.NewFrame(data, false)
	}
}

func BenchmarkFrameParserFeed(b *testing.B) {
	for _, bm := range []struct {
		name string
		size int
	}{{"100B", 100}, {"16KiB", 16 << 10}} {
		b.Run(bm.name, func(b *testing.B) {
			stream := bytes.Repeat(wire(op(1).data(strings.Repeat("x", bm.size))), 8)
			p := engineio.NewFrameParser(1<<20, 8)
			masked := make([]byte, len(stream))
			onMessage, onControl := func([]byte, bool) {}, func(byte, []byte) {}
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				copy(masked, stream) // the parser unmasks in place
				if err := p.Feed(masked, onMessage, onControl); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWake measures one turn of a shard that was asleep, with a heartbeat
// due later.
func BenchmarkWake(b *testing.B) {
	h := newHarness(b, engineio.Options{Shards: 1}, nil)
	c, s := h.dial()
	ran := make(chan struct{})
	task := taskFunc(func(*engineio.Shard) { ran <- struct{}{} })
	b.ReportAllocs()
	for b.Loop() {
		s.Shard().Post(task)
		<-ran
	}
	c.Close()
}

// BenchmarkBroadcast sends to 1000 clients on the loopback, which cost the same
// process as much as the server. ns/delivery and allocs/op (of 1000
// deliveries) are what to look at.
func BenchmarkBroadcast(b *testing.B) {
	const members = 1000
	for _, bm := range []struct {
		name     string
		inFlight int
	}{{"W=1", 1}, {"W=4", 4}, {"W=16", 16}} {
		b.Run(bm.name, func(b *testing.B) {
			h := newHarness(b, engineio.Options{}, nil)
			crowd := newCrowd(h, members)
			frame := text(strings.Repeat("x", 100))
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				crowd.broadcast(frame)
				crowd.await(int64(i+1-bm.inFlight) * members * int64(frame.Size()))
			}
			crowd.await(int64(b.N) * members * int64(frame.Size()))
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*members), "ns/delivery")
			crowd.leave()
		})
	}
}

// A crowd is a room of clients that count the bytes they get.
type crowd struct {
	clients  []*wsClient
	posts    []*announcement // one per shard
	received atomic.Int64
	wanted   atomic.Int64
	reached  chan struct{}
	readers  sync.WaitGroup
}

// An announcement appends a frame to the crowd's sessions on one shard.
type announcement struct {
	shard    *engineio.Shard
	sessions []*engineio.Session
	frame    *engineio.Frame
}

func (a *announcement) Run(sh *engineio.Shard) {
	for _, s := range a.sessions {
		sh.Append(s, a.frame)
	}
}

func newCrowd(h *harness, n int) *crowd {
	c := &crowd{reached: make(chan struct{}, 1)}
	for _, sh := range h.eio.Shards() {
		c.posts = append(c.posts, &announcement{shard: sh})
	}
	for range n {
		client, s := h.dial()
		c.clients = append(c.clients, client)
		a := c.posts[s.Shard().Index()]
		a.sessions = append(a.sessions, s)
	}
	for _, client := range c.clients {
		c.readers.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, err := client.Conn.Read(buf)
				if err != nil {
					return
				}
				if got := c.received.Add(int64(n)); got >= c.wanted.Load() {
					select {
					case c.reached <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	return c
}

func (c *crowd) broadcast(f *engineio.Frame) {
	for _, a := range c.posts {
		a.frame = f
		a.shard.Post(a)
	}
}

// await returns when that many bytes have arrived.
func (c *crowd) await(bytes int64) {
	c.wanted.Store(bytes)
	for c.received.Load() < bytes {
		<-c.reached
	}
}

func (c *crowd) leave() {
	for _, client := range c.clients {
		client.Close()
	}
	c.readers.Wait()
}

// BenchmarkEcho is the way of a request and its answer, 50 clients at a time.
func BenchmarkEcho(b *testing.B) {
	h := newHarness(b, engineio.Options{}, nil)
	request := wire(op(1).data("4" + strings.Repeat("x", 100)))
	var clients sync.Pool
	for range 50 {
		c, _ := h.dial()
		clients.Put(c)
	}
	b.SetParallelism(25)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c, _ := clients.Get().(*wsClient)
		if c == nil {
			c, _ = h.dial()
		}
		buf := make([]byte, 4096)
		for pb.Next() {
			if _, err := c.Conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			if _, err := c.Conn.Read(buf); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
