//go:build linux

package x11

import (
	"image"
	"time"

	"lotse/screen"
)

// drawing is what was drawn of a shared window. Regions are in the window's coordinates.
type drawing struct {
	dirty screen.Region // drawn since it was read
	// undrawn is what nothing was drawn to since the window has it. It must not
	// be shown: the server fills the memory of a new or larger window with what
	// lies there on the screen, no matter whose that is. It also reports such memory as
	// drawn: reports count only while the window is settled.
	undrawn  screen.Region
	askAt    time.Time // when drawing is asked for next
	repaints int       // how often it was, up to repaintTries
	// settled: every report that a change of windows could have caused is behind
	// us; settling: it will be, if nothing changes before the server's answer.
	settled, settling bool
}

// forget makes all of a window undrawn, which is inner in its coordinates.
func (d *drawing) forget(inner image.Rectangle, now time.Time) {
	d.undrawn = screen.RegionOf(inner)
	d.askAt, d.repaints = now.Add(repaintAfter), 0
	d.unsettle()
}

// drawn notes drawing inside the window and reports whether more of it may be shown now.
func (d *drawing) drawn(r image.Rectangle) (more bool) {
	d.dirty.Add(r)
	if !d.settled || d.undrawn.Empty() || r.Empty() {
		return false
	}
	more = !d.undrawn.Intersect(r).Empty()
	d.undrawn.Subtract(r)
	return more
}

// unsettle makes reports of drawing not count until the server's next answer.
func (d *drawing) unsettle() { d.settled, d.settling = false, false }
