//go:build linux

package x11

import (
	"image"
	"time"

	"lotse/screen"
)

// drawing records what was drawn in a shared window. Regions are in the window's coordinates.
type drawing struct {
	dirty screen.Region // drawn since it was last read
	// undrawn is the part in which nothing was drawn since it became part of the window. It must
	// not be shown: the server fills the memory of a new or enlarged window with what is there on
	// the screen, whatever window that belongs to. The server also reports such memory as drawn, so
	// reports count only while the window is settled.
	undrawn  screen.Region
	askAt    time.Time // when to ask for drawing next
	repaints int       // how often it was asked for, up to repaintTries
	// settled: every report that a change of windows could have caused has arrived. settling: this
	// will be so at the server's next answer if nothing changes before.
	settled, settling bool
}

// forget makes the whole window undrawn. inner is the window in its own coordinates.
func (d *drawing) forget(inner image.Rectangle, now time.Time) {
	d.undrawn = screen.RegionOf(inner)
	d.askAt, d.repaints = now.Add(repaintAfter), 0
	d.unsettle()
}

// drawn records drawing inside the window and reports whether more of it may be shown now.
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
