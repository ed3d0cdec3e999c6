package rfb

import (
	"image"

	"lotse/screen"
)

// maxPendingMoves bounds the moves that wait for a viewer.
const maxPendingMoves = 32

// pending is what a viewer has not seen yet: moves that it can make by itself,
// and then a region. It holds no pixels.
type pending struct {
	// moves are made first, in this order, with the pixels that the viewer has.
	moves []screen.Move
	// region is what is wrong in the viewer's picture after the moves.
	region screen.Region
	// everything: all of whatever the picture's size is when it is sent.
	everything bool
	// pointer: the pointer moved or changed.
	pointer bool
	// layout: size or monitors changed.
	layout bool
}

func (p *pending) all() {
	p.everything = true
	p.moves = p.moves[:0]
}

// dropMoves has the moves' destinations sent as pixels instead.
func (p *pending) dropMoves() {
	for _, m := range p.moves {
		p.region.Add(m.Dst)
	}
	p.moves = p.moves[:0]
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

// addMove keeps a move unless most of what it brings is wrong at the viewer. What
// is wrong where the move comes from is then wrong where it goes, and what was
// wrong there is not any more.
func (p *pending) addMove(m screen.Move, copyRect bool) {
	stale := p.region.Intersect(m.Src())
	if !copyRect || p.everything || len(p.moves) == maxPendingMoves || 2*stale.Area() > m.Dst.Dx()*m.Dst.Dy() {
		p.region.Add(m.Dst)
		return
	}
	p.moves = append(p.moves, m)
	p.region.Subtract(m.Dst)
	stale.Translate(m.Delta)
	p.region.AddRegion(stale)
}

// take removes and returns what is to be sent of a picture with these bounds,
// inside area.
func (p *pending) take(area screen.Region, bounds image.Rectangle) (send screen.Region, moves []screen.Move) {
	if p.everything {
		p.everything = false
		p.region.Clear()
		p.region.Add(bounds)
	}
	for _, m := range p.moves {
		inside := area.Intersect(m.Dst)
		if inside.Area() != m.Dst.Dx()*m.Dst.Dy() || !m.Dst.In(bounds) || !m.Src().In(bounds) {
			p.dropMoves() // later ones may build on it
			break
		}
	}
	moves = append(moves, p.moves...)
	p.moves = p.moves[:0]
	send = p.region.IntersectRegion(area).Intersect(bounds)
	p.region.SubtractRegion(send)
	// What lies outside the picture will never be sent.
	p.region = p.region.Intersect(bounds)
	return send, moves
}

// putBack adds what was taken and not sent after all; moves that came since have
// taken it along.
func (p *pending) putBack(rest []image.Rectangle) {
	g := screen.RegionOf(rest...)
	for _, m := range p.moves {
		follow(&g, m)
	}
	p.region.AddRegion(g)
}

// waits reports whether there is anything for a viewer that asked for area.
func (p *pending) waits(area *screen.Region) bool {
	if p.everything || p.pointer || p.layout || len(p.moves) > 0 {
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
