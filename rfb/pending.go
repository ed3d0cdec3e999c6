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
	// seen is the framebuffer's Seq of the last update.
	seen uint64
	dues
}

// dues is what is due besides pixels.
type dues struct {
	pointer     bool // the pointer moved or changed
	shape       bool // its shape, to a viewer that draws it
	layout      bool // size or monitors changed
	name        bool
	sizeReplies int  // answers owed to SetDesktopSize
	refine      bool // what stands still is sent without loss; refine.go
	tick        bool // a tick of refine.go is over
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

// add joins a change. The framebuffer's state that the viewer was last served from may be
// newer than the change, which is told of afterwards.
func (p *pending) add(change *screen.Change, copyRect bool) {
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
	p.shape = p.shape || change.Cursor
	for _, m := range change.Moves {
		// A viewer that was served from the state after the change may have
		// pixels of after the move where the move comes from.
		p.addMove(m, copyRect && change.Seq > p.seen)
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

// takeDues removes and returns what is due besides pixels, for a viewer with these
// capabilities.
func (p *pending) takeDues(caps *capabilities) dues {
	d := p.dues
	p.dues = dues{name: d.name && !caps.desktopName}
	d.name = d.name && caps.desktopName
	return d
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
