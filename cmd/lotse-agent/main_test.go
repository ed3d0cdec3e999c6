package main

import (
	"errors"
	"testing"
)

// What a gateway says as the reason of an end goes to a terminal.
func TestForeignTextInErrors(t *testing.T) {
	for in, want := range map[string]string{
		"closed: \x1b]0;x\x07b\u009b2J\u202ec": "closed: ]0;xb2Jc", "Tür\nzu": "Tür zu", "\xff": "",
	} {
		if got := shown(errors.New(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := shown(errors.Join(errors.New("line 1: a\x1b"), errors.New("line 2: b"))); got != "line 1: a\nline 2: b" {
		t.Errorf("%q", got)
	}
}
