package yjs

import "fmt"

// Code says in a word why an update was refused. The values are what an editing server tells its clients.
type Code string

// The reasons for which Decode and Check refuse an update.
const (
	Malformed    Code = "MALFORMED"     // not an update, or one that no correct client can have written
	Gap          Code = "GAP"           // depends on structs which this document does not have
	SchemaBroken Code = "SCHEMA"        // content, keys or places which the policy does not allow
	ForeignID    Code = "CLIENT_ID"     // a client id that the sender may not write with
	FutureDelete Code = "FUTURE_DELETE" // deletes structs that do not exist yet
	TooLarge     Code = "TOO_LARGE"     // over a limit of the policy, or of this package
)

// Error is every error of this package that input can cause. Match it with errors.As and look at Code.
type Error struct {
	Code   Code
	Detail string // for the log of a developer, in English
	Err    error  // what the policy's function answered, or nil
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("yjs: %s: %s: %v", e.Code, e.Detail, e.Err)
	}
	return fmt.Sprintf("yjs: %s: %s", e.Code, e.Detail)
}

// Unwrap returns what the policy's function answered.
func (e *Error) Unwrap() error { return e.Err }

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}
