//go:build linux

package native

import (
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"testing"

	"lotse/screen"
)

// backend is a way to open a display; the suite below runs on each.
type backend struct {
	name      string
	server    func(t testing.TB) *xserver
	options   Options
	tolerance int // per channel, of depths below 24

	// open opens another kind of backend; nil: Open.
	open func(t testing.TB, x *xserver) *Desktop
}

func xvfb24(t testing.TB) *xserver { return startXvfb(t, "1000x700x24") }

var backends = []backend{
	{name: "shm+damage", server: xvfb24},
	{name: "noshm", server: xvfb24, options: Options{NoShm: true}},
	{name: "nodamage", server: xvfb24, options: Options{NoDamage: true}},
	{name: "neither", server: xvfb24, options: Options{NoShm: true, NoDamage: true}},
	{name: "depth16", server: func(t testing.TB) *xserver { return startXvfb(t, "801x600x16") }, tolerance: 4},
	{name: "depth16noshm", server: func(t testing.TB) *xserver { return startXvfb(t, "801x600x16") }, options: Options{NoShm: true}, tolerance: 4},
	{name: "tigervnc", server: func(t testing.TB) *xserver { return startX(t, "Xtigervnc", "-geometry", "1000x700") }},
	{name: "bgr", server: func(t testing.TB) *xserver {
		return startX(t, "Xtigervnc", "-geometry", "900x600", "-depth", "24", "-pixelformat", "bgr888")
	}},
}

func TestBackends(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			x := b.server(t)
			if b.open == nil {
				b.open = func(t testing.TB, x *xserver) *Desktop { return openOn(t, x, b.options) }
			}
			d := b.open(t, x)
			t.Run("capture", func(t *testing.T) { testCapture(t, x, d, b.tolerance) })
			t.Run("damage", func(t *testing.T) { testDamage(t, x, d, b.tolerance) })
			t.Run("pointer", func(t *testing.T) { testPointer(t, x, d) })
			t.Run("typing", func(t *testing.T) { testTyping(t, x, d, "hello World 42!\n") })
		})
	}
}

// testCapture compares the picture with the display's while windows appear and move, and
// with ImageMagick's when all is still.
func testCapture(t *testing.T, x *xserver, d *Desktop, tolerance int) {
	f := watch(t, d.Screen())
	eventually(t, "first picture", func() bool { return f.count() > 0 })
	x.run(t, "xsetroot", "-solid", "#c08040")
	f.wantSame(t, x, tolerance)
	x.start(t, "xterm", "-geometry", "60x20+10+10", "-bg", "#203050", "-fg", "#f0e0a0", "-e", "sh", "-c", "seq 200; sleep 1000")
	id, _, _ := strings.Cut(string(x.run(t, "xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm")), "\n")
	f.wantSame(t, x, tolerance)
	for _, at := range []image.Point{{200, 100}, {333, 77}, {-50, 400}, {5, 5}} {
		x.run(t, "xdotool", "windowmove", id, fmt.Sprint(at.X), fmt.Sprint(at.Y))
		f.wantSame(t, x, tolerance)
	}
	if msg := f.differs(x.magickPicture(t), tolerance); msg != "" {
		t.Errorf("ImageMagick's picture differs: %s", msg)
	}
}

// testDamage draws many rectangles without a pause: none may be lost.
func testDamage(t *testing.T, x *xserver, d *Desktop, tolerance int) {
	f := watch(t, d.Screen())
	p := newPainter(t, x)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		for range 300 {
			at := image.Pt(rnd.IntN(800), rnd.IntN(600))
			p.fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(1+rnd.IntN(90), 1+rnd.IntN(40)))}, rnd.Uint32())
		}
		if err := p.l.sync(); err != nil {
			t.Fatal(err)
		}
		f.wantSame(t, x, tolerance)
	}
}

// testPointer moves the pointer and wants to see it where it went.
func testPointer(t *testing.T, x *xserver, d *Desktop) {
	f := watch(t, d.Screen())
	for _, p := range []image.Point{{10, 20}, {500, 300}, {0, 0}, {799, 599}} {
		if err := d.Input().Pointer(p, 0); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprint("pointer at ", p), func() bool {
			var at image.Point
			f.Read(func(v screen.View) { at = v.Pointer })
			return at == p
		})
	}
	out := string(x.run(t, "xdotool", "getmouselocation"))
	if !strings.HasPrefix(out, "x:799 y:599") {
		t.Errorf("xdotool sees the pointer at %s", out)
	}
}

func testTyping(t *testing.T, x *xserver, d *Desktop, lines ...string) {
	t.Helper()
	ty := startTypist(t, x)
	want := ""
	for i, line := range lines {
		typeText(t, d.Input(), line)
		eventually(t, fmt.Sprintf("line %d of %q", i, ty.content()), func() bool { return strings.Count(ty.content(), "\n") > i })
		want += line
	}
	if got := ty.content(); got != want {
		t.Errorf("typed %q, got %q", want, got)
	}
}

func TestTypingLayouts(t *testing.T) {
	const text = "Grüße, 10 € @ {}\n"
	const more = "[]\\|~ ÄÖÜ éàñ 'x' \"y\" ^°´` привет Ω жЖ 漢字 😀 #<>?\n"
	for _, layout := range [][]string{{"us"}, {"de"}, {"de", "nodeadkeys"}, {"fr"}, {"us,de"}} {
		t.Run(strings.Join(layout, "-"), func(t *testing.T) {
			x := startXvfb(t, "800x600x24")
			x.run(t, "setxkbmap", layout...)
			before := string(x.run(t, "xmodmap", "-pke"))
			d := openOn(t, x, Options{})
			testTyping(t, x, d, text, more)
			wantNothingHeld(t, x)
			if err := d.Input().ReleaseAll(); err != nil {
				t.Fatal(err)
			}
			if after := string(x.run(t, "xmodmap", "-pke")); after != before {
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

// wantNothingHeld asks the server which keys and modifiers are down.
func wantNothingHeld(t testing.TB, x *xserver) {
	t.Helper()
	l, err := dialX(Options{Display: x.display}.withDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if down := keysDown(t, l); len(down) > 0 {
		t.Errorf("keys down: %v", down)
	}
}
