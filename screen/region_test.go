package screen

import (
	"image"
	"math/rand/v2"
	"testing"
)

// These tests compare with a bitmap. A region contains exactly the pixels that were added and not
// removed (or more, if it became too complex), in rectangles that do not overlap; and it is a
// value.

const mapSide = 48

// bitmap is the obvious implementation of a set of pixels.
type bitmap [mapSide][mapSide]bool

func (m *bitmap) set(r image.Rectangle, v bool) {
	r = r.Intersect(image.Rect(0, 0, mapSide, mapSide))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m[y][x] = v
		}
	}
}

// bitmapOf draws g and fails the test if rectangles overlap or are empty.
func bitmapOf(t *testing.T, g Region) (m bitmap) {
	t.Helper()
	n := 0
	for _, r := range g.Rects() {
		if r.Empty() {
			t.Fatalf("empty rectangle %v", r)
		}
		n += r.Dx() * r.Dy()
		m.set(r, true)
	}
	if n != g.Area() {
		t.Fatalf("area %d, rectangles of %d", g.Area(), n)
	}
	count := 0
	for y := range m {
		for x := range m[y] {
			if m[y][x] {
				count++
			}
			if m[y][x] != g.Contains(image.Pt(x, y)) {
				t.Fatalf("Contains(%d,%d) is %v", x, y, !m[y][x])
			}
		}
	}
	if count != n {
		t.Fatalf("rectangles overlap: %d pixels in %d", n, count)
	}
	return m
}

// playRegion runs the operations in data and compares.
func playRegion(t *testing.T, data []byte) {
	var g, other Region
	var model, otherModel bitmap
	for len(data) >= 5 {
		op := data[0]
		x, y := int(data[1])%mapSide, int(data[2])%mapSide
		r := image.Rect(x, y, min(mapSide, x+int(data[3])%24), min(mapSide, y+int(data[4])%24))
		data = data[5:]
		switch op % 8 {
		case 0, 1, 2:
			g.Add(r)
			model.set(r, true)
		case 3, 4:
			g.Subtract(r)
			model.set(r, false)
		case 5:
			kept, before := g, bitmapOf(t, g)
			other = g.Intersect(r)
			otherModel = bitmap{}
			for yy := r.Min.Y; yy < r.Max.Y; yy++ {
				for xx := r.Min.X; xx < r.Max.X; xx++ {
					otherModel[yy][xx] = model[yy][xx]
				}
			}
			if bitmapOf(t, kept) != before {
				t.Fatal("Intersect changed its receiver")
			}
		case 6:
			clone := g.Clone()
			g.SubtractRegion(other)
			clone.AddRegion(other)
			union := model
			for yy := range union {
				for xx := range union[yy] {
					union[yy][xx] = union[yy][xx] || otherModel[yy][xx]
					model[yy][xx] = model[yy][xx] && !otherModel[yy][xx]
				}
			}
			if bitmapOf(t, clone) != union {
				t.Fatal("AddRegion")
			}
		case 7:
			both := g.IntersectRegion(other)
			var want bitmap
			for yy := range want {
				for xx := range want[yy] {
					want[yy][xx] = model[yy][xx] && otherModel[yy][xx]
				}
			}
			if bitmapOf(t, both) != want {
				t.Fatal("IntersectRegion")
			}
		}
		if got := bitmapOf(t, g); got != model {
			t.Fatalf("after operation %d with %v: %v", op%8, r, g.Rects())
		}
		if bitmapOf(t, other) != otherModel {
			t.Fatal("the other region changed")
		}
		if g.Empty() != (model == bitmap{}) || !g.Empty() && !g.Bounds().In(image.Rect(0, 0, mapSide, mapSide)) {
			t.Fatalf("empty %v, bounds %v", g.Empty(), g.Bounds())
		}
	}
}

func FuzzRegion(f *testing.F) {
	f.Add([]byte{0, 1, 1, 10, 10, 0, 5, 5, 10, 10, 3, 7, 7, 2, 2, 5, 2, 2, 20, 20, 6, 0, 0, 0, 0, 7, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) { playRegion(t, data[:min(len(data), 500)]) })
}

func TestRegionRandom(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		data := make([]byte, 5*60)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		playRegion(t, data)
	}
}

// A region that becomes too complex grows coarser: it still covers everything, and what is removed
// afterwards is removed.
func TestRegionRagged(t *testing.T) {
	var g Region
	for y := range 60 {
		for x := range 60 {
			g.Add(image.Rect(3*x, 3*y, 3*x+1+y%2, 3*y+1+x%2))
		}
	}
	if n := len(g.Rects()); n > maxRegionRects {
		t.Errorf("%d rectangles", n)
	}
	for y := range 60 {
		for x := range 60 {
			if !g.Contains(image.Pt(3*x, 3*y)) {
				t.Fatalf("lost %d,%d", 3*x, 3*y)
			}
		}
	}
	for y := range 60 {
		g.Subtract(image.Rect(0, 3*y, 180, 3*y+1))
		if g.Contains(image.Pt(9, 3*y)) {
			t.Fatalf("%d is still there", 3*y)
		}
	}
}

func TestRegionTranslate(t *testing.T) {
	g := RegionOf(image.Rect(0, 0, 2, 2), image.Rect(5, 5, 6, 9))
	h := g.Clone()
	h.Translate(image.Pt(3, 1))
	if !h.Contains(image.Pt(3, 1)) || h.Contains(image.Pt(0, 0)) || !g.Contains(image.Pt(0, 0)) || h.Area() != g.Area() {
		t.Errorf("%v from %v", h.Rects(), g.Rects())
	}
	h.Clear()
	if !h.Empty() || h.Area() != 0 {
		t.Error("cleared")
	}
}
