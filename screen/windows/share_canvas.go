//go:build windows

package windows

import (
	"bytes"
	"image"

	"lotse/screen"
)

// canvas is the picture of a share of programs: what surely belongs to their windows, and
// a backdrop everywhere else. It belongs to the goroutine that calls Next.
type canvas struct {
	backdrop func(image.Point) *screen.Frame

	frame *screen.Frame // nil: no size is known yet
	back  *screen.Frame
	shown screen.Region // what of the frame is not backdrop
}

// resize makes a new frame. Its content is undefined until clear.
func (c *canvas) resize(size image.Point) {
	c.frame, c.back = screen.NewFrame(size), c.backdrop(size)
}

// clear makes everything backdrop.
func (c *canvas) clear() {
	c.frame.CopyRect(c.back, c.frame.Bounds())
	c.shown = screen.Region{}
}

// cover puts the backdrop where nothing shared is visible any more.
func (c *canvas) cover(visible screen.Region, touched *screen.Region) {
	gone := c.shown.Clone()
	gone.SubtractRegion(visible)
	for _, r := range gone.Rects() {
		c.frame.CopyRect(c.back, r)
		touched.Add(r)
	}
	c.shown.SubtractRegion(gone)
}

// take copies what is sure from bits, a picture of the screen, into the frame. It reports
// whether anything changed; where is added to touched.
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
