package engineio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/storywire/storywire/engineio"
)

// greeter answers each message.
type greeter struct{ session *engineio.Session }

func (g *greeter) Message(data []byte, binary bool) {
	g.session.Send(engineio.NewFrame([]byte("hello "+string(data)), false))
}

func (g *greeter) Closed(reason engineio.CloseReason, err error) {
	fmt.Println("closed:", reason)
}

// A server that greets, and a client that polls by hand.
func Example() {
	eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
		return &greeter{s}
	}), engineio.Options{})
	mux := http.NewServeMux()
	mux.Handle(engineio.DefaultPath, eio)
	web := httptest.NewServer(mux)
	defer web.Close()

	url := web.URL + "/engine.io/?EIO=4&transport=polling"
	open := fetch(http.Get(url))
	sid := strings.Split(open, `"`)[3]
	fmt.Println("session id of", len(sid), "characters")
	fmt.Println(fetch(http.Post(url+"&sid="+sid, "text/plain", strings.NewReader("4world"))))
	fmt.Println(fetch(http.Get(url + "&sid=" + sid)))

	if err := eio.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// session id of 20 characters
	// ok
	// 4hello world
	// closed: forced close
}

func fetch(resp *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

// A room: one frame, appended to each member on the member's shard.
func ExampleShard_Append() {
	eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
		return &greeter{s}
	}), engineio.Options{Shards: 2})
	defer eio.Close(context.Background())

	members := map[*engineio.Shard][]*engineio.Session{} // kept by the program, per shard
	news := engineio.NewFrame([]byte("news"), false)
	for _, shard := range eio.Shards() {
		shard.Post(&announce{members[shard], news})
	}
}

type announce struct {
	members []*engineio.Session
	frame   *engineio.Frame
}

func (a *announce) Run(shard *engineio.Shard) {
	for _, s := range a.members {
		shard.Append(s, a.frame)
	}
}
