package screen

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"image"
	"slices"
)

// Motion: a text that scrolled or a window that was dragged has changed
// everywhere, and yet nearly all of its pixels are on the screen already. The
// search below finds moves by any distance, several in one change, so that
// viewers copy them.
//
//	anchors    places that their own pixels choose, so that the same places are
//	           chosen wherever the content stands, as it was and as it is
//	distances  anchors that were unique and stand elsewhere now vote
//	rectangle  for each distance, the block of cells that it explains and that
//	           saves most, widened to the pixel
//	truth      every cell is compared with its source, byte by byte, in the
//	           picture as the moves before have left it

const (
	// motionMinArea: below it, finding a move costs more than it saves.
	motionMinArea = 64 * 64
	// motionMinVotes is how many anchors must agree on a distance.
	motionMinVotes = 6
	// motionMinGain is how many pixels a move must save.
	motionMinGain = 48 * 48
	// motionDistances and motionMoves bound what one change is searched for.
	motionDistances = 4
	motionMoves     = 6
	// motionRest: when less than this share is left, the search is over.
	motionRest = 7
	// After motionPatience searches in vain only every motionPause-th large
	// change is searched: films and photographs do not scroll.
	motionPatience = 8
	motionPause    = 8

	// cell is the side of the squares of which a moved rectangle is made.
	cell = 16
	// An anchor is looked at over so many pixels of its row and of two below.
	anchorWidth = 24
	anchorBelow = 7
	// maxAnchors bounds the table; it is a quarter full at most.
	maxAnchors  = 4096
	anchorSlots = 4 * maxAnchors
)

var motionSeed = maphash.MakeSeed()

// motion is the search's state; it belongs to a Framebuffer.
type motion struct {
	misses  int
	anchors []anchor // by hash, open addressing; anchorSlots
	stamp   uint32   // of this search
	filled  int
	votes   map[image.Point]int
	ranked  []image.Point

	// The cells of the changed area, row by row.
	across, down int
	origin       image.Point
	enough       bool // the last rectangle left little that differs
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
	twice bool // the same pixels stand in several places
}

// move finds what only moved within changed, moves it in old and returns the
// moves in their order.
func (m *motion) move(old, new *Frame, changed []image.Rectangle, moves []Move) []Move {
	area, bounds := 0, image.Rectangle{}
	for _, r := range changed {
		area += r.Dx() * r.Dy()
		bounds = bounds.Union(r)
	}
	if area < motionMinArea {
		return moves
	}
	if m.misses >= motionPatience {
		if m.misses++; (m.misses-motionPatience)%motionPause != 0 {
			return moves
		}
	}
	before := len(moves)
	for _, d := range m.distances(old, new, bounds) {
		for len(moves)-before < motionMoves {
			r, ok := m.rectangle(old, new, bounds, d)
			if !ok {
				break
			}
			found := Move{Dst: widen(old, new, r, d), Delta: d}
			old.move(found)
			moves = append(moves, found)
			if m.enough {
				m.misses = 0
				return moves
			}
		}
	}
	if m.misses++; len(moves) > before {
		m.misses = 0
	}
	return moves
}

