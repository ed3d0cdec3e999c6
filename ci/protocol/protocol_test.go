package main

import (
	"bytes"
	"os"
	"testing"
)

// TestPagesAreCurrent checks that the committed module is what the command generates.
func TestPagesAreCurrent(t *testing.T) {
	have, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, script()) {
		t.Errorf("%s is out of date: run make protocol", file)
	}
}
