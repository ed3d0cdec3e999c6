//go:build linux

package x11

import (
	"image"
	"testing"

	"lotse/screen"
)

const backdropByte = 0x11

// testCanvas is an empty canvas of 100x100 pixels.
func testCanvas() *canvas {
	c := &canvas{
		format: pixelFormat{bytes: 4, pad: 4, plain: true},
		backdrop: func(size image.Point) *screen.Frame {
			f := screen.NewFrame(size)
			f.Fill(f.Bounds(), backdropByte, backdropByte, backdropByte)
			return f
		},
	}
	c.resize(image.Pt(100, 100))
	return c
}

// sharedAt returns a shared, visible window that is drawn.
func sharedAt(r image.Rectangle) *topWindow {
	return &topWindow{extent: extent{at: r.Min, size: r.Size()}, shared: true, mapped: true, depth: 24}
}

// readingOf returns a reading of all of w, with every byte v.
func readingOf(w *topWindow, v byte) reading {
	g := reading{w: w, rect: w.inner(), pixels: make([]byte, 4*w.size.X*w.size.Y)}
	for i := range g.pixels {
		g.pixels[i] = v
	}
	return g
}

// pixelsOf counts the pixels whose first byte is v.
func pixelsOf(f *screen.Frame, v byte) (n int) {
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for i := 0; i < len(row); i += screen.BytesPerPixel {
			if row[i] == v {
				n++
			}
		}
	}
	return n
}

// TestCanvasArrange: the visible part of a window is what no shared window above it covers and what
// was drawn. What is no longer visible becomes backdrop.
func TestCanvasArrange(t *testing.T) {
	c := testCanvas()
	low, high := sharedAt(image.Rect(0, 0, 60, 100)), sharedAt(image.Rect(50, 0, 70, 100))
	foreign := sharedAt(image.Rect(0, 0, 100, 100))
	foreign.shared = false
	low.undrawn = screen.RegionOf(image.Rect(0, 0, 10, 100))
	var touched screen.Region
	c.arrange([]*topWindow{low, high, foreign}, &touched)
	for _, w := range []*topWindow{foreign, high, low} { // the lowest may not draw over others
		c.put(readingOf(w, byte(0x20+w.at.X)), &touched)
	}
	lowPixels, highPixels := pixelsOf(c.frame, 0x20), pixelsOf(c.frame, 0x20+50)
	if lowPixels != 40*100 || highPixels != 20*100 || pixelsOf(c.frame, backdropByte) != 40*100 {
		t.Errorf("%d and %d pixels of the windows", lowPixels, highPixels)
	}
	high.shared = false
	touched.Clear()
	c.arrange([]*topWindow{low, high}, &touched)
	if touched.Area() != 10*100 || low.dirty.Area() != 50*100 {
		t.Errorf("%d pixels touched, %d to be read", touched.Area(), low.dirty.Area())
	}
	c.put(readingOf(low, 0x20), &touched)
	if n := pixelsOf(c.frame, 0x20+50); n != 0 {
		t.Errorf("%d pixels of a window that is no longer shared", n)
	}
}

// TestCanvasTransparent: a translucent window shows the backdrop, not what is below it.
func TestCanvasTransparent(t *testing.T) {
	c := testCanvas()
	below, above := sharedAt(image.Rect(0, 0, 100, 100)), sharedAt(image.Rect(0, 0, 100, 100))
	above.depth = 32
	var touched screen.Region
	c.arrange([]*topWindow{below}, &touched)
	c.put(readingOf(below, 0x77), &touched)
	c.arrange([]*topWindow{below, above}, &touched)
	c.put(readingOf(above, 0), &touched)
	if n := pixelsOf(c.frame, backdropByte); n != 100*100 {
		t.Errorf("%d pixels of backdrop", n)
	}
}

// TestCanvasHatch: a window whose pixels cannot be read is marked where it is visible.
func TestCanvasHatch(t *testing.T) {
	c := testCanvas()
	w := sharedAt(image.Rect(10, 10, 30, 30))
	var touched screen.Region
	c.arrange([]*topWindow{w}, &touched)
	c.hatch(w, &touched)
	if n := pixelsOf(c.frame, backdropByte); n != 100*100-20*20 {
		t.Errorf("%d pixels of backdrop", n)
	}
	if !w.dirty.Empty() || touched.Area() != 20*20 {
		t.Errorf("%d pixels touched", touched.Area())
	}
}
