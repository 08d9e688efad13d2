// Package load drives a Socket.IO server with thousands of connections for a
// small part of what they cost the server: raw non-blocking sockets in one epoll
// loop, frames masked once and sent many times, and of what arrives only as
// much read as is needed to count it.
//
// A [Swarm] is a set of connections to one server, each joined to the namespace
// with a token of its own. All its methods run the loop on the caller's
// goroutine and are not safe for concurrent use:
//
//	s, err := load.Connect(ctx, target, load.ConnectOptions{Conns: 1000})
//	defer s.Close()
//	err = s.Join(ctx, 1)                                     // one room of 1000
//	r, err := s.FanOut(ctx, load.FanOutOptions{InFlight: 4, Window: 2 * time.Second})
//	fmt.Println(r.ServerCPU / time.Duration(r.Deliveries))   // CPU per delivery
//
// The server has to speak the benchmark's wire, in the namespace /ws:
//
//	"join" (room) with ack       the connection joins the room
//	"say"  (room, text)          the room gets "said" (text), the sender included
//	"echo" (text) with ack       the ack carries the text
//
// [Swarm.Comment] speaks Storywire's own events instead (story:join, comment:new).
// The package needs Linux: epoll, /proc, and the addresses 127.0.0.0/8.
package load
