package socketio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// A server for an application with users: who may connect, what they may do, and
// who hears of it.
func Example() {
	io := socketio.NewServer(socketio.Options{
		Engine: engineio.Options{AllowedOrigins: []string{"https://example.org"}},
	})
	chat := io.Of("/chat")

	chat.Use(func(ctx context.Context, s *socketio.Socket) error {
		var auth struct{ Token string }
		if err := s.Handshake().DecodeAuth(&auth); err != nil || auth.Token != "secret" {
			return &socketio.ConnectError{Message: "not authorized", Data: map[string]string{"code": "unauthorized"}}
		}
		s.SetData("Ada")
		return nil
	})
	chat.OnConnect(func(s *socketio.Socket) {
		if err := s.Join("lobby"); err != nil {
			s.Disconnect(true)
		}
	})

	type say struct {
		Text string `json:"text"`
	}
	type said struct {
		From string    `json:"from"`
		Text string    `json:"text"`
		At   time.Time `json:"at"`
	}
	socketio.Handle(chat, "say", func(ctx context.Context, s *socketio.Socket, in say) (said, error) {
		if strings.TrimSpace(in.Text) == "" {
			return said{}, &socketio.Error{Code: "empty", Message: "say something"}
		}
		out := said{From: s.Data().(string), Text: in.Text, At: time.Now()}
		return out, s.To("lobby").Emit("said", out) // everybody but s, who gets the result
	})

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	// http.ListenAndServe("localhost:3000", mux), and at the end:
	if err := io.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
}

// A deadline and a rate limit for all handlers of a namespace.
func ExampleNamespace_UseEvent() {
	io := socketio.NewServer(socketio.Options{})
	defer io.Close(context.Background())
	ns := io.Of("/")
	allowed := func(s *socketio.Socket, event string) bool { return event != "flood" }
	ns.UseEvent(func(next socketio.EventHandler) socketio.EventHandler {
		return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
			if !allowed(s, call.Event()) {
				return &socketio.Error{Code: "rate_limited", Message: "slow down"}
			}
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			return next(ctx, s, call)
		}
	})
	// Output:
}

// Answers that look like {"ok":true,"data":...} and {"ok":false,"error":"..."}.
func ExampleNamespace_Respond() {
	io := socketio.NewServer(socketio.Options{})
	defer io.Close(context.Background())
	io.Of("/").Respond(func(ctx context.Context, s *socketio.Socket, call *socketio.Call, out any, err error) {
		answer := map[string]any{"ok": true, "data": out}
		if err != nil {
			answer = map[string]any{"ok": false, "error": "internal"}
			var coded *socketio.Error
			if errors.As(err, &coded) {
				answer["error"] = coded.Code
			}
		}
		if err := call.Ack(answer); err != nil {
			fmt.Println(err)
		}
	})
	// Output:
}

// Asking a client.
func ExampleSocket_EmitWithAck() {
	confirm := func(ctx context.Context, s *socketio.Socket) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		answer, err := s.EmitWithAck(ctx, "confirm", "Really delete?")
		if err != nil {
			return false, err // socketio.ErrAckTimeout, socketio.ErrDisconnected
		}
		var yes bool
		err = answer.Decode(0, &yes)
		return yes, err
	}
	_ = confirm
}

// Asking a room: whoever answers within the time counts.
func ExampleOperator_EmitWithAck() {
	vote := func(ctx context.Context, ns *socketio.Namespace) (yes int, err error) {
		answers, err := ns.To("jury").Timeout(30*time.Second).EmitWithAck(ctx, "vote", "Publish?")
		if err != nil && !errors.Is(err, socketio.ErrAckTimeout) && !errors.Is(err, socketio.ErrDisconnected) {
			return 0, err
		}
		for _, a := range answers {
			var ok bool
			if a.Decode(0, &ok) == nil && ok {
				yes++
			}
		}
		return yes, nil
	}
	_ = vote
}

// A namespace for each customer, made when its first client connects.
func ExampleServer_OfRegexp() {
	io := socketio.NewServer(socketio.Options{})
	defer io.Close(context.Background())
	tenants := io.OfRegexp(regexp.MustCompile(`^/tenant-\d+$`))
	socketio.Handle(tenants, "say", func(ctx context.Context, s *socketio.Socket, text string) (struct{}, error) {
		return struct{}{}, s.Namespace().Emit("said", text) // to this customer's clients
	})
	// Output:
}

// Servers that keep a cache tell each other what has changed.
func ExampleNamespace_ServerSideEmit() {
	io := socketio.NewServer(socketio.Options{}) // with an Adapter that connects it to others
	defer io.Close(context.Background())
	ns := io.Of("/")
	ns.OnServerSide("changed", func(ctx context.Context, args *socketio.Args) (any, error) {
		var id string
		return nil, args.Decode(0, &id) // and forget what was cached of it
	})
	if err := ns.ServerSideEmit("changed", "story:42"); err != nil {
		fmt.Println(err)
	}
	// Output:
}

// Arguments of any number and kind, binary ones among them.
func ExampleNamespace_On() {
	io := socketio.NewServer(socketio.Options{})
	defer io.Close(context.Background())
	io.Of("/").On("upload", func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		var name string
		if err := call.Decode(0, &name); err != nil {
			return err
		}
		data := call.Binary(1)
		return call.Ack(name, bytes.ToUpper(data))
	})
	// Output:
}
