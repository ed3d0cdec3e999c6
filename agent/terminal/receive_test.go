package terminal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/filename"
)

// names returns the names of the files in a folder.
func names(t *testing.T, folder string) string {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return strings.Join(out, ", ")
}

// accepted shows a file that the customer has accepted.
func accepted(id string) func(*agent.Snapshot) {
	return func(s *agent.Snapshot) {
		s.Files = append(s.Files[:len(s.Files):len(s.Files)], files.OfferedFile{ID: id, Name: "notes.txt", State: files.Accepted, Key: "key of " + id})
	}
}

func TestReceive(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		if c.show(accepted("no folder")); names(t, folder) != "" {
			t.Error("saved without a folder")
		}
		c.panel.Folder = folder
		c.show(func(s *agent.Snapshot) { s.Files = nil })
		c.file = "first"
		if wrote := c.show(accepted("a")); wrote != "Saved: "+filepath.Join(folder, "notes.txt")+"\n" {
			t.Errorf("%q", wrote)
		}
		c.file = "second"
		if wrote := c.show(accepted("b")); wrote != "Saved: "+filepath.Join(folder, "notes (2).txt")+"\n" {
			t.Errorf("%q", wrote)
		}
		c.file, c.fails = "half", errors.New("the line is lost")
		if wrote := c.show(accepted("c")); wrote != "Not saved: notes.txt (the line is lost)\n" {
			t.Errorf("%q", wrote)
		}
		if got := names(t, folder); got != "notes (2).txt, notes.txt" {
			t.Errorf("the folder has %s", got)
		}
		for name, want := range map[string]string{"notes.txt": "first", "notes (2).txt": "second"} {
			if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
		if len(c.saved) != 3 {
			t.Errorf("saved %v", c.saved)
		}
	})
}

// TestReceiveNowhere checks that a folder that has gone is reported.
func TestReceiveNowhere(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		c.panel.Folder, c.file = folder, "x"
		if wrote := c.show(accepted("a")); !strings.HasPrefix(wrote, "Not saved: notes.txt (") {
			t.Errorf("%q", wrote)
		}
	})
}

func TestFileQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		question := asks(consent.Files, false)
		wrote := c.show(func(s *agent.Snapshot) {
			question(s)
			s.Question.File = &files.OfferedFile{Name: "setup.exe", Size: 2_300_000, Kind: filename.Program}
		})
		want := "Anna Berg, Example would like to give you a FILE: setup.exe, 2.3 MB, a PROGRAM.\nA program can do everything on this computer."
		if !strings.HasPrefix(wrote, want) {
			t.Errorf("%q", wrote)
		}
		if got := c.types(c.panel.word); len(got) != 1 || got[0] != (agent.Allow{ID: "7"}) {
			t.Errorf("%+v", got)
		}
	})
}
