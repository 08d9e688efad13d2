package siotest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// Vectors reads a file of golden vectors, which the JavaScript tests read too.
func Vectors[V any](t testing.TB, file string) []V {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []V
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return all
}

// Unhex returns the bytes that a vector writes in hexadecimal digits.
func Unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// SameJSON reports whether both are the same value, or both nil.
func SameJSON(a, b []byte) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
