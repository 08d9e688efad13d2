package main

import (
	"os"
	"testing"
)

func TestTypeScriptIsUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../../web/client/src/wire.ts"
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what package wire says: run `go generate ./internal/wire`", file)
	}
}
