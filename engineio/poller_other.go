//go:build !linux

package engineio

import "net"

// Without epoll every connection has a goroutine.

type poller struct{}

func newPoller(*Shard) (*poller, error) { return nil, nil }

func (p *poller) close() {}

func (sh *Shard) poll() (found bool) { return false }

func (sh *Shard) adopt(net.Conn) *wsConn { return nil }
