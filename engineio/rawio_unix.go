//go:build unix

package engineio

import (
	"io"
	"net"
	"syscall"
)

// rawConnOf returns the connection's descriptor for reading and writing
// without blocking, or nil. Only the concrete types of package net qualify: a
// type that embeds one of them may do something else in Read and Write.
func rawConnOf(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}

// A rawWriter writes without blocking. It is made once per shard, so that a
// write allocates nothing.
type rawWriter struct {
	data []byte
	n    int
	err  error
	fn   func(fd uintptr) bool
}

func (w *rawWriter) init() { w.fn = w.try }

// write writes as much of data as the connection takes now.
func (w *rawWriter) write(raw syscall.RawConn, data []byte) (int, error) {
	w.data, w.n, w.err = data, 0, nil
	err := raw.Write(w.fn)
	w.data = nil
	if err == nil {
		err = w.err
	}
	return w.n, err
}

func (w *rawWriter) try(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.data)
		switch err {
		case nil:
			w.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			w.err = err
		}
		return true
	}
}

// tryRead is called when the connection may be readable. It takes a buffer
// only to give it back if there is nothing to read: an idle connection holds
// none.
func (c *goConn) tryRead(fd uintptr) bool {
	buf := getReadBuffer()
	for {
		n, err := syscall.Read(int(fd), buf)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			putReadBuffer(buf)
			return false
		case err == nil && n == 0:
			err = io.EOF
		}
		c.readBuf, c.readLen, c.readErr = buf, max(n, 0), err
		return true
	}
}
