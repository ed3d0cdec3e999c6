package screen

import "image"

// Region is a set of pixels, stored as rectangles that do not overlap. The zero value is empty.
// Clone returns an independent copy.
type Region struct {
	rects []image.Rectangle
}

// maxRegionRects is the maximum number of rectangles. A more complex region is replaced by coarser
// rectangles that cover it, which limits the cost of a slow viewer.
const maxRegionRects = 512

// RegionOf returns the region of the given rectangles, which may overlap.
func RegionOf(rects ...image.Rectangle) Region {
	var g Region
	for _, r := range rects {
		g.Add(r)
	}
	return g
}

// Empty reports whether no pixel is in the region.
func (g Region) Empty() bool { return len(g.rects) == 0 }

// Rects returns the rectangles. The region owns the slice.
func (g Region) Rects() []image.Rectangle { return g.rects }

// Clone returns an independent copy.
func (g Region) Clone() Region {
	if len(g.rects) == 0 {
		return Region{}
	}
	return Region{rects: append([]image.Rectangle(nil), g.rects...)}
}

// Clear empties the region and keeps its memory.
func (g *Region) Clear() { g.rects = g.rects[:0] }

// Bounds returns the smallest rectangle around the region.
func (g Region) Bounds() image.Rectangle {
	var b image.Rectangle
	for _, r := range g.rects {
		b = b.Union(r)
	}
	return b
}

// Area returns the number of pixels.
func (g Region) Area() int {
	n := 0
	for _, r := range g.rects {
		n += r.Dx() * r.Dy()
	}
	return n
}

// Contains reports whether p is in the region.
func (g Region) Contains(p image.Point) bool {
	for _, r := range g.rects {
		if p.In(r) {
			return true
		}
	}
	return false
}

// Add adds r to the region.
func (g *Region) Add(r image.Rectangle) {
	if r.Empty() {
		return
	}
	for _, have := range g.rects {
		if r.In(have) {
			return
		}
	}
	g.subtract(r)
	g.rects = append(g.rects, r)
	g.join(len(g.rects) - 1)
	if len(g.rects) > maxRegionRects {
		g.coarsen()
	}
}

// AddRegion adds all of o to the region.
func (g *Region) AddRegion(o Region) {
	for _, r := range o.rects {
		g.Add(r)
	}
}

// Subtract removes r from the region. It is exact for a region of any complexity, because it is
// used to remove what must not be seen.
func (g *Region) Subtract(r image.Rectangle) {
	if !r.Empty() {
		g.subtract(r)
	}
}

// SubtractRegion removes all of o from the region.
func (g *Region) SubtractRegion(o Region) {
	for _, r := range o.rects {
		g.Subtract(r)
	}
}

// Intersect returns the part of the region inside r.
func (g Region) Intersect(r image.Rectangle) Region {
	var out Region
	for _, have := range g.rects {
		if x := have.Intersect(r); !x.Empty() {
			out.rects = append(out.rects, x)
		}
	}
	return out
}

// IntersectRegion returns the pixels that are in both.
func (g Region) IntersectRegion(o Region) Region {
	var out Region
	for _, r := range o.rects {
		for _, have := range g.rects {
			if x := have.Intersect(r); !x.Empty() {
				out.rects = append(out.rects, x)
			}
		}
	}
	return out
}

// Translate moves the region by d.
func (g *Region) Translate(d image.Point) {
	for i := range g.rects {
		g.rects[i] = g.rects[i].Add(d)
	}
}

func (g *Region) subtract(r image.Rectangle) {
	n := len(g.rects)
	keep := 0
	for i := 0; i < n; i++ {
		have := g.rects[i]
		x := have.Intersect(r)
		if x.Empty() {
			g.rects[keep] = have
			keep++
			continue
		}
		// Up to four pieces remain: above, below, left, right. They are appended to the list and
		// moved down afterwards.
		for _, piece := range [4]image.Rectangle{
			{Min: have.Min, Max: image.Pt(have.Max.X, x.Min.Y)},
			{Min: image.Pt(have.Min.X, x.Max.Y), Max: have.Max},
			{Min: image.Pt(have.Min.X, x.Min.Y), Max: image.Pt(x.Min.X, x.Max.Y)},
			{Min: image.Pt(x.Max.X, x.Min.Y), Max: image.Pt(have.Max.X, x.Max.Y)},
		} {
			if !piece.Empty() {
				g.rects = append(g.rects, piece)
			}
		}
	}
	g.rects = append(g.rects[:keep], g.rects[n:]...)
}

// join joins rectangle i with neighbours that share a whole side with it.
func (g *Region) join(i int) {
	for again := true; again; {
		again = false
		for j := range g.rects {
			if j == i {
				continue
			}
			a, b := g.rects[i], g.rects[j]
			sameColumns := a.Min.X == b.Min.X && a.Max.X == b.Max.X && (a.Max.Y == b.Min.Y || b.Max.Y == a.Min.Y)
			sameRows := a.Min.Y == b.Min.Y && a.Max.Y == b.Max.Y && (a.Max.X == b.Min.X || b.Max.X == a.Min.X)
			if !sameColumns && !sameRows {
				continue
			}
			g.rects[i] = a.Union(b)
			last := len(g.rects) - 1
			g.rects[j] = g.rects[last]
			g.rects = g.rects[:last]
			if i == last {
				i = j
			}
			again = true
			break
		}
	}
}

// coarsen replaces the region by bands that cover it.
func (g *Region) coarsen() {
	const bands = 16
	b := g.Bounds()
	var out []image.Rectangle
	for i := range bands {
		band := image.Rect(b.Min.X, b.Min.Y+b.Dy()*i/bands, b.Max.X, b.Min.Y+b.Dy()*(i+1)/bands)
		part := g.Intersect(band)
		if !part.Empty() {
			out = append(out, part.Bounds())
		}
	}
	g.rects = out
}
