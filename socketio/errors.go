package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of sockets and operators.
var (
	// ErrDisconnected: the socket is not connected: its middleware has not
	// finished yet, or it was disconnected.
	ErrDisconnected = errors.New("socketio: socket is not connected")
	// ErrAckTimeout: a client, or another server, did not answer in time.
	ErrAckTimeout = errors.New("socketio: operation has timed out")
	// ErrReservedEvent: the event's name belongs to Socket.IO itself.
	ErrReservedEvent = errors.New("socketio: reserved event name")
	// ErrRoom: a room's name is longer than Limits.RoomName, or the socket is in
	// Limits.Rooms rooms already.
	ErrRoom = errors.New("socketio: room limit exceeded")
	// ErrClosed: the server is closed.
	ErrClosed = errors.New("socketio: server closed")
)

// ConnectError refuses a connection: returned by a middleware, its message and
// data reach the client as connect_error. Any other error does so only if it
// has a method Data() any; the rest is logged and sent as "internal error".
type ConnectError struct {
	Message string
	Data    any // sent as err.data; left out if nil
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// Error is an error whose code and message may reach clients: a handler that
// returns one has them sent back by the default [Responder].
type Error struct {
	Code    string // for programs
	Message string // for people
	Err     error  // for the log; not sent
}

// Error returns the code, the message and the cause.
func (e *Error) Error() string {
	s := e.Message
	if e.Code != "" {
		s = e.Code + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// DecodeError reports an argument that is missing or does not fit the type a
// handler asked for.
type DecodeError struct {
	Arg int // from 0
	Err error
}

// Error names the argument.
func (e *DecodeError) Error() string { return fmt.Sprintf("argument %d: %v", e.Arg, e.Err) }

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// public is the error without names of Go types.
func (e *DecodeError) public() string {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(e.Err, errMissing):
		return fmt.Sprintf("argument %d is missing", e.Arg)
	case errors.As(e.Err, &mismatch) && mismatch.Field != "":
		return fmt.Sprintf("argument %d: %s must not be a %s", e.Arg, mismatch.Field, mismatch.Value)
	case errors.As(e.Err, &mismatch):
		return fmt.Sprintf("argument %d must not be a %s", e.Arg, mismatch.Value)
	}
	return fmt.Sprintf("argument %d is invalid", e.Arg)
}

// PanicError is what a [Responder] is given when a handler panicked. The panic
// has been logged with its stack.
type PanicError struct {
	Value any
}

// Error describes the panic's value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }
