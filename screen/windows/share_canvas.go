//go:build windows

package windows

import (
	"bytes"
	"image"

	"lotse/screen"
)

// canvas is the frame of a share of programs: what certainly belongs to their windows, and a
// backdrop everywhere else. The goroutine that calls Next owns it.
type canvas struct {
	backdrop func(image.Point) *screen.Frame

	frame *screen.Frame // nil: the size is unknown
	back  *screen.Frame
	shown screen.Region // the part of the frame that is not backdrop
}

// resize makes a new frame. Its content is undefined until clear.
func (c *canvas) resize(size image.Point) {
	c.frame, c.back = screen.NewFrame(size), c.backdrop(size)
}

// clear makes the whole frame backdrop.
func (c *canvas) clear() {
	c.frame.CopyRect(c.back, c.frame.Bounds())
	c.shown = screen.Region{}
}

// cover paints the backdrop where nothing shared is visible any longer.
func (c *canvas) cover(visible screen.Region, touched *screen.Region) {
	gone := c.shown.Clone()
	gone.SubtractRegion(visible)
	for _, r := range gone.Rects() {
		c.frame.CopyRect(c.back, r)
		touched.Add(r)
	}
	c.shown.SubtractRegion(gone)
}

// take copies the region sure from bits, a capture of the screen, into the frame. It reports
// whether anything changed, and adds the changes to touched.
func (c *canvas) take(bits *screen.Frame, sure screen.Region, touched *screen.Region) (drawn bool) {
	for _, r := range sure.Rects() {
		for y := r.Min.Y; y < r.Max.Y; y += bandRows {
			band := image.Rect(r.Min.X, y, r.Max.X, min(y+bandRows, r.Max.Y))
			differs := false
			for row := band.Min.Y; row < band.Max.Y; row++ {
				in, out := bits.Row(row, r.Min.X, r.Max.X), c.frame.Row(row, r.Min.X, r.Max.X)
				if !bytes.Equal(in, out) {
					copy(out, in)
					differs = true
				}
			}
			if differs {
				touched.Add(band)
				drawn = true
			}
		}
		c.shown.Add(r)
	}
	return drawn
}
