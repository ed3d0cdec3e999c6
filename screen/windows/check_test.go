//go:build windows

package windows

import (
	"slices"
	"testing"

	"lotse/screen"
)

// TestCheck: every part is looked at, with words, and nothing that a session needs is missing.
func TestCheck(t *testing.T) {
	const f12 = 0xffc9
	before := call(procGetClipboardSequenceNumber)
	var names []string
	for _, f := range Check(screen.Options{}, f12) {
		t.Logf("%s %s: %s (%s)", f.Result, f.Name, f.Found, f.Fix)
		names = append(names, f.Name)
		if f.Result == screen.Missing || f.Found == "" || (f.Fix == "") != (f.Result == screen.Works) {
			t.Errorf("%+v", f)
		}
	}
	want := []string{
		"display", "capture", "input", "hot key", "local input", "question window", "window list", "share of programs",
		"clipboard", "badge",
	}
	if !slices.Equal(names, want) {
		t.Errorf("looked at %q", names)
	}
	if now := call(procGetClipboardSequenceNumber); now != before {
		t.Error("the clipboard was changed")
	}
	if found := Check(screen.Options{}, 0x1000000+0x10ffff); found[3].Result != screen.Limited { // is no key
		t.Errorf("%+v", found[3])
	}
}
