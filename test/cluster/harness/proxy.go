package harness

import (
	"net"
	"sync"
	"testing"
)

// Proxy stands between clients and a node, and breaks what goes through it.
type Proxy struct {
	Addr string // 127.0.0.1:port

	listener net.Listener
	serving  sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	target string
	links  map[*link]bool
	came   int
}

// link is one connection of a client and its other half.
type link struct {
	client, node net.Conn

	mu      sync.Mutex // guards the fields below
	changed sync.Cond
	stalled bool
	half    bool // the client is gone and the node does not know
}

// set changes a link.
func (l *link) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.changed.Broadcast()
}

// wait returns when the link is not stalled any more, or is half open.
func (l *link) wait() (half bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.stalled && !l.half {
		l.changed.Wait()
	}
	return l.half
}

// NewProxy returns a proxy that refuses all connections until it has a target.
// It ends with the test.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), listener: listener, links: map[*link]bool{}}
	p.serving.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Target("")
		p.Cut()
		p.serving.Wait()
	})
	return p
}

// Target sets where new connections go; empty: nowhere, they are refused. Those
// that are open stay where they are.
func (p *Proxy) Target(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Came returns how many connections have gone through.
func (p *Proxy) Came() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.came
}

// Cut closes all connections at both ends.
func (p *Proxy) Cut() {
	for _, l := range p.all() {
		_ = l.client.Close()
		_ = l.node.Close()
		l.set(func() { l.stalled = false })
	}
}

// Stall holds back everything in all connections, until they are cut or half open.
func (p *Proxy) Stall() {
	for _, l := range p.all() {
		l.set(func() { l.stalled = true })
	}
}

// HalfOpen closes all connections at the client's end only: for the node they
// stay open, and silent. What was held back by Stall is lost.
func (p *Proxy) HalfOpen() {
	for _, l := range p.all() {
		l.set(func() { l.half = true })
		_ = l.client.(*net.TCPConn).SetLinger(0)
		_ = l.client.Close()
	}
}

func (p *Proxy) all() (links []*link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		node, err := net.Dial("tcp", target)
		if target == "" || err != nil {
			_ = client.Close()
			continue
		}
		l := &link{client: client, node: node}
		l.changed.L = &l.mu
		p.mu.Lock()
		p.links[l] = true
		p.came++
		p.mu.Unlock()
		var ways sync.WaitGroup
		ways.Go(func() { l.carry(node, client) })
		ways.Go(func() { l.carry(client, node) })
		p.serving.Go(func() {
			ways.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.links, l)
		})
	}
}

// carry takes bytes from one end to the other until either ends, and then ends
// the other, unless it is not to know.
func (l *link) carry(to, from net.Conn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		switch half := l.wait(); {
		case half && from == l.client:
			return
		case half && err == nil:
			continue // into the void
		}
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if err != nil {
			_ = from.Close()
			_ = to.Close()
			return
		}
	}
}
