package main

import "testing"

// What a gateway says as the reason of an end goes to a terminal.
func TestForeignTextInErrors(t *testing.T) {
	for in, want := range map[string]string{
		"closed: \x1b]0;x\x07b\u009b2J\u202ec": "closed: ]0;xb2Jc", "Tür\nzu": "Tür\nzu", "\xff": "?",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
