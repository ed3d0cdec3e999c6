//go:build linux

package x11

import (
	"bytes"
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// blot is a square mark of one colour; its outer edge is transparent.
func blot(size, edge int, c color.RGBA) *screen.Cursor {
	out := screen.NewCursor(image.Pt(size, size), image.Pt(size/2, size/2))
	for y := edge; y < size-edge; y++ {
		for x := edge; x < size-edge; x++ {
			copy(out.Pix[(y*size+x)*4:], []byte{c.B, c.G, c.R, 0xff})
		}
	}
	return out
}

// wantMarks compares the display with a background and the visible part of blots on it.
func wantMarks(t *testing.T, x *x11test.Server, size image.Point, background uint32, marks []screen.Mark) {
	t.Helper()
	want := make([]byte, 0, size.X*size.Y*3)
	for y := range size.Y {
		for x := range size.X {
			pixel := [3]byte{byte(background >> 16), byte(background >> 8), byte(background)}
			for _, m := range marks {
				if p := image.Pt(x, y); p.In(m.Rect()) {
					q := p.Sub(m.Rect().Min)
					if b := m.Shape.Pix[(q.Y*m.Shape.Size.X+q.X)*4:]; b[3] != 0 {
						pixel = [3]byte{b[2], b[1], b[0]}
					}
				}
			}
			want = append(want, pixel[:]...)
		}
	}
	if got := x.Picture(t); !bytes.Equal(got, want) {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("the first wrong pixel is at %d,%d: %x instead of %x", i/3%size.X, i/3/size.X, got[i/3*3:][:3], want[i/3*3:][:3])
			}
		}
	}
}

// TestMarks checks every pixel of the display while marks come, move over each other, and go.
func TestMarks(t *testing.T) {
	const background = 0x204060
	size := image.Pt(320, 240)
	x := x11test.Start(t, "Xvfb", "-screen", "0", "320x240x24", "-nolisten", "tcp")
	d := openOn(t, x, screen.Options{})
	p := x11test.NewPainter(t, x)
	xproto.ChangeWindowAttributes(p.Conn, p.Root, xproto.CwBackPixel, []uint32{background})
	xproto.ClearArea(p.Conn, false, p.Root, 0, 0, 0, 0)
	p.Sync()
	red, green := blot(40, 5, color.RGBA{R: 0xff, A: 0xff}), blot(61, 0, color.RGBA{G: 0x80, B: 0x10, A: 0xff})
	for _, marks := range [][]screen.Mark{
		{{Shape: red, At: image.Pt(100, 100)}},
		{{Shape: red, At: image.Pt(110, 105)}, {Shape: green, At: image.Pt(120, 120)}},
		{{Shape: green, At: image.Pt(120, 120)}, {Shape: red, At: image.Pt(125, 115)}},
		{{Shape: red, At: image.Pt(2, 238)}, {Shape: green, At: image.Pt(319, 0)}}, // partly outside
		{{Shape: red, At: image.Pt(-500, 0)}},
		nil,
		{{Shape: green, At: image.Pt(50, 50)}},
		nil,
	} {
		if err := d.Marker.Mark(marks); err != nil {
			t.Fatal(err)
		}
		wantMarks(t, x, size, background, marks)
	}
}

// TestMarksTakeNoClick checks that the mouse reaches the window below a mark. A share of programs
// does not show the mark, and does not count it as something that covers the program, unlike other
// windows.
func TestMarksTakeNoClick(t *testing.T) {
	x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	program := x.Start(t, "xterm", "-geometry", "60x20+100+100", "-e", "cat")
	d := openOn(t, x, screen.Options{})
	var scope screen.Scope
	screentest.Eventually(t, "xterm's window", func() (ok bool) {
		var err error
		scope, err = d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{appOf(t, program.Process.Pid)}}, grey)
		return err == nil
	})
	defer scope.Close()
	seen := x11test.Watch(t, scope)
	at := image.Pt(150, 150)
	isShown := func() bool {
		shown, origin := scope.Shown()
		return origin == image.Point{} && slices.ContainsFunc(shown, at.In)
	}
	screentest.Eventually(t, "the program is in sight", isShown)
	p := x11test.NewPainter(t, x)
	if err := d.Input.Pointer(at, 0); err != nil {
		t.Fatal(err)
	}
	child := func() xproto.Window {
		r, err := xproto.QueryPointer(p.Conn, p.Root).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return r.Child
	}
	below := child()
	if err := d.Marker.Mark([]screen.Mark{{Shape: blot(21, 0, color.RGBA{R: 0xfe, G: 0x01, B: 0xfd, A: 0xff}), At: at}}); err != nil {
		t.Fatal(err)
	}
	if now := child(); now != below || now == 0 {
		t.Errorf("the pointer is over window %#x, without the mark over %#x", now, below)
	}
	if got := x.Picture(t)[(at.Y*800+at.X)*3:][:3]; !bytes.Equal(got, []byte{0xfe, 0x01, 0xfd}) {
		t.Errorf("the display shows %x at the mark", got)
	}
	scope.Refresh()
	count := seen.Count()
	screentest.Eventually(t, "another capture", func() bool { return seen.Count() > count })
	seen.Read(func(v screen.View) {
		for y := range v.Frame.Size.Y {
			if bytes.Contains(v.Frame.Row(y, 0, v.Frame.Size.X), []byte{0xfd, 0x01, 0xfe}) {
				t.Fatalf("the share shows the mark in row %d", y)
			}
		}
	})
	if !isShown() {
		t.Error("the mark counts as something that covers the program")
	}
	w, err := xproto.NewWindowId(p.Conn)
	if err != nil {
		t.Fatal(err)
	}
	xproto.CreateWindow(p.Conn, 0, w, p.Root, 140, 140, 50, 50, 0, xproto.WindowClassInputOutput, 0, xproto.CwOverrideRedirect, []uint32{1})
	xproto.MapWindow(p.Conn, w)
	screentest.Eventually(t, "another program's window covers it", func() bool { return !isShown() })
	xproto.DestroyWindow(p.Conn, w)
	screentest.Eventually(t, "it is in sight again", isShown)
}
