//go:build linux

package x11

import (
	"fmt"
	"strings"
	"testing"

	"lotse/screen"
	"lotse/screen/x11/x11test"
)

// TestBackends runs the tests of x11test for every backend with each way of capturing.
func TestBackends(t *testing.T) {
	xvfb24 := func(t testing.TB) *x11test.Server { return x11test.Xvfb(t, "1000x700x24") }
	xvfb16 := func(t testing.TB) *x11test.Server { return x11test.Xvfb(t, "801x600x16") }
	for _, b := range []struct {
		name      string
		server    func(t testing.TB) *x11test.Server
		options   screen.Options
		tolerance int // per channel, for depths below 24
	}{
		{name: "shm+damage", server: xvfb24},
		{name: "noshm", server: xvfb24, options: screen.Options{NoShm: true}},
		{name: "nodamage", server: xvfb24, options: screen.Options{NoDamage: true}},
		{name: "neither", server: xvfb24, options: screen.Options{NoShm: true, NoDamage: true}},
		{name: "depth16", server: xvfb16, tolerance: 4},
		{name: "depth16noshm", server: xvfb16, options: screen.Options{NoShm: true}, tolerance: 4},
		{name: "tigervnc", server: func(t testing.TB) *x11test.Server { return x11test.Start(t, "Xtigervnc", "-geometry", "1000x700") }},
		{name: "bgr", server: func(t testing.TB) *x11test.Server {
			return x11test.Start(t, "Xtigervnc", "-geometry", "900x600", "-depth", "24", "-pixelformat", "bgr888")
		}},
	} {
		t.Run(b.name, func(t *testing.T) {
			x := b.server(t)
			x11test.Backend(t, x, openOn(t, x, b.options), b.tolerance)
		})
	}
}

func TestTypingLayouts(t *testing.T) {
	const text = "Grüße, 10 € @ {}\n"
	const more = "[]\\|~ ÄÖÜ éàñ 'x' \"y\" ^°´` привет Ω жЖ 漢字 😀 #<>?\n"
	for _, layout := range [][]string{{"us"}, {"de"}, {"de", "nodeadkeys"}, {"fr"}, {"us,de"}} {
		t.Run(strings.Join(layout, "-"), func(t *testing.T) {
			x := x11test.Xvfb(t, "800x600x24")
			x.Run(t, "setxkbmap", layout...)
			before := string(x.Run(t, "xmodmap", "-pke"))
			d := openOn(t, x, screen.Options{})
			x11test.Typing(t, x, d, text, more)
			wantNothingHeld(t, x)
			if err := d.Input.ReleaseAll(); err != nil {
				t.Fatal(err)
			}
			if after := string(x.Run(t, "xmodmap", "-pke")); after != before {
				t.Errorf("keyboard map changed:\n%s", diffLines(before, after))
			}
		})
	}
}

func diffLines(a, b string) string {
	var out strings.Builder
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			fmt.Fprintf(&out, "- %s\n+ %s\n", la[i], lb[i])
		}
	}
	return out.String()
}

// wantNothingHeld asks the server which keys and modifiers are down; there must be none.
func wantNothingHeld(t testing.TB, x *x11test.Server) {
	t.Helper()
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if down := keysDown(t, l); len(down) > 0 {
		t.Errorf("keys down: %v", down)
	}
}
