//go:build linux

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Namespace is where the generator connects.
const Namespace = "/ws"

const (
	// connsPerSource spreads the connections over 127.0.0.2, 127.0.0.3, ...: an
	// address has about 28,000 ports for one server, and a server may limit addresses.
	connsPerSource = 4000
	maxConns       = 100 * connsPerSource

	defaultParallel       = 256
	defaultConnectTimeout = 60 * time.Second
)

// ConnectOptions says how to connect. Only Conns has no default.
type ConnectOptions struct {
	Conns    int
	Parallel int                // handshakes at the same time; default 256
	Timeout  time.Duration      // of all together; default 60 s
	Token    func(i int) string // default: one for User(i)
}

// ConnectResult tells how connecting went. Dropped connections are those that
// were refused, lost or not through in time; Err is the first one's reason.
type ConnectResult struct {
	Cost
	Connected int
	Dropped   int
	Err       error
}

// Connect opens connections up to the answer to the namespace's CONNECT. An
// error means that the generator could not work; what the server did wrong is
// in the result. The swarm is nil only with an error.
func Connect(ctx context.Context, t Target, o ConnectOptions) (*Swarm, ConnectResult, error) {
	var addrs []netip.AddrPort
	for _, one := range t.all() {
		addr, err := netip.ParseAddrPort(one.Addr)
		if err != nil || !addr.Addr().Is4() {
			return nil, ConnectResult{}, fmt.Errorf("target %q: want an IPv4 address and a port", one.Addr)
		}
		addrs = append(addrs, addr)
	}
	if o.Conns < 1 || o.Conns > maxConns {
		return nil, ConnectResult{}, fmt.Errorf("%d connections: want 1 to %d", o.Conns, maxConns)
	}
	s, err := newSwarm(t)
	if err != nil {
		return nil, ConnectResult{}, err
	}
	r, err := s.connectAll(ctx, addrs, o)
	if err != nil {
		s.Close()
		return nil, r, err
	}
	return s, r, nil
}

func (s *Swarm) connectAll(ctx context.Context, addrs []netip.AddrPort, o ConnectOptions) (r ConnectResult, err error) {
	if o.Parallel == 0 {
		o.Parallel = defaultParallel
	}
	if o.Timeout == 0 {
		o.Timeout = defaultConnectTimeout
	}
	s.conns = make([]*conn, o.Conns)
	for i := range s.conns { // tokens are made before the clock starts
		c := &conn{index: i}
		if o.Token != nil {
			c.token = o.Token(i)
		} else {
			c.token = Token(s.target.Secret, User(i))
		}
		s.conns[i] = c
	}
	s.lost = func(c *conn, why error) error {
		r.Dropped++
		if r.Err == nil {
			r.Err = failOnLoss(c, why)
		}
		return nil
	}
	s.packet = ignore // a server may speak at once: session:ready

	m, err := startMeter(s.target)
	if err != nil {
		return r, err
	}
	started := 0
	err = s.run(ctx, time.Now().Add(o.Timeout), func() bool {
		for ; started < o.Conns && started-s.live-r.Dropped < o.Parallel; started++ {
			c := s.conns[started]
			if err := s.dial(c, addrs[c.index%len(addrs)]); err != nil {
				s.drop(c)
				_ = s.lost(c, err)
			}
		}
		return s.live+r.Dropped == o.Conns
	})
	r.Connected = s.live
	if err != nil {
		return r, err
	}
	if late := o.Conns - r.Connected - r.Dropped; late > 0 {
		r.Dropped += late
		r.Err = errors.Join(r.Err, fmt.Errorf("%d connections not through after %v", late, o.Timeout))
	}
	r.Cost, err = m.stop()
	return r, err
}

func (s *Swarm) dial(c *conn, addr netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	c.fd, c.state = fd, dialing
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("set TCP_NODELAY: %w", err)
	}
	if addr.Addr().IsLoopback() {
		// The port is chosen by connect, when the other end is known.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
			return fmt.Errorf("set IP_BIND_ADDRESS_NO_PORT: %w", err)
		}
		src := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(2 + c.index/connsPerSource)}}
		if err := unix.Bind(fd, src); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connect: %w", err)
	}
	return s.poll(c, unix.EPOLLOUT)
}

func (s *Swarm) dialed(c *conn) error {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if code != 0 {
		return fmt.Errorf("connect: %w", unix.Errno(code))
	}
	if err := s.poll(c, unix.EPOLLIN); err != nil {
		return err
	}
	c.state = upgrading
	return s.write(c, []byte("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"+
		"Host: "+s.target.Addr+"\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3Rvcnl3aXJlIGJlbmNoLg==\r\n\r\n"))
}

// opened answers Engine.IO's open packet with Socket.IO's CONNECT.
func (s *Swarm) opened(c *conn) error {
	if c.state != opening {
		return fmt.Errorf("%w: a second open packet", ErrLost)
	}
	c.state = connecting
	frame := appendMasked(nil, "40"+Namespace+`,{"token":"`+c.token+`"}`)
	c.token = ""
	return s.write(c, frame)
}

func (s *Swarm) greeted(c *conn, p []byte) error {
	if !bytes.HasPrefix(p, []byte("40"+Namespace+",")) {
		return fmt.Errorf("CONNECT refused: %.200q", p)
	}
	c.state = connected
	s.live++
	return nil
}
