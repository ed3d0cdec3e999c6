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
	// The text is compared, not the system's count of changes: on wine the desktop that is
	// just starting counts as a change.
	clip := newClipboard(screen.Options{}.WithDefaults())
	defer func() { _ = clip.close() }()
	if err := clip.Set(screen.Clip{Text: "the customer's"}); err != nil {
		t.Fatal(err)
	}
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
	var text string
	if err := clip.thread.do(func() { text, _ = readOpen(clip, readText) }); err != nil || text != "the customer's" {
		t.Errorf("the clipboard holds %q, %v", text, err)
	}
	if found := Check(screen.Options{}, 0x1000000+0x10ffff); found[3].Result != screen.Limited { // is no key
		t.Errorf("%+v", found[3])
	}
}
