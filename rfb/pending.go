package rfb

import (
	"image"

	"lotse/screen"
)

// maxPendingMoves is the maximum number of pending moves of a viewer.
const maxPendingMoves = 32

// pending is what a viewer has not received yet: moves that it can make by itself, and then a
// region. It contains no pixels.
type pending struct {
	// moves are made first, in this order, with pixels that the viewer has.
	moves []screen.Move
	// region is what is outdated in the viewer's framebuffer after the moves.
	region screen.Region
	// everything: the whole framebuffer, whatever its size when it is sent.
	everything bool
	// seen is the framebuffer's Seq at the last update.
	seen uint64
	dues
}

// dues is what is due apart from pixels.
type dues struct {
	pointer     bool // the pointer moved or changed
	shape       bool // its shape changed, for a viewer that draws it
	layout      bool // size or monitors changed
	name        bool
	sizeReplies int  // pending answers to SetDesktopSize
	refine      bool // a refinement step is due; refine.go
	tick        bool // a tick of refine.go has passed
}

func (p *pending) all() {
	p.everything = true
	p.moves = p.moves[:0]
}

// dropMoves sends the moves' destinations as pixels instead.
func (p *pending) dropMoves() {
	for _, m := range p.moves {
		p.region.Add(m.Dst)
	}
	p.moves = p.moves[:0]
}

// add adds a change. The viewer may already have received a later state of the framebuffer, because
// changes are reported afterwards.
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
		// If the viewer has received the state after the change, the source of the move may already
		// contain pixels drawn after the move.
		p.addMove(m, copyRect && change.Seq > p.seen)
	}
	p.region.AddRegion(change.Region)
}

// addMove keeps a move unless most of its source is outdated at the viewer. An outdated part of the
// source becomes outdated at the destination; the destination's earlier outdated parts are
// overwritten.
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

// take removes and returns what is to be sent inside area, for a framebuffer with these bounds.
func (p *pending) take(area screen.Region, bounds image.Rectangle) (send screen.Region, moves []screen.Move) {
	if p.everything {
		p.everything = false
		p.region.Clear()
		p.region.Add(bounds)
	}
	for _, m := range p.moves {
		inside := area.Intersect(m.Dst)
		if inside.Area() != m.Dst.Dx()*m.Dst.Dy() || !m.Dst.In(bounds) || !m.Src().In(bounds) {
			p.dropMoves() // later moves may depend on it
			break
		}
	}
	moves = append(moves, p.moves...)
	p.moves = p.moves[:0]
	send = p.region.IntersectRegion(area).Intersect(bounds)
	p.region.SubtractRegion(send)
	// Anything outside the framebuffer will never be sent.
	p.region = p.region.Intersect(bounds)
	return send, moves
}

// takeDues removes and returns what is due apart from pixels, for a viewer with these capabilities.
func (p *pending) takeDues(caps *capabilities) dues {
	d := p.dues
	p.dues = dues{name: d.name && !caps.desktopName}
	d.name = d.name && caps.desktopName
	return d
}

// putBack adds rectangles that were taken but not sent. Moves added since then also move them.
func (p *pending) putBack(rest []image.Rectangle) {
	g := screen.RegionOf(rest...)
	for _, m := range p.moves {
		follow(&g, m)
	}
	p.region.AddRegion(g)
}

// waits reports whether anything is pending for a viewer that asked for area.
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
