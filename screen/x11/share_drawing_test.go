//go:build linux

package x11

import (
	"image"
	"testing"
	"time"
)

// TestDrawing: a report of drawing allows more to be shown only while the window is settled.
func TestDrawing(t *testing.T) {
	inner, left := image.Rect(0, 0, 100, 50), image.Rect(0, 0, 40, 50)
	var d drawing
	d.forget(inner, time.Time{})
	if d.drawn(left) || d.undrawn.Area() != 5000 {
		t.Error("a report counts before the window is settled")
	}
	if d.dirty.Area() != left.Dx()*left.Dy() {
		t.Error("what was drawn is not read again")
	}
	d.settled = true
	if !d.drawn(left) || d.undrawn.Area() != 60*50 {
		t.Errorf("%d pixels are undrawn", d.undrawn.Area())
	}
	if d.drawn(left) {
		t.Error("drawing the same part again shows more")
	}
	d.unsettle()
	if d.drawn(inner) || d.undrawn.Area() != 60*50 {
		t.Error("a report counts after a change of windows")
	}
	d.settled, d.repaints = true, 3
	d.forget(inner, time.Time{})
	if d.settled || d.undrawn.Area() != 5000 || d.repaints != 0 {
		t.Error("new memory counts as drawn")
	}
}
