package screen

import (
	"image"
	"math/rand/v2"
	"testing"
)

// BenchmarkApply compares and takes over 1920×1080 frames: nothing changed, a
// line of text, everything.
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
