package socketio_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// comment is a payload of usual size.
type comment struct {
	ID      string `json:"id"`
	Story   string `json:"storyId"`
	Seq     int    `json:"seq"`
	Content string `json:"content"`
}

var sample = comment{"c_0123456789", "42", 17, "hello, this is a comment of usual length"}

func benchServer(b *testing.B) (*socketio.Namespace, string) {
	b.Helper()
	io := socketio.NewServer(socketio.Options{})
	web := httptest.NewServer(io)
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := io.Close(ctx); err != nil {
			b.Error(err)
		}
		web.Close()
	})
	return io.Of("/ws"), web.URL
}

// BenchmarkEmitToNobody is the cost of encoding a broadcast and of telling the
// shards.
func BenchmarkEmitToNobody(b *testing.B) {
	ns, _ := benchServer(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := ns.To("empty").Emit("comment:created", &sample); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAck is one event of a client, its typed handler and the
// acknowledgement, over loopback; the client's part is included.
func BenchmarkAck(b *testing.B) {
	ns, url := benchServer(b)
	socketio.Handle(ns, "say", func(_ context.Context, _ *socketio.Socket, in comment) (comment, error) { return in, nil })
	c := siotest.Dial(b, url)
	c.Connect("/ws")
	b.ReportAllocs()
	for b.Loop() {
		c.Send(`2/ws,1["say",{"id":"c_0123456789","storyId":"42","seq":17,"content":"hello, this is a comment"}]`)
		if err := c.Skip(1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBroadcast1000 is one event to a room of 1000, with 16 on the way;
// reading them in the same process is included.
func BenchmarkBroadcast1000(b *testing.B) {
	const members, window = 1000, 16
	ns, url := benchServer(b)
	ns.OnConnect(func(s *socketio.Socket) {
		if err := s.Join("r"); err != nil {
			b.Error(err)
		}
	})
	clients := make([]*siotest.Client, members)
	for i := range clients {
		clients[i] = siotest.Dial(b, url)
		clients[i].Connect("/ws")
	}
	for { // until the last is in the room
		if found, err := ns.To("r").FetchSockets(context.Background()); err != nil || len(found) == members {
			break
		}
	}
	send := func(n int) {
		for range n {
			if err := ns.To("r").Emit("comment:created", &sample); err != nil {
				b.Error(err)
			}
		}
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				if err := c.Skip(n); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	send(window)
	b.ReportAllocs()
	rounds := 0
	for b.Loop() {
		rounds++
		if rounds%window == 0 {
			send(window)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/members, "ns/delivery")
}
