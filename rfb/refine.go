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
	// sharpenAfter is the same for what is coarser than the viewer asked for.
	sharpenAfter = 150 * time.Millisecond
	// refineStep bounds the pixels of one such update, so that news do not wait
	// behind it.
	refineStep = 4 * tightSide * tightSide
	// sharpenStep is the same for JPEG.
	sharpenStep = 24 * tightSide * tightSide
)

// refinement is owned by writeLoop, but for the timer's callback.
type refinement struct {
	lossy  screen.Region
	coarse screen.Region // part of lossy, coarser than the viewer asked for
	timer  *time.Timer
	fresh  bool // this update sent something with loss
}

// sent notes how r was sent.
func (f *refinement) sent(r image.Rectangle, lossy, coarse bool) {
	if coarse {
		f.coarse.Add(r)
	} else if !f.coarse.Empty() {
		f.coarse.Subtract(r)
	}
	if lossy {
		f.lossy.Add(r)
		f.fresh = true
	} else if !f.lossy.Empty() {
		f.lossy.Subtract(r)
	}
}

// moved notes that the viewer moved pixels, with what they had lost.
func (f *refinement) moved(m screen.Move) {
	for _, g := range [2]*screen.Region{&f.lossy, &f.coarse} {
		if !g.Empty() {
			follow(g, m)
		}
	}
}

// follow moves what of g stands in the source of m to its destination.
func follow(g *screen.Region, m screen.Move) {
	came := g.Intersect(m.Src())
	came.Translate(m.Delta)
	g.Subtract(m.Dst)
	g.AddRegion(came)
}

// next returns what to send again now, and whether without loss: a part of the
// region inside area.
func (f *refinement) next(area screen.Region, bounds image.Rectangle, allow *pace) (send screen.Region, lossless bool) {
	due, room := f.coarse.IntersectRegion(area).Intersect(bounds), sharpenStep
	if lossless = due.Empty(); lossless {
		due, room = f.lossy.IntersectRegion(area).Intersect(bounds), refineStep
	}
	if allow.bytesPerSecond > 0 {
		// About a byte for each pixel without loss, a sixth with it.
		fits := int(allow.bytesPerSecond * allow.refine.Seconds())
		if !lossless {
			fits *= 6
		}
		room = min(room, max(fits, tightSide*tightSide))
	}
	for _, r := range due.Rects() {
		for _, piece := range splitRect(nil, r, image.Pt(tightSide, tightSide)) {
			if room -= piece.Dx() * piece.Dy(); room < 0 && !send.Empty() {
				return send, lossless
			}
			send.Add(piece)
		}
	}
	return send, lossless
}

// scheduleRefinement runs after every update: asked says that a part was due,
// done that it was sent.
func (c *Conn) scheduleRefinement(asked, done bool) {
	f := &c.writer.refine
	fresh := f.fresh
	f.fresh = false
	after := refineAfter
	if !f.coarse.Empty() {
		after = sharpenAfter
	}
	switch {
	case f.lossy.Empty():
	case done:
		c.refineNow() // the next part
	case (fresh || asked) && f.timer == nil:
		f.timer = time.AfterFunc(after, c.refineNow)
	case fresh || asked: // something else came first, or the viewer asked for another area
		f.timer.Reset(after)
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
