package screen

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"image"
	"slices"
)

// Motion search. After scrolling text or dragging a window, large areas have changed, but nearly
// all of their pixels are on the screen already. The search finds moves by any distance, several in
// one change, so that viewers can copy the pixels.
//
//	anchors    places chosen by their own pixels, so that the same content is chosen
//	           wherever it is, before and after
//	distances  anchors that were unique and are elsewhere now vote for a distance
//	rectangle  for each distance, the block of cells that it explains and that
//	           saves most, widened to the pixel
//	truth      every cell is compared with its source, byte by byte, in the
//	           frame as the moves before have left it

const (
	// motionMinArea: in smaller areas, finding a move costs more than it saves.
	motionMinArea = 64 * 64
	// motionMinVotes is how many anchors must agree on a distance.
	motionMinVotes = 6
	// motionMinGain is how many pixels a move must save.
	motionMinGain = 48 * 48
	// motionDistances and motionMoves limit the search in one change.
	motionDistances = 4
	motionMoves     = 6
	// motionTold is how many distances reported by the system are used.
	motionTold = 4
	// motionRest: if less than this part is left, the search ends.
	motionRest = 7
	// motionNear is the distance below which two changes are searched together. motionAreas is the
	// maximum number of areas that are searched separately.
	motionNear  = 64
	motionAreas = 8
	// After motionPatience searches without a result, only every motionPause-th large change is
	// searched, because videos and photographs do not scroll.
	motionPatience = 8
	motionPause    = 8

	// cell is the side of the squares that make up a moved rectangle.
	cell = 16
	// An anchor is identified by this many pixels of its row and of two rows below.
	anchorWidth = 24
	anchorBelow = 7
	// maxAnchors limits the table, which is at most a quarter full.
	maxAnchors  = 4096
	anchorSlots = 4 * maxAnchors
)

var motionSeed = maphash.MakeSeed()

// motion is the search's state; a Framebuffer owns it.
type motion struct {
	misses  int
	last    image.Point // the first distance of the last change
	anchors []anchor    // by hash, open addressing; anchorSlots
	stamp   uint32      // of this search
	filled  int
	votes   map[image.Point]int
	ranked  []image.Point

	areas []image.Rectangle // changed areas; near ones are joined
	grids []grid            // of the areas
}

// grid divides an area into cells, row by row.
type grid struct {
	across, down int
	origin       image.Point
	total        int32 // how many differ
	differs      []bool
	explained    []bool
	sums         []int32 // of differs, above and left of each corner
	heights      []int32
	stack        []int32
}

type anchor struct {
	hash  uint64
	at    image.Point
	stamp uint32
	twice bool // the same pixels are in several places
}

// move finds what only moved within changed, moves it in old and returns the moves in order. told
// are distances reported by the system.
func (m *motion) move(old, new *Frame, changed []image.Rectangle, told []image.Point, moves []Move) []Move {
	area := 0
	for _, r := range changed {
		area += r.Dx() * r.Dy()
	}
	if area < motionMinArea {
		return moves
	}
	if m.misses >= motionPatience && len(told) == 0 {
		if m.misses++; (m.misses-motionPatience)%motionPause != 0 {
			return moves
		}
	}
	before := len(moves)
	m.gather(changed)
	for i := range m.grids {
		m.grids[i].compare(old, new, m.areas[i])
	}
	rest := true
	for _, d := range told[:min(len(told), motionTold)] {
		if rest && d != (image.Point{}) {
			moves, rest = m.along(old, new, d, moves, before)
		}
	}
	// Scrolling or dragging mostly continues in the same way: then no distance needs to be searched
	// for.
	if rest && m.last != (image.Point{}) && !slices.Contains(told, m.last) {
		// Only if that distance explains most, because blank areas fit any distance.
		if _, gain := m.rectangle(old, new, m.last); 2*gain > m.total() {
			moves, rest = m.along(old, new, m.last, moves, before)
		}
	}
	if rest {
		for _, d := range m.distances(old, new) {
			if moves, rest = m.along(old, new, d, moves, before); !rest {
				break
			}
		}
	}
	m.misses++
	m.last = image.Point{}
	if len(moves) > before {
		m.misses, m.last = 0, moves[before].Delta
	}
	return moves
}

