// Package errs is the coded error that every layer of Storywire understands.
//
// A rule that refuses something returns an [Error] with a [Code]: programs act
// on the code, people read the message, and the wrapped cause goes to the log
// only. An error without a code reaches users as [Internal].
package errs

import (
	"errors"
	"strings"
	"time"
)

// Code tells programs what went wrong. The set is part of the public contract.
type Code string

// The codes of the published protocol.
const (
	Unauthenticated Code = "UNAUTHENTICATED"
	TokenExpired    Code = "TOKEN_EXPIRED"
	Forbidden       Code = "FORBIDDEN"
	NotFound        Code = "NOT_FOUND"
	NotJoined       Code = "NOT_JOINED"
	Validation      Code = "VALIDATION"
	Conflict        Code = "CONFLICT"
	RoomFull        Code = "ROOM_FULL"
	EpochChanged    Code = "EPOCH_CHANGED" // the position is none of this database's
	Gone            Code = "GONE"          // too much has happened since
	RateLimited     Code = "RATE_LIMITED"
	PayloadTooLarge Code = "PAYLOAD_TOO_LARGE"
	Unavailable     Code = "UNAVAILABLE"
	Internal        Code = "INTERNAL"

	// Of playing together.
	StaleRound  Code = "STALE_ROUND"  // the round is over: somebody was faster
	NotEligible Code = "NOT_ELIGIBLE" // others choose now
	BadOption   Code = "BAD_OPTION"   // this round does not have it, or not for you
	NotHost     Code = "NOT_HOST"     // only the host may
	Full        Code = "FULL"         // no seat is free
	Locked      Code = "LOCKED"       // nobody may join any more
	Kicked      Code = "KICKED"       // you were sent away
	BadCode     Code = "BAD_CODE"     // no party has this code
	WrongState  Code = "WRONG_STATE"  // not in the lobby, not playing, or ended

	// Of updates to a document.
	MalformedUpdate Code = "MALFORMED_UPDATE" // not an update, or one that no correct client writes
	Gap             Code = "GAP"              // depends on what the server does not have: synchronize first
	Schema          Code = "SCHEMA"           // writes what has no place in a story
	ClientID        Code = "CLIENT_ID"        // writes under somebody else's client id
	FutureDelete    Code = "FUTURE_DELETE"    // deletes what is not written yet
	DocTooLarge     Code = "DOC_TOO_LARGE"    // the document would grow over a limit
)

// Error is a refusal or a failure with a code.
type Error struct {
	Op         string        // what was being done, e.g. "comment.Post"; for the log
	Code       Code          // for programs
	Message    string        // for people; shown to the user
	RetryAfter time.Duration // when to try again; 0 if waiting does not help
	Err        error         // the cause; for the log, never shown
}

// E returns an Error of code with a message for people.
func E(op string, code Code, message string) *Error {
	return &Error{Op: op, Code: code, Message: message}
}

// Wrap returns an Error of code [Internal] around err, or err's own code if it
// already has one. It returns nil if err is nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Code: CodeOf(err), Err: err}
}

// Error returns operation, code, message and cause on one line, for the log.
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	parts = append(parts, string(e.Code))
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost Error in err's chain, and Internal
// for an error without one. The code of nil is empty.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// MessageOf returns what may be shown to a person: the first message in err's
// chain, and a general one for an error that was never meant to be seen.
func MessageOf(err error) string {
	for e, ok := errors.AsType[*Error](err); ok; e, ok = errors.AsType[*Error](e.Err) {
		if e.Message != "" {
			return e.Message
		}
	}
	return "Something went wrong on our side."
}

// RetryAfterOf returns how long to wait before trying again, 0 if err says nothing.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
