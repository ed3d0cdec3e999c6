package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"lotse/agent"
	"lotse/consent"
)

func TestRecording(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		if got := c.types("h"); got != nil {
			t.Errorf("nothing is recorded, but %+v", got)
		}
		recording := func(r agent.Recording) func(*agent.Snapshot) {
			return func(s *agent.Snapshot) { s.Recording = &r }
		}
		if wrote := c.show(recording(agent.Recording{Running: true, Key: "key"})); !strings.Contains(wrote, "This is RECORDED") {
			t.Errorf("%q", wrote)
		}
		for line, want := range map[string]agent.Command{"h": agent.Hold{On: true}, "R": agent.Take{Right: consent.Record}} {
			if got := c.types(line); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %+v", line, got)
			}
		}
		c.read.Reset()
		if c.types("c"); !strings.Contains(c.read.String(), "--receive FOLDER") {
			t.Errorf("without a folder: %q", c.read.String())
		}
		c.panel.Folder, c.file = folder, "pictures"
		c.read.Reset()
		c.types("c")
		if b, err := os.ReadFile(filepath.Join(folder, "notes.txt")); err != nil || string(b) != "pictures" || !strings.Contains(c.read.String(), "Saved: ") {
			t.Errorf("%q, %v, %q", b, err, c.read.String())
		}
		if wrote := c.show(recording(agent.Recording{Running: true, Held: true})); !strings.Contains(wrote, "The recording is paused") {
			t.Errorf("%q", wrote)
		}
		if got := c.types("h"); len(got) != 1 || got[0] != (agent.Hold{}) {
			t.Errorf("%+v", got)
		}
		if wrote := c.show(recording(agent.Recording{})); !strings.Contains(wrote, "Nothing is recorded any more") {
			t.Errorf("%q", wrote)
		}
	})
}
