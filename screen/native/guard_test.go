//go:build linux || windows

package native

import (
	"bytes"
	"maps"
	"testing"
)

func TestReadNotes(t *testing.T) {
	got := readNotes(bytes.NewReader([]byte{
		guardKey, 38, 1, guardKey, 50, 1, guardKey, 38, 0, guardButton, 1, 1, guardLent, 97, 1, guardButton, 1, // cut
	}))
	want := map[note]bool{{guardKey, 50}: true, {guardButton, 1}: true, {guardLent, 97}: true}
	if !maps.Equal(got, want) {
		t.Errorf("down: %v, want %v", got, want)
	}
}

func FuzzReadNotes(f *testing.F) {
	f.Add([]byte{guardKey, 38, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if down := readNotes(bytes.NewReader(b)); len(down) > len(b)/guardNote {
			t.Errorf("%d down from %d bytes", len(down), len(b))
		}
	})
}
