package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/wire"
)

// maxKey is the longest Idempotency-Key in bytes, as of a cid.
const maxKey = 64

// body reads the request's JSON into v, a pointer, and checks it.
func body(r *http.Request, v any) error {
	const op = "api.body"
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errs.E(op, errs.Validation, "The body must be JSON, sent as Content-Type: application/json.")
	}
	data, err := raw(r)
	if err != nil {
		return err
	}
	return wire.Decode(data, v)
}

// raw returns the request's body, which must not be empty.
func raw(r *http.Request) ([]byte, error) {
	const op = "api.body"
	data, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errs.E(op, errs.PayloadTooLarge, "The body is larger than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes.")
	}
	if err != nil {
		return nil, &errs.Error{Op: op, Code: errs.Validation, Message: "The body could not be read.", Err: err}
	}
	if len(data) == 0 {
		return nil, errs.E(op, errs.Validation, "The body is missing.")
	}
	return data, nil
}

// key returns the request's Idempotency-Key, empty if there is none.
func key(r *http.Request) (string, error) {
	k := r.Header.Get("Idempotency-Key")
	if len(k) > maxKey {
		return "", errs.E("api.key", errs.Validation, "The Idempotency-Key may have at most 64 bytes.")
	}
	return k, nil
}

// limit returns the query's limit, 0 if there is none.
func limit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errs.E("api.limit", errs.Validation, "limit must be a whole number above 0.")
	}
	return n, nil
}

// flag returns the query's name as a truth value, false if there is none.
func flag(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, errs.E("api.flag", errs.Validation, name+" must be true or false.")
	}
	return v, nil
}

// created is the status of a write: an earlier result for the same key is not created again.
func created(duplicate bool) int {
	if duplicate {
		return http.StatusOK
	}
	return http.StatusCreated
}
