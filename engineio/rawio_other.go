//go:build !unix

package engineio

import (
	"net"
	"syscall"
)

// rawConnOf returns nil: connections are read and written by goroutines.
func rawConnOf(net.Conn) syscall.RawConn { return nil }

type rawWriter struct{}

func (w *rawWriter) init() {}

func (w *rawWriter) write(syscall.RawConn, []byte) (int, error) { return 0, nil }

func (c *goConn) tryRead(uintptr) bool { return true }