// along finds what moved by d, moves it in old and appends the moves. Moves from index before on
// belong to this change. rest reports whether enough is left to continue.
func (m *motion) along(old, new *Frame, d image.Point, moves []Move, before int) (_ []Move, rest bool) {
	for len(moves)-before < motionMoves {
		r, gain := m.rectangle(old, new, d)
		if int(gain)*cell*cell < motionMinGain {
			return moves, true
		}
		found := Move{Dst: widen(old, new, r, d), Delta: d}
		old.move(found)
		moves = append(moves, found)
		total := m.total()
		for i := range m.grids {
			m.grids[i].moved(old, new, found.Dst)
		}
		if m.total()*motionRest < total {
			return moves, false
		}
	}
	return moves, false
}

// total returns how many cells differ.
func (m *motion) total() (n int32) {
	for i := range m.grids {
		n += m.grids[i].total
	}
	return n
}

// gather makes areas of changed: rectangles near each other are joined, and small isolated ones (a
// clock far from the moving window) are left out.
func (m *motion) gather(changed []image.Rectangle) {
	m.areas = append(m.areas[:0], changed...)
	for again := true; again; {
		again = false
		for i := 0; i < len(m.areas); i++ {
			for k := len(m.areas) - 1; k > i; k-- {
				if m.areas[i].Inset(-motionNear).Overlaps(m.areas[k]) {
					m.areas[i] = m.areas[i].Union(m.areas[k])
					m.areas[k] = m.areas[len(m.areas)-1]
					m.areas = m.areas[:len(m.areas)-1]
					again = true
				}
			}
		}
	}
	m.areas = slices.DeleteFunc(m.areas, func(r image.Rectangle) bool { return r.Dx()*r.Dy() < motionMinGain })
	if len(m.areas) > motionAreas {
		for _, r := range m.areas[1:] {
			m.areas[0] = m.areas[0].Union(r)
		}
		m.areas = m.areas[:1]
	}
	for len(m.grids) < len(m.areas) {
		m.grids = append(m.grids, grid{})
	}
	m.grids = m.grids[:len(m.areas)]
}

// distances returns the distances with most votes, the best first.
func (m *motion) distances(old, new *Frame) []image.Point {
	if m.anchors == nil {
		m.anchors, m.votes = make([]anchor, anchorSlots), map[image.Point]int{}
	}
	if m.stamp++; m.stamp == 0 {
		clear(m.anchors)
		m.stamp = 1
	}
	m.filled = 0
	clear(m.votes)
	// In large areas fewer places are chosen; every sixteenth row is used to estimate their number.
	share, n := uint(2), 0
	scan(old, m.areas, rowsSample, share, func(uint64, image.Point) bool {
		n++
		return true
	})
	for n *= rows; n > maxAnchors*3/4; n /= 2 {
		share++
	}
	scan(old, m.areas, rowsWas, share, func(h uint64, p image.Point) bool {
		a := m.slot(h)
		if a.stamp == m.stamp {
			a.twice = true
			return true
		}
		*a = anchor{hash: h, at: p, stamp: m.stamp}
		m.filled++
		return m.filled < maxAnchors
	})
	scan(new, m.areas, rowsIs, share, func(h uint64, p image.Point) bool {
		if a := m.slot(h); a.stamp == m.stamp && !a.twice && a.at != p {
			m.votes[p.Sub(a.at)]++
		}
		return true
	})
	m.ranked = m.ranked[:0]
	for d, n := range m.votes {
		if n >= motionMinVotes {
			m.ranked = append(m.ranked, d)
		}
	}
	slices.SortFunc(m.ranked, func(a, b image.Point) int {
		if n := m.votes[b] - m.votes[a]; n != 0 {
			return n
		}
		if n := a.Y - b.Y; n != 0 {
			return n
		}
		return a.X - b.X
	})
	return m.ranked[:min(len(m.ranked), motionDistances)]
}

func (m *motion) slot(h uint64) *anchor {
	for i := h % anchorSlots; ; i = (i + 1) % anchorSlots {
		if a := &m.anchors[i]; a.stamp != m.stamp || a.hash == h {
			return a
		}
	}
}

