package agent

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// TestSnapshotIsFlat checks that panels find all fields at the same level, whatever structs
// contain them; PANEL.md.
func TestSnapshotIsFlat(t *testing.T) {
	b, err := json.Marshal(Snapshot{Record: "record"})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"advisor", "answer", "choices", "compare", "confirm", "direction", "error", "gateway",
		"hands", "key", "lang", "line", "notice", "number", "offer", "paused", "phase",
		"question", "reason", "record", "rights", "seq", "share", "silenced", "type", "version",
		"viewers",
	}
	if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}
