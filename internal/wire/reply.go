package wire

import (
	"encoding/json"

	"github.com/storywire/storywire/internal/errs"
)

// Success is the answer to an event that did what it was asked.
type Success[T any] struct {
	OK        bool `json:"ok" ts:"true"` // always true
	Data      T    `json:"data"`
	Duplicate bool `json:"duplicate,omitempty" ts:"true"` // Data is the result of an earlier try with the same cid
}

// Failure is the answer to an event that was refused.
type Failure struct {
	OK    bool    `json:"ok" ts:"false"` // always false
	Error Refusal `json:"error"`
}

// Refusal is why something was refused: the code for programs, the message for people.
type Refusal struct {
	Code         errs.Code `json:"code"`
	Message      string    `json:"message"`
	RetryAfterMs int64     `json:"retryAfterMs,omitempty"` // try again after so many milliseconds
}

// NewRefusal returns what of err may be told to the client.
func NewRefusal(err error) Refusal {
	return Refusal{Code: errs.CodeOf(err), Message: errs.MessageOf(err), RetryAfterMs: errs.RetryAfterOf(err).Milliseconds()}
}

// Exception reports the failure of an event that asked for no answer. Its shape
// is that of a NestJS gateway, plus the code.
type Exception struct {
	Status       string         `json:"status" ts:"'error'"` // always "error"
	Code         errs.Code      `json:"code"`
	Message      string         `json:"message"`
	Cause        ExceptionCause `json:"cause"`
	RetryAfterMs int64          `json:"retryAfterMs,omitempty"`
}

// ExceptionCause is the event that failed: its name and what it carried.
type ExceptionCause struct {
	Pattern string `json:"pattern"`
	Data    any    `json:"data"`
}

// ConnectErrorData is the data of a refused CONNECT.
type ConnectErrorData struct {
	Code         errs.Code `json:"code"`
	RetryAfterMs int64     `json:"retryAfterMs,omitempty"`
}

// Problem is a REST error: RFC 9457, application/problem+json.
type Problem struct {
	Type         string    `json:"type"`
	Title        string    `json:"title"`
	Status       int       `json:"status"`
	Code         errs.Code `json:"code"`
	Detail       string    `json:"detail"`
	RetryAfterMs int64     `json:"retryAfterMs,omitempty"`
}

// Page is one page of a list, newest first.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"nextCursor"` // null after the last page
}

// Encode returns v as JSON, as it stands in an event.
func Encode(v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, errs.Wrap("wire.Encode", err)
	}
	return data, nil
}
