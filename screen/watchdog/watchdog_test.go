package watchdog

import (
	"bytes"
	"maps"
	"testing"
)

func TestReadNotes(t *testing.T) {
	got := readNotes(bytes.NewReader([]byte{
		Key, 38, 1, Key, 50, 1, Key, 38, 0, Button, 1, 1, LentKey, 97, 1, Button, 1, // cut
	}))
	want := map[Note]bool{{Key, 50}: true, {Button, 1}: true, {LentKey, 97}: true}
	if !maps.Equal(got, want) {
		t.Errorf("down: %v, want %v", got, want)
	}
}

func FuzzReadNotes(f *testing.F) {
	f.Add([]byte{Key, 38, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if down := readNotes(bytes.NewReader(b)); len(down) > len(b)/noteSize {
			t.Errorf("%d down from %d bytes", len(down), len(b))
		}
	})
}
