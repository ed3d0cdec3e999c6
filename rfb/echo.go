package rfb

import (
	"image"

	"lotse/screen"
)

// The answer to a key or the pointer is a small change somewhere. While the advisor is acting,
// small changes do not wait for large ones: they are sent alone, before the rest of what is
// pending.

const (
	// echoPixels is the area of the largest change that counts as an answer to input. echoBehind is
	// the pending area from which on such changes are sent alone.
	echoPixels = 160 * 64
	echoBehind = 200 * 200
)

// small reports whether a small change is pending.
func (p *pending) small() bool {
	for _, r := range p.region.Rects() {
		if r.Dx()*r.Dy() <= echoPixels {
			return true
		}
	}
	return false
}

// echoFirst keeps only small rectangles in send and puts the rest back.
func (w *writer) echoFirst(p *pending, send *screen.Region, allow *pace) {
	again := w.echoed
	w.echoed = false
	if again || allow.bytesPerSecond == 0 || allow.frame != echoTime || send.Area() < echoBehind {
		return // not twice in a row, so that the rest is sent too
	}
	var few, rest []image.Rectangle
	for _, r := range send.Rects() {
		if r.Dx()*r.Dy() <= echoPixels && len(few) < 8 {
			few = append(few, r)
		} else {
			rest = append(rest, r)
		}
	}
	if len(few) == 0 {
		return
	}
	w.echoed = true
	p.putBack(rest)
	*send = screen.RegionOf(few...)
}
