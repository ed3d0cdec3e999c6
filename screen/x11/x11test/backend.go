//go:build unix

package x11test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
)

// Backend tests what every backend for X11 must do: show what the display shows, within tolerance
// per channel, lose no damage, move the pointer, and type.
func Backend(t *testing.T, x *Server, d *screen.Desktop, tolerance int) {
	t.Run("capture", func(t *testing.T) { testCapture(t, x, d, tolerance) })
	t.Run("damage", func(t *testing.T) { testDamage(t, x, d, tolerance) })
	t.Run("pointer", func(t *testing.T) { testPointer(t, x, d) })
	t.Run("typing", func(t *testing.T) { Typing(t, x, d, "hello World 42!\n") })
}

// testCapture compares the frame with the display's while windows appear and move, and at last
// with ImageMagick's picture. A program may draw late, so each comparison is repeated.
func testCapture(t *testing.T, x *Server, d *screen.Desktop, tolerance int) {
	f := Watch(t, d.Screen)
	screentest.Eventually(t, "first picture", func() bool { return f.Count() > 0 })
	x.Run(t, "xsetroot", "-solid", "#c08040")
	f.WantSame(t, x, tolerance)
	x.Start(t, "xterm", "-geometry", "60x20+10+10", "-bg", "#203050", "-fg", "#f0e0a0", "-e", "sh", "-c", "seq 200; sleep 1000")
	id, _, _ := strings.Cut(string(x.Run(t, "xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm")), "\n")
	f.WantSame(t, x, tolerance)
	for _, at := range []image.Point{{200, 100}, {333, 77}, {-50, 400}, {5, 5}} {
		x.Run(t, "xdotool", "windowmove", id, fmt.Sprint(at.X), fmt.Sprint(at.Y))
		f.WantSame(t, x, tolerance)
	}
	f.wantSame(t, "ImageMagick's picture", x.MagickPicture, tolerance)
}

// testDamage draws many rectangles without a pause: none may be lost.
func testDamage(t *testing.T, x *Server, d *screen.Desktop, tolerance int) {
	f := Watch(t, d.Screen)
	p := NewPainter(t, x)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		for range 300 {
			at := image.Pt(rnd.IntN(800), rnd.IntN(600))
			p.Fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(1+rnd.IntN(90), 1+rnd.IntN(40)))}, rnd.Uint32())
		}
		p.Sync()
		f.WantSame(t, x, tolerance)
	}
}

// testPointer moves the pointer and checks its reported position.
func testPointer(t *testing.T, x *Server, d *screen.Desktop) {
	f := Watch(t, d.Screen)
	for _, p := range []image.Point{{10, 20}, {500, 300}, {0, 0}, {799, 599}} {
		if err := d.Input.Pointer(p, 0); err != nil {
			t.Fatal(err)
		}
		screentest.Eventually(t, fmt.Sprint("pointer at ", p), func() bool {
			var at image.Point
			f.Read(func(v screen.View) { at = v.Pointer })
			return at == p
		})
	}
	out := string(x.Run(t, "xdotool", "getmouselocation"))
	if !strings.HasPrefix(out, "x:799 y:599") {
		t.Errorf("xdotool sees the pointer at %s", out)
	}
}

// Typing types lines into an xterm and checks that they arrive.
func Typing(t *testing.T, x *Server, d *screen.Desktop, lines ...string) {
	t.Helper()
	ty := StartTypist(t, x)
	want := ""
	for i, line := range lines {
		TypeText(t, d.Input, line)
		screentest.Eventually(t, fmt.Sprintf("line %d of %q", i, ty.Content()), func() bool { return strings.Count(ty.Content(), "\n") > i })
		want += line
	}
	if got := ty.Content(); got != want {
		t.Errorf("typed %q, got %q", want, got)
	}
}
