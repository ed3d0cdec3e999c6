package rfb

import (
	"image"
	"time"

	"lotse/screen"
)

// A moving picture may be sent as JPEG; one that stands still is owed to the
// viewer as it is. What was sent with loss is remembered, as a region, and sent
// again without when nothing new was lossy for a while and nothing else waits.

const (
	// refineAfter is how long a picture must have stood.
	refineAfter = 400 * time.Millisecond
	// refineStep bounds the pixels of one such update, so that news do not wait
	// behind it.
	refineStep = 4 * tightSide * tightSide
)

// refinement is owned by writeLoop, but for the timer's callback.
type refinement struct {
	lossy screen.Region
	timer *time.Timer
	fresh bool // this update sent something with loss
}

// sent notes how r was sent.
func (f *refinement) sent(r image.Rectangle, lossy bool) {
	if lossy {
		f.lossy.Add(r)
		f.fresh = true
	} else if !f.lossy.Empty() {
		f.lossy.Subtract(r)
	}
}

// moved notes that the viewer moved pixels, with what they had lost.
func (f *refinement) moved(m screen.Move) {
	if f.lossy.Empty() {
		return
	}
	came := f.lossy.Intersect(m.Src())
	came.Translate(m.Delta)
	f.lossy.Subtract(m.Dst)
	f.lossy.AddRegion(came)
}

// next returns what to send again now: a part of the region inside area.
func (f *refinement) next(area screen.Region, bounds image.Rectangle) (send screen.Region) {
	due := f.lossy.IntersectRegion(area).Intersect(bounds)
	room := refineStep
	for _, r := range due.Rects() {
		for _, piece := range splitRect(nil, r, image.Pt(tightSide, tightSide)) {
			if room -= piece.Dx() * piece.Dy(); room < 0 && !send.Empty() {
				return send
			}
			send.Add(piece)
		}
	}
	return send
}

// scheduleRefinement runs after every update: asked says that a part was due,
// done that it was sent.
func (c *Conn) scheduleRefinement(asked, done bool) {
	f := &c.writer.refine
	fresh := f.fresh
	f.fresh = false
	switch {
	case f.lossy.Empty():
	case done:
		c.refineNow() // the next part
	case (fresh || asked) && f.timer == nil:
		f.timer = time.AfterFunc(refineAfter, c.refineNow)
	case fresh || asked: // something else came first, or the viewer asked for another area
		f.timer.Reset(refineAfter)
	}
}

// refineNow has writeLoop send the next part when the viewer is ready.
func (c *Conn) refineNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refineDue = true
	c.wake.Broadcast()
}

// stop ends the timer; writeLoop is over.
func (f *refinement) stop() {
	if f.timer != nil {
		f.timer.Stop()
	}
}
