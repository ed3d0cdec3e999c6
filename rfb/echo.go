package rfb

import (
	"image"

	"lotse/screen"
)

// The answer to a key or the pointer is a small change somewhere. While the
// advisor acts, small changes do not wait behind large ones: they go out alone,
// before the rest of what is pending.

const (
	// echoPixels is the largest change that counts as an answer to input, and
	// echoBehind how much else must be pending for it to go alone.
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

// echoFirst leaves in send what is small and puts the rest back.
func (w *writer) echoFirst(p *pending, send *screen.Region, allow *pace) {
	again := w.echoed
	w.echoed = false
	if again || allow.bytesPerSecond == 0 || allow.frame != echoTime || send.Area() < echoBehind {
		return // not twice in a row: the rest has its turn
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
