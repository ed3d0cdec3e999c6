package rfb

import (
	"image"

	"lotse/screen"
)

// pending is what a viewer has not seen yet: a region, and at most one move
// that it can make by itself before the region is sent. It holds no pixels.
type pending struct {
	region screen.Region
	// everything: all of whatever the picture's size is when it is sent.
	everything bool
	// pointer: the pointer moved or changed.
	pointer bool
	// layout: size or monitors changed.
	layout bool
	// move: the viewer's pixels of move.Dst come from move.Dst - move.Delta as
	// the viewer has them; sent first.
	move screen.Move
}

func (p *pending) all() {
	p.everything = true
	p.move = screen.Move{}
}

// dropMove has the move's destination sent as pixels instead.
func (p *pending) dropMove() {
	p.region.Add(p.move.Dst)
	p.move = screen.Move{}
}

// add joins a change. seen is the framebuffer's state that the viewer was last
// served from: it may be newer than the change, which is told of afterwards.
func (p *pending) add(change *screen.Change, copyRect bool, seen uint64) {
	if change.Resized {
		p.layout = true
		p.all()
	}
	if change.Layout {
		p.layout = true
	}
	if change.Pointer || change.Cursor {
		p.pointer = true
	}
	for _, m := range change.Moves {
		// A viewer that was served from the state after the change may have
		// pixels of after the move where the move comes from.
		p.addMove(m, copyRect && change.Seq > seen)
	}
	p.region.AddRegion(change.Region)
}

// addMove keeps a move only when its source is what the viewer has: nothing of
// it is pending, and no other move waits.
func (p *pending) addMove(m screen.Move, copyRect bool) {
	stale := p.region.Intersect(m.Src())
	if !copyRect || p.everything || !p.move.Dst.Empty() || !stale.Empty() {
		p.region.Add(m.Dst)
		return
	}
	p.move = m
	// What was pending inside the destination is overwritten by the move.
	p.region.Subtract(m.Dst)
}

// take removes and returns what is to be sent of a picture with these bounds,
// inside area.
func (p *pending) take(area screen.Region, bounds image.Rectangle) (send screen.Region, move screen.Move) {
	if p.everything {
		p.everything = false
		p.region.Clear()
		p.region.Add(bounds)
	}
	if !p.move.Dst.Empty() {
		inside := area.Intersect(p.move.Dst)
		if inside.Area() == p.move.Dst.Dx()*p.move.Dst.Dy() && p.move.Dst.In(bounds) && p.move.Src().In(bounds) {
			move = p.move
		} else {
			p.region.Add(p.move.Dst)
		}
		p.move = screen.Move{}
	}
	send = p.region.IntersectRegion(area).Intersect(bounds)
	p.region.SubtractRegion(send)
	// What lies outside the picture will never be sent.
	p.region = p.region.Intersect(bounds)
	return send, move
}

// waits reports whether there is anything for a viewer that asked for area.
func (p *pending) waits(area *screen.Region) bool {
	if p.everything || p.pointer || p.layout || !p.move.Dst.Empty() {
		return true
	}
	for _, r := range p.region.Rects() {
		for _, a := range area.Rects() {
			if r.Overlaps(a) {
				return true
			}
		}
	}
	return false
}