// Of sixteen rows a scan uses some: four in a row in the old frame, every fourth in the new one.
// For every distance some of the former meet some of the latter.
const (
	rows       = 4
	rowsWas    = 0b0000_0000_0000_1111
	rowsIs     = 0b0001_0001_0001_0001
	rowsSample = 0b0000_0000_0000_0001
)

// scan calls found for the anchors in these rows of the areas until it returns false. One of
// 2^share places with an edge is an anchor.
func scan(f *Frame, areas []image.Rectangle, which uint, share uint, found func(h uint64, p image.Point) bool) {
	for _, r := range areas {
		for y := r.Min.Y; y+anchorBelow < r.Max.Y; y++ {
			if which>>(y%16)&1 != 0 && !scanRow(f, r, y, share, found) {
				return
			}
		}
	}
}

func scanRow(f *Frame, r image.Rectangle, y int, share uint, found func(h uint64, p image.Point) bool) bool {
	const k0, k1, k2, k3 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93
	row := f.Row(y, r.Min.X, r.Max.X)
	for at := 0; at+anchorWidth*BytesPerPixel <= len(row); at += BytesPerPixel {
		w := row[at : at+32 : at+32]
		v := binary.LittleEndian.Uint64(w)
		if uint32(v) == uint32(v>>32) {
			continue
		}
		h := v*k0 ^ binary.LittleEndian.Uint64(w[8:])*k1 ^ binary.LittleEndian.Uint64(w[16:])*k2 ^ binary.LittleEndian.Uint64(w[24:])*k3
		h *= k0
		if h>>(64-share) != 0 {
			continue
		}
		x := r.Min.X + at/BytesPerPixel
		for _, dy := range [3]int{0, 3, anchorBelow} {
			h = h*k1 ^ maphash.Bytes(motionSeed, f.Row(y+dy, x, x+anchorWidth))
		}
		if !found(h, image.Pt(x, y)) {
			return false
		}
	}
	return true
}

// rectangle returns the block of cells moved by d that saves most, and how many cells it saves.
func (m *motion) rectangle(old, new *Frame, d image.Point) (best image.Rectangle, most int32) {
	for i := range m.grids {
		g := &m.grids[i]
		if int(g.total)*cell*cell < motionMinGain {
			continue
		}
		g.explain(old, new, d)
		if cells, gain := g.largest(); gain > most {
			best.Min = g.cellAt(cells.Min.X, cells.Min.Y).Min
			best.Max = g.cellAt(cells.Max.X, cells.Max.Y).Min
			most = gain
		}
	}
	return best, most
}

// compare lays the grid over area and determines which cells differ.
func (g *grid) compare(old, new *Frame, area image.Rectangle) {
	g.origin = image.Pt(area.Min.X/cell*cell, area.Min.Y/cell*cell)
	g.across, g.down = (area.Max.X-g.origin.X+cell-1)/cell, (area.Max.Y-g.origin.Y+cell-1)/cell
	n := g.across * g.down
	g.differs, g.explained = sized(g.differs, n), sized(g.explained, n)
	g.sums = sized(g.sums, (g.across+1)*(g.down+1))
	g.look(func(c image.Rectangle) bool { return !sameBlock(new, c.Intersect(new.Bounds()), old, image.Point{}) })
}

// moved records that dst is now correct.
func (g *grid) moved(old, new *Frame, dst image.Rectangle) {
	at := 0
	g.look(func(c image.Rectangle) bool {
		was := g.differs[at]
		at++
		return was && !c.In(dst) && (!c.Overlaps(dst) || !sameBlock(new, c.Intersect(new.Bounds()), old, image.Point{}))
	})
}

// look determines for each cell whether it differs.
func (g *grid) look(differs func(cell image.Rectangle) bool) {
	clear(g.sums[:g.across+1])
	for cy := range g.down {
		sum := int32(0)
		g.sums[(cy+1)*(g.across+1)] = 0
		for cx := range g.across {
			at := cy*g.across + cx
			if g.differs[at] = differs(g.cellAt(cx, cy)); g.differs[at] {
				sum++
			}
			g.sums[(cy+1)*(g.across+1)+cx+1] = sum + g.sums[cy*(g.across+1)+cx+1]
		}
	}
	g.total = g.sums[len(g.sums)-1]
}

