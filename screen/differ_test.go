package screen

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// These tests compare with a pixel-by-pixel implementation. Apply copies every pixel that changed
// inside the hint, a viewer that follows the reported changes has the same frame, and nothing is
// reported if nothing changed; also size, monitors, pointer and shape.

func one(size image.Point) []Monitor { return []Monitor{{ID: 1, Rect: image.Rectangle{Max: size}}} }

func randomFrame(r *rand.Rand, size image.Point) *Frame {
	f := NewFrame(size)
	for i := range f.Pix {
		f.Pix[i] = byte(r.Uint32())
	}
	return f
}

func frameOf(b *Framebuffer) *Frame {
	f := NewFrame(image.Point{})
	b.Read(func(v View) {
		f = NewFrame(v.Frame.Size)
		f.CopyRect(v.Frame, v.Frame.Bounds())
	})
	return f
}

// checkApply applies next with the hint and compares with the simple implementation.
func checkApply(t *testing.T, b *Framebuffer, next *Frame, hint Region) {
	t.Helper()
	before := frameOf(b)
	resized := before.Size != next.Size
	change := b.Apply(Update{Frame: next, Damage: hint, Monitors: one(next.Size)})
	after := frameOf(b)
	if change.Resized != resized || after.Size != next.Size {
		t.Fatalf("resized: %v; %v from %v", change.Resized, after.Size, before.Size)
	}
	// A viewer with the old frame makes the moves, then receives the region.
	viewer := before
	if resized {
		viewer = NewFrame(next.Size)
	}
	for _, m := range change.Moves {
		if !m.Dst.In(viewer.Bounds()) || !m.Src().In(viewer.Bounds()) {
			t.Fatalf("move %+v in %v", m, viewer.Bounds())
		}
		from := NewFrame(viewer.Size)
		from.CopyRect(viewer, viewer.Bounds())
		for y := m.Dst.Min.Y; y < m.Dst.Max.Y; y++ {
			copy(viewer.Row(y, m.Dst.Min.X, m.Dst.Max.X), from.Row(y-m.Delta.Y, m.Dst.Min.X-m.Delta.X, m.Dst.Max.X-m.Delta.X))
		}
	}
	for _, r := range change.Region.Rects() {
		if !r.In(next.Bounds()) {
			t.Fatalf("%v outside %v", r, next.Bounds())
		}
		viewer.CopyRect(after, r)
	}
	for y := range next.Size.Y {
		for x := range next.Size.X {
			got := after.Row(y, x, x+1)
			if (resized || hint.Contains(image.Pt(x, y))) && !bytes.Equal(got, next.Row(y, x, x+1)) {
				t.Fatalf("%d,%d changed inside the hint and was not taken over", x, y)
			}
			if !bytes.Equal(got, viewer.Row(y, x, x+1)) {
				t.Fatalf("%d,%d was taken over and not reported; %+v", x, y, change)
			}
		}
	}
	if again := b.Apply(Update{Frame: next, Damage: hint, Monitors: one(next.Size)}); again.Any() {
		t.Fatalf("the same again: %+v", again)
	}
}

func playDiffer(t *testing.T, seed uint64, data []byte) {
	r := rand.New(rand.NewPCG(seed, 3))
	size := image.Pt(1+r.IntN(200), 1+r.IntN(200))
	b := NewFramebuffer(size)
	f := randomFrame(r, size)
	checkApply(t, b, f, RegionOf(f.Bounds()))
	for len(data) >= 5 {
		next := NewFrame(f.Size)
		next.CopyRect(f, f.Bounds())
		var hint Region
		for range data[0]%4 + 1 {
			if len(data) < 5 {
				break
			}
			x, y := int(data[1])%f.Size.X, int(data[2])%f.Size.Y
			area := image.Rect(x, y, x+1+int(data[3]), y+1+int(data[4]))
			hint.Add(area)
			for i := 0; data[0]&16 == 0 && i < 40; i++ {
				p := area.Min.Add(image.Pt(r.IntN(area.Dx()), r.IntN(area.Dy())))
				if p.In(next.Bounds()) {
					next.Row(p.Y, p.X, p.X+1)[i%3]++
				}
			}
			if data[0]&32 != 0 { // changes outside the hint
				next.Pix[r.IntN(len(next.Pix))]++
			}
			data = data[5:]
		}
		if r.IntN(12) == 0 {
			size := image.Pt(1+r.IntN(200), 1+r.IntN(200))
			next = randomFrame(r, size)
			hint = RegionOf(next.Bounds())
		}
		checkApply(t, b, next, hint)
		f = frameOf(b)
	}
}

