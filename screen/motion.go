package screen

import (
	"bytes"
	"hash/maphash"
	"image"
)

// Motion: a text that scrolled has changed everywhere, and yet nearly all of
// its pixels are on the screen already. The search below finds one vertical
// scroll in a change, whatever its distance, so that viewers copy it.
//
//	strips    the changed area is cut into columns of a tile's width, and each
//	          row of a strip hashed, as it was and as it is
//	distance  rows that were unique in their strip and stand elsewhere now vote
//	rectangle the largest block of strips and rows that the distance explains,
//	          widened to the pixel
//	truth     the block is compared with its source, pixel by pixel

const (
	// motionMinArea: below it, finding a move costs more than it saves.
	motionMinArea = 128 * 64
	// motionMinVotes is how many rows must agree on a distance.
	motionMinVotes = 12
	// motionMinGain is how many pixels a move must save.
	motionMinGain = 96 * 32
	// After motionPatience searches in vain only every motionPause-th large
	// change is searched: films and photographs do not scroll.
	motionPatience = 8
	motionPause    = 8
)

var motionSeed = maphash.MakeSeed()

// motion is the search's state; it belongs to a Framebuffer.
type motion struct {
	misses int
	strips []strip
	ids    map[uint64]int32
}

// strip is one column of the changed area.
type strip struct {
	x0, x1   int
	was, is  []uint64 // hashes of the rows
	explains []bool   // the distance explains the row
}

// find returns the best move within changed, if it is worth it.
func (m *motion) find(old, new *Frame, changed []image.Rectangle) (best Move, ok bool) {
	area, bounds := 0, image.Rectangle{}
	for _, r := range changed {
		area += r.Dx() * r.Dy()
		bounds = bounds.Union(r)
	}
	if area < motionMinArea {
		return best, false
	}
	if m.misses >= motionPatience {
		if m.misses++; (m.misses-motionPatience)%motionPause != 0 {
			return best, false
		}
	}
	m.hash(old, new, changed, bounds)
	if distance := m.vote(); distance != 0 {
		best, ok = m.rectangle(bounds, distance)
		ok = ok && m.prove(old, new, &best)
	}
	if ok {
		m.misses = 0
	} else {
		m.misses++
	}
	return best, ok
}

// hash fills the strips of the area's changed columns.
func (m *motion) hash(old, new *Frame, changed []image.Rectangle, bounds image.Rectangle) {
	m.strips = m.strips[:0]
	for x := bounds.Min.X / tile * tile; x < bounds.Max.X; x += tile {
		s := strip{x0: max(x, bounds.Min.X), x1: min(x+tile, bounds.Max.X)}
		if !touches(changed, s) {
			continue
		}
		s.was, s.is = make([]uint64, bounds.Dy()), make([]uint64, bounds.Dy())
		s.explains = make([]bool, bounds.Dy())
		for y := range bounds.Dy() {
			s.was[y] = maphash.Bytes(motionSeed, old.Row(bounds.Min.Y+y, s.x0, s.x1))
			s.is[y] = maphash.Bytes(motionSeed, new.Row(bounds.Min.Y+y, s.x0, s.x1))
		}
		m.strips = append(m.strips, s)
	}
}

func touches(changed []image.Rectangle, s strip) bool {
	for _, r := range changed {
		if r.Min.X < s.x1 && s.x0 < r.Max.X {
			return true
		}
	}
	return false
}

// vote returns the distance that most rows agree on; 0: none. Rows that occur
// more than once in their strip, blank ones above all, have no vote.
func (m *motion) vote() int {
	if m.ids == nil {
		m.ids = map[uint64]int32{}
	}
	votes := map[int]int{}
	for _, s := range m.strips {
		clear(m.ids)
		for y, h := range s.was {
			if _, twice := m.ids[h]; twice {
				m.ids[h] = -1
			} else {
				m.ids[h] = int32(y)
			}
		}
		for y, h := range s.is {
			if from, known := m.ids[h]; known && from >= 0 && h != s.was[y] {
				votes[y-int(from)]++
			}
		}
	}
	distance, most := 0, motionMinVotes-1
	for d, n := range votes {
		if n > most || n == most && d < distance {
			distance, most = d, n
		}
	}
	return distance
}

// rectangle finds the block of neighbouring strips and rows that saves most:
// the largest rectangle under a histogram, for each row as its bottom.
func (m *motion) rectangle(bounds image.Rectangle, distance int) (Move, bool) {
	for _, s := range m.strips {
		for y := range s.is {
			from := y - distance
			s.explains[y] = from >= 0 && from < len(s.was) && s.was[from] == s.is[y]
		}
	}
	heights, most, best := make([]int, len(m.strips)), 0, image.Rectangle{}
	for y := range bounds.Dy() {
		for i, s := range m.strips {
			if heights[i]++; !s.explains[y] {
				heights[i] = 0
			}
		}
		for i := range m.strips {
			height := heights[i]
			for j := i; j < len(m.strips) && height > 0; j++ {
				if j > i && m.strips[j].x0 != m.strips[j-1].x1 {
					break
				}
				if height = min(height, heights[j]); height == 0 {
					break
				}
				r := image.Rect(m.strips[i].x0, y+1-height, m.strips[j].x1, y+1)
				if area := r.Dx() * r.Dy(); area > most {
					most, best = area, r
				}
			}
		}
	}
	if m.gain(best) < motionMinGain {
		return Move{}, false
	}
	return Move{Dst: best.Add(image.Pt(0, bounds.Min.Y)), Delta: image.Pt(0, distance)}, true
}

// gain counts the pixels of r, its rows counted from the area's top, that
// would have to be sent otherwise.
func (m *motion) gain(r image.Rectangle) (pixels int) {
	for _, s := range m.strips {
		if s.x0 < r.Min.X || s.x1 > r.Max.X {
			continue
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			if s.was[y] != s.is[y] {
				pixels += s.x1 - s.x0
			}
		}
	}
	return pixels
}

// prove compares the move with its source and widens it by the columns beside
// it that moved as well.
func (m *motion) prove(old, new *Frame, move *Move) bool {
	dst, dy := move.Dst, move.Delta.Y
	left, right := tile, tile
	left, right = min(left, dst.Min.X), min(right, new.Size.X-dst.Max.X)
	for y := dst.Min.Y; y < dst.Max.Y; y++ {
		if !bytes.Equal(new.Row(y, dst.Min.X, dst.Max.X), old.Row(y-dy, dst.Min.X, dst.Max.X)) {
			return false // two rows with one hash
		}
		a, b := new.Row(y, 0, new.Size.X), old.Row(y-dy, 0, new.Size.X)
		for n := 0; n < left; n++ {
			if x := (dst.Min.X - 1 - n) * BytesPerPixel; !bytes.Equal(a[x:x+BytesPerPixel], b[x:x+BytesPerPixel]) {
				left = n
			}
		}
		for n := 0; n < right; n++ {
			if x := (dst.Max.X + n) * BytesPerPixel; !bytes.Equal(a[x:x+BytesPerPixel], b[x:x+BytesPerPixel]) {
				right = n
			}
		}
	}
	move.Dst.Min.X -= left
	move.Dst.Max.X += right
	return true
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
