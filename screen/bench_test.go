package screen

import (
	"image"
	"math/rand/v2"
	"testing"
)

// BenchmarkApply applies 1920×1080 frames: nothing changed, a line of text, everything.
func BenchmarkApply(b *testing.B) {
	size := image.Pt(1920, 1080)
	r := rand.New(rand.NewPCG(1, 1))
	first := randomFrame(r, size)
	line := NewFrame(size)
	line.CopyRect(first, first.Bounds())
	line.Fill(image.Rect(200, 500, 900, 516), 255, 255, 255)
	for name, second := range map[string]*Frame{"unchanged": first, "line": line, "everything": randomFrame(r, size)} {
		b.Run(name, func(b *testing.B) {
			fb := NewFramebuffer(size)
			all := RegionOf(first.Bounds())
			fb.Apply(Update{Frame: first, Damage: all, Monitors: one(size)})
			b.SetBytes(int64(len(first.Pix)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				u := Update{Frame: second, Damage: all, Monitors: one(size)}
				if i%2 == 1 {
					u.Frame = first
				}
				fb.Apply(u)
			}
		})
	}
}

// BenchmarkMotion applies a text that scrolls by a line, a window that is dragged over text, and a
// photograph that is replaced by another.
func BenchmarkMotion(b *testing.B) {
	size := image.Pt(1920, 1080)
	rnd := rand.New(rand.NewPCG(1, 1))
	desk := NewFrame(size)
	textLike(desk, desk.Bounds(), rnd)
	scrolled := cloneFrame(desk)
	scroll(scrolled, image.Rect(200, 120, 1200, 920), -14, rnd)
	content := NewFrame(image.Pt(600, 400))
	textLike(content, content.Bounds(), rnd)
	here, there := cloneFrame(desk), cloneFrame(desk)
	drawWindow(here, image.Rect(300, 200, 900, 600), content)
	drawWindow(there, image.Rect(311, 205, 911, 605), content)
	noisy := func(seed uint64) *Frame {
		f := cloneFrame(desk)
		r := rand.New(rand.NewPCG(seed, 1))
		for y := 200; y < 920; y++ {
			row := f.Row(y, 300, 1580)
			for i := range row {
				row[i] = byte(r.Uint32())
			}
		}
		return f
	}
	for _, test := range []struct {
		name      string
		one, two  *Frame
		impatient bool
	}{{"scroll", desk, scrolled, false}, {"drag", here, there, false}, {"photo", noisy(1), noisy(2), true}} {
		b.Run(test.name, func(b *testing.B) {
			fb := NewFramebuffer(size)
			apply(fb, test.one)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if !test.impatient {
					fb.motion.misses = 0
				}
				apply(fb, []*Frame{test.two, test.one}[i%2])
			}
		})
	}
}
