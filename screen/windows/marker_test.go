//go:build windows

package windows

import (
	"image"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
)

// blot is an opaque square mark of one colour.
func blot(size int, colour uint32) *screen.Cursor {
	out := screen.NewCursor(image.Pt(size, size), image.Pt(size/2, size/2))
	for i := 0; i < len(out.Pix); i += 4 {
		copy(out.Pix[i:], []byte{byte(colour), byte(colour >> 8), byte(colour >> 16), 0xff})
	}
	return out
}

// TestMarks checks that marks appear, move and go, and that the mouse reaches what is below them.
func TestMarks(t *testing.T) {
	d := openTest(t, screen.Options{})
	first, second := blot(31, 0xc2410c), blot(21, 0x046c4e)
	near := func(at image.Point) image.Rectangle { return image.Rectangle{Min: at, Max: at.Add(image.Pt(4, 4))} }
	check := func(what string, marks []screen.Mark, gone ...screen.Mark) {
		t.Helper()
		if err := d.Marker.Mark(marks); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		colours := map[*screen.Cursor]uint32{first: 0xc2410c, second: 0x046c4e}
		for _, m := range marks {
			screentest.Eventually(t, what, func() bool { return screenShows(t, near(m.At), colours[m.Shape]) })
			at := m.At.Add(virtualScreen().Min)
			w := call(procWindowFromPoint, packPoint(at))
			if _, own := unseen.Load(w); own {
				t.Errorf("%s: a click at %v hits the mark", what, at)
			}
		}
		for _, m := range gone {
			screentest.Eventually(t, what+": it is gone", func() bool { return !screenShows(t, near(m.At), colours[m.Shape]) })
		}
	}
	a, b := screen.Mark{Shape: first, At: image.Pt(100, 100)}, screen.Mark{Shape: second, At: image.Pt(300, 200)}
	moved := screen.Mark{Shape: first, At: image.Pt(200, 150)}
	check("one mark", []screen.Mark{a})
	check("two marks", []screen.Mark{a, b})
	check("one has moved", []screen.Mark{moved, b}, a)
	check("one is gone", []screen.Mark{moved}, a, b)
	check("none", nil, a, b, moved)
	check("one again", []screen.Mark{b}, moved)
	check("none again", nil, b)
}
