//go:build unix

package x11test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

// Typist is an xterm whose shell writes what is typed to a file.
type Typist struct {
	PID  int
	file string
}

// StartTypist starts a Typist and gives it the focus.
func StartTypist(t testing.TB, x *Server) *Typist {
	t.Helper()
	dir := t.TempDir()
	ty := &Typist{file: filepath.Join(dir, "typed")}
	ready := filepath.Join(dir, "ready")
	c := x.Start(t, "xterm", "-u8", "-geometry", "80x24+0+0", "-e", "sh", "-c", "touch "+ready+"; exec cat >"+ty.file)
	ty.PID = c.Process.Pid
	screentest.Eventually(t, "xterm runs", func() bool { _, err := os.Stat(ready); return err == nil })
	id := strings.TrimSpace(string(x.Run(t, "xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm")))
	id, _, _ = strings.Cut(id, "\n")
	// Without a window manager, the window must have the focus or contain the pointer.
	x.Run(t, "xdotool", "windowfocus", "--sync", id)
	return ty
}

// Content returns what was typed so far.
func (ty *Typist) Content() string {
	b, _ := os.ReadFile(ty.file)
	return string(b)
}

// TypeText types text as a viewer does: characters as keysyms.
func TypeText(t testing.TB, in screen.Input, text string) {
	t.Helper()
	for _, r := range text {
		sym := uint32(r)
		switch {
		case r == '\n':
			sym = keysym.Return
		case r == '€':
			sym = keysym.EuroSign
		case r > 0xff:
			sym = keysym.Unicode + uint32(r)
		}
		Key(t, in, sym, true)
		Key(t, in, sym, false)
	}
}

// Key presses or releases a key.
func Key(t testing.TB, in screen.Input, sym uint32, down bool) {
	t.Helper()
	if err := in.Key(screen.Key{Sym: sym, Down: down}); err != nil {
		t.Fatalf("key %#x: %v", sym, err)
	}
}