// explain determines which cells were elsewhere before, by d.
func (g *grid) explain(old, new *Frame, d image.Point) {
	whole := new.Bounds()
	for cy := range g.down {
		for cx := range g.across {
			r := g.cellAt(cx, cy)
			g.explained[cy*g.across+cx] = r.In(whole) && r.Sub(d).In(whole) && sameBlock(new, r, old, d)
		}
	}
}

func (g *grid) cellAt(cx, cy int) image.Rectangle {
	p := g.origin.Add(image.Pt(cx*cell, cy*cell))
	return image.Rectangle{Min: p, Max: p.Add(image.Pt(cell, cell))}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// sameBlock reports whether r of a equals r-d of b.
func sameBlock(a *Frame, r image.Rectangle, b *Frame, d image.Point) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if !bytes.Equal(a.Row(y, r.Min.X, r.Max.X), b.Row(y-d.Y, r.Min.X-d.X, r.Max.X-d.X)) {
			return false
		}
	}
	return true
}

// largest finds, among the maximal rectangles of explained cells, the one with the most differing
// cells. It uses a histogram of the cells above with a stack of rising edges, for each row as the
// bottom.
func (g *grid) largest() (best image.Rectangle, most int32) {
	g.heights = sized(g.heights, g.across+1)
	clear(g.heights)
	width := g.across + 1
	for cy := range g.down {
		g.stack = g.stack[:0]
		for cx := range width {
			if cx < g.across {
				if g.heights[cx]++; !g.explained[cy*g.across+cx] {
					g.heights[cx] = 0
				}
			}
			for len(g.stack) > 0 && g.heights[g.stack[len(g.stack)-1]] >= g.heights[cx] {
				height := int(g.heights[g.stack[len(g.stack)-1]])
				g.stack = g.stack[:len(g.stack)-1]
				left := 0
				if len(g.stack) > 0 {
					left = int(g.stack[len(g.stack)-1]) + 1
				}
				top := cy + 1 - height
				gain := g.sums[(cy+1)*width+cx] - g.sums[top*width+cx] - g.sums[(cy+1)*width+left] + g.sums[top*width+left]
				if gain > most {
					most, best = gain, image.Rect(left, top, cx, cy+1)
				}
			}
			g.stack = append(g.stack, int32(cx))
		}
		g.heights[g.across] = 0
	}
	return best, most
}

// widen extends r by adjacent rows and columns that moved too, by less than a cell's side.
func widen(old, new *Frame, r image.Rectangle, d image.Point) image.Rectangle {
	whole := new.Bounds()
	fits := func(r image.Rectangle) bool {
		return r.In(whole) && r.Sub(d).In(whole) && sameBlock(new, r, old, d)
	}
	for range cell - 1 {
		if !fits(image.Rect(r.Min.X, r.Min.Y-1, r.Max.X, r.Min.Y)) {
			break
		}
		r.Min.Y--
	}
	for range cell - 1 {
		if !fits(image.Rect(r.Min.X, r.Max.Y, r.Max.X, r.Max.Y+1)) {
			break
		}
		r.Max.Y++
	}
	for range cell - 1 {
		if !fits(image.Rect(r.Min.X-1, r.Min.Y, r.Min.X, r.Max.Y)) {
			break
		}
		r.Min.X--
	}
	for range cell - 1 {
		if !fits(image.Rect(r.Max.X, r.Min.Y, r.Max.X+1, r.Max.Y)) {
			break
		}
		r.Max.X++
	}
	return r
}

// move copies the pixels of m within the frame.
func (f *Frame) move(m Move) {
	src := m.Src()
	for i := range m.Dst.Dy() {
		y := i
		if m.Delta.Y > 0 { // downwards: the lowest row first
			y = m.Dst.Dy() - 1 - i
		}
		copy(f.Row(m.Dst.Min.Y+y, m.Dst.Min.X, m.Dst.Max.X), f.Row(src.Min.Y+y, src.Min.X, src.Max.X))
	}
}
