package filename

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNames checks the names and kinds that the pages' twin of this package is checked with, too.
func TestNames(t *testing.T) {
	file, err := os.ReadFile("testdata/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []struct{ Offered, Name, Kind string }
	if err := json.Unmarshal(file, &names); err != nil || len(names) < 40 {
		t.Fatal(len(names), err)
	}
	for _, n := range names {
		name, ok := Clean(n.Offered)
		if name != n.Name || ok != (n.Name != "") {
			t.Errorf("%.60q: %q %v, want %q", n.Offered, name, ok, n.Name)
		}
		if kind := KindOf(name); kind != n.Kind {
			t.Errorf("%q: %s, want %s", name, kind, n.Kind)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.txt", "../x", "CON", "\u202e.exe", "lpt¹.x", strings.Repeat("ä", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, offered string) {
		name, ok := Clean(offered)
		if !ok {
			return
		}
		switch again, _ := Clean(name); {
		case again != name:
			t.Errorf("%q becomes %q, and that %q", offered, name, again)
		case strings.ContainsAny(name, `/\<>:"|?*`) || isDevice(name) || strings.HasPrefix(name, "."):
			t.Errorf("%q becomes %q", offered, name)
		case len(name) > maxBytes || !utf8.ValidString(name) || utf8.RuneCountInString(name) > Max:
			t.Errorf("%q has %d bytes", name, len(name))
		}
	})
}

func TestShortened(t *testing.T) {
	for name, want := range map[string]string{
		"short.txt": "short.txt", strings.Repeat("ä", 40): strings.Repeat("ä", 40),
		strings.Repeat("ä", 60) + ".exe": strings.Repeat("ä", 27) + "…" + strings.Repeat("ä", 8) + ".exe",
	} {
		if got := Shortened(name, 40); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
