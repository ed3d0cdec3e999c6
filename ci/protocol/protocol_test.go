package main

import (
	"bytes"
	"os"
	"testing"
)

// TestPagesAreCurrent: what the pages know is what the programs say.
func TestPagesAreCurrent(t *testing.T) {
	have, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, script()) {
		t.Errorf("%s is out of date: run make protocol", file)
	}
}