// distances returns those that most anchors agree on, the best first.
func (m *motion) distances(old, new *Frame, bounds image.Rectangle) []image.Point {
	if m.anchors == nil {
		m.anchors, m.votes = make([]anchor, anchorSlots), map[image.Point]int{}
	}
	if m.stamp++; m.stamp == 0 {
		clear(m.anchors)
		m.stamp = 1
	}
	m.filled = 0
	clear(m.votes)
	// Where there are many, fewer places are chosen; every sixteenth row tells.
	share, n := uint(2), 0
	scan(old, bounds, rowsSample, share, func(uint64, image.Point) bool {
		n++
		return true
	})
	for n *= rows; n > maxAnchors*3/4; n /= 2 {
		share++
	}
	scan(old, bounds, rowsWas, share, func(h uint64, p image.Point) bool {
		a := m.slot(h)
		if a.stamp == m.stamp {
			a.twice = true
			return true
		}
		*a = anchor{hash: h, at: p, stamp: m.stamp}
		m.filled++
		return m.filled < maxAnchors
	})
	scan(new, bounds, rowsIs, share, func(h uint64, p image.Point) bool {
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

// Of sixteen rows a scan looks at some. Four in a row before, every fourth
// after: for each distance some of the ones meet some of the others.
const (
	rows       = 4
	rowsWas    = 0b0000_0000_0000_1111
	rowsIs     = 0b0001_0001_0001_0001
	rowsSample = 0b0000_0000_0000_0001
)

// scan calls found for the anchors in these rows of bounds until it returns
// false. One of 2^share places with an edge is one.
func scan(f *Frame, bounds image.Rectangle, which uint, share uint, found func(h uint64, p image.Point) bool) {
	const k0, k1, k2, k3 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93
	for y := bounds.Min.Y; y+anchorBelow < bounds.Max.Y; y++ {
		if which>>(y%16)&1 == 0 {
			continue
		}
		row := f.Row(y, bounds.Min.X, bounds.Max.X)
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
			x := bounds.Min.X + at/BytesPerPixel
			for _, dy := range [3]int{0, 3, anchorBelow} {
				h = h*k1 ^ maphash.Bytes(motionSeed, f.Row(y+dy, x, x+anchorWidth))
			}
			if !found(h, image.Pt(x, y)) {
				return
			}
		}
	}
}

// rectangle returns the block of cells moved by d that saves most.
func (m *motion) rectangle(old, new *Frame, bounds image.Rectangle, d image.Point) (best image.Rectangle, ok bool) {
	m.origin = image.Pt(bounds.Min.X/cell*cell, bounds.Min.Y/cell*cell)
	m.across, m.down = (bounds.Max.X-m.origin.X+cell-1)/cell, (bounds.Max.Y-m.origin.Y+cell-1)/cell
	n := m.across * m.down
	m.differs, m.explained = sized(m.differs, n), sized(m.explained, n)
	m.sums = sized(m.sums, (m.across+1)*(m.down+1))
	clear(m.sums[:m.across+1])
	whole := new.Bounds()
	for cy := range m.down {
		sum := int32(0)
		m.sums[(cy+1)*(m.across+1)] = 0
		for cx := range m.across {
			r := m.cellAt(cx, cy).Intersect(whole)
			differs := !sameBlock(new, r, old, image.Point{})
			m.differs[cy*m.across+cx] = differs
			if differs {
				sum++
			}
			m.sums[(cy+1)*(m.across+1)+cx+1] = sum + m.sums[cy*(m.across+1)+cx+1]
		}
	}
	total := m.sums[n+m.across+m.down]
	if int(total)*cell*cell < motionMinGain {
		return best, false
	}
	for cy := range m.down {
		for cx := range m.across {
			r := m.cellAt(cx, cy)
			m.explained[cy*m.across+cx] = r.In(whole) && r.Sub(d).In(whole) && sameBlock(new, r, old, d)
		}
	}
	cells, gain := m.largest()
	if int(gain)*cell*cell < motionMinGain {
		return best, false
	}
	m.enough = (total-gain)*motionRest < total
	best.Min = m.cellAt(cells.Min.X, cells.Min.Y).Min
	best.Max = m.cellAt(cells.Max.X, cells.Max.Y).Min
	return best, true
}

func (m *motion) cellAt(cx, cy int) image.Rectangle {
	p := m.origin.Add(image.Pt(cx*cell, cy*cell))
	return image.Rectangle{Min: p, Max: p.Add(image.Pt(cell, cell))}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// sameBlock reports whether r of a is what stood at r-d in b.
func sameBlock(a *Frame, r image.Rectangle, b *Frame, d image.Point) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if !bytes.Equal(a.Row(y, r.Min.X, r.Max.X), b.Row(y-d.Y, r.Min.X-d.X, r.Max.X-d.X)) {
			return false
		}
	}
	return true
}

// largest finds, among the rectangles of explained cells that cannot be
// widened, the one with the most cells that differ: the histogram of the cells
// above, with a stack of its rising edges, for each row as the bottom.
func (m *motion) largest() (best image.Rectangle, most int32) {
	m.heights = sized(m.heights, m.across+1)
	clear(m.heights)
	width := m.across + 1
	for cy := range m.down {
		m.stack = m.stack[:0]
		for cx := range width {
			if cx < m.across {
				if m.heights[cx]++; !m.explained[cy*m.across+cx] {
					m.heights[cx] = 0
				}
			}
			for len(m.stack) > 0 && m.heights[m.stack[len(m.stack)-1]] >= m.heights[cx] {
				height := int(m.heights[m.stack[len(m.stack)-1]])
				m.stack = m.stack[:len(m.stack)-1]
				left := 0
				if len(m.stack) > 0 {
					left = int(m.stack[len(m.stack)-1]) + 1
				}
				top := cy + 1 - height
				gain := m.sums[(cy+1)*width+cx] - m.sums[top*width+cx] - m.sums[(cy+1)*width+left] + m.sums[top*width+left]
				if gain > most {
					most, best = gain, image.Rect(left, top, cx, cy+1)
				}
			}
			m.stack = append(m.stack, int32(cx))
		}
		m.heights[m.across] = 0
	}
	return best, most
}

// widen adds to r the rows, then the columns beside it that moved as well, up
// to a cell's side less one.
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

// move copies the pixels of m inside the frame.
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
