//go:build windows

package windows

import (
	"image"
	"testing"

	"lotse/screen"
)

// TestCanvas: the frame has a capture's pixels only where they are certain, and only as long as
// something shared is visible there.
func TestCanvas(t *testing.T) {
	of := func(size image.Point, v byte) *screen.Frame {
		f := screen.NewFrame(size)
		f.Fill(f.Bounds(), v, v, v)
		return f
	}
	c := canvas{backdrop: func(size image.Point) *screen.Frame { return of(size, 0x11) }}
	size := image.Pt(100, 100)
	c.resize(size)
	c.clear()
	count := func(v byte) (n int) {
		for y := range size.Y {
			row := c.frame.Row(y, 0, size.X)
			for i := 0; i < len(row); i += screen.BytesPerPixel {
				if row[i] == v {
					n++
				}
			}
		}
		return n
	}
	var touched screen.Region
	sure := screen.RegionOf(image.Rect(10, 10, 50, 50))
	if !c.take(of(size, 0x55), sure, &touched) || count(0x55) != 1600 || count(0x11) != 8400 {
		t.Errorf("%d pixels are taken", count(0x55))
	}
	if touched.Area() != 1600 {
		t.Errorf("%d pixels are touched", touched.Area())
	}
	touched.Clear()
	if c.take(of(size, 0x55), sure, &touched) || !touched.Empty() {
		t.Error("the same picture is a change")
	}
	c.cover(screen.RegionOf(image.Rect(0, 0, 30, 100)), &touched)
	if count(0x55) != 800 || c.shown.Area() != 800 || touched.Area() != 800 {
		t.Errorf("%d pixels stay, %d are touched", count(0x55), touched.Area())
	}
	c.clear()
	if count(0x11) != 10000 || !c.shown.Empty() {
		t.Error("something stays after clear")
	}
}