func FuzzDiffer(f *testing.F) {
	f.Add(uint64(1), []byte{0, 1, 2, 3, 4, 3, 60, 60, 10, 10, 5, 63, 63, 2, 2, 48, 0, 0, 255, 255})
	f.Fuzz(func(t *testing.T, seed uint64, data []byte) { playDiffer(t, seed, data[:min(len(data), 60)]) })
}

func TestApplyRandom(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 4))
		data := make([]byte, 60)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		playDiffer(t, seed, data)
	}
}

// Scrolling: whether or not a move is found, the report must be right.
func TestApplyScroll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	size := image.Pt(300, 260)
	b := NewFramebuffer(size)
	f := randomFrame(r, size)
	checkApply(t, b, f, RegionOf(f.Bounds()))
	for i := range 40 {
		area := image.Rect(r.IntN(100), r.IntN(100), 180+r.IntN(120), 180+r.IntN(80))
		d := 1 + r.IntN(60)
		next := NewFrame(size)
		next.CopyRect(f, f.Bounds())
		for y := area.Min.Y; y < area.Max.Y; y++ {
			from := y + d
			if i%2 == 0 {
				from = y - d
			}
			if from >= area.Min.Y && from < area.Max.Y {
				copy(next.Row(y, area.Min.X, area.Max.X), f.Row(from, area.Min.X, area.Max.X))
			} else {
				copy(next.Row(y, area.Min.X, area.Max.X), randomFrame(r, image.Pt(area.Dx(), 1)).Pix)
			}
		}
		if i%3 == 0 { // and something on top, like a pointer
			next.Fill(image.Rect(150, 150, 170, 180), 255, 0, 0)
		}
		hint := RegionOf(area, image.Rect(150, 150, 170, 180))
		checkApply(t, b, next, hint)
		f = frameOf(b)
	}
}

// A frame with padding after its rows, as in captures.
func TestApplyStride(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	wide := randomFrame(r, image.Pt(100, 40))
	f := &Frame{Pix: wide.Pix, Stride: wide.Stride, Size: image.Pt(70, 40)}
	b := NewFramebuffer(f.Size)
	checkApply(t, b, f, RegionOf(f.Bounds()))
}

func TestApplyTellsWhatChanged(t *testing.T) {
	size := image.Pt(10, 10)
	b := NewFramebuffer(size)
	u := Update{Frame: NewFrame(size), Monitors: one(size)}
	if c := b.Apply(u); c.Any() {
		t.Errorf("nothing: %+v", c)
	}
	u.Pointer = image.Pt(3, 4)
	if c := b.Apply(u); !c.Pointer || c.Cursor || c.Layout || !c.Region.Empty() {
		t.Errorf("pointer: %+v", c)
	}
	u.Cursor = &Cursor{}
	if c := b.Apply(u); c.Pointer || !c.Cursor {
		t.Errorf("cursor: %+v", c)
	}
	u.Monitors = []Monitor{{ID: 1, Rect: image.Rect(0, 0, 5, 10)}, {ID: 2, Rect: image.Rect(5, 0, 10, 10)}}
	seq := uint64(0)
	b.Read(func(v View) { seq = v.Seq })
	c := b.Apply(u)
	if !c.Layout || c.Resized || c.Seq != seq+1 {
		t.Errorf("layout: %+v", c)
	}
	u.Monitors[0].ID = 9 // the caller's slice must not be kept
	b.Read(func(v View) {
		if v.Monitors[0].ID != 1 || v.Pointer != u.Pointer || v.Cursor != u.Cursor || v.Seq != c.Seq {
			t.Errorf("%+v", v)
		}
	})
}
