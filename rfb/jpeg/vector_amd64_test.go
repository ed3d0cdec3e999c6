//go:build goexperiment.simd && amd64

package jpeg

import (
	"image"
	"math/rand/v2"
	"simd/archsimd"
	"testing"
)

// The vector instructions give results identical to plain Go.
func TestVectorsAreExact(t *testing.T) {
	if !archsimd.X86.AVX2() {
		t.Fatal("this processor has no AVX2: run without GOEXPERIMENT=simd")
	}
	for name, at := range contents {
		t.Run(name, func(t *testing.T) {
			f, _ := frame(image.Pt(70, 50), at)
			for y := 0; y+16 <= f.Size.Y; y += 3 {
				for x := 0; x+16 <= f.Size.X; x += 5 {
					sameSamples(t, f.Pix[y*f.Stride+4*x:], f.Stride)
				}
				for n := 1; n < f.Size.X; n++ {
					e, a := countSteps(f.Row(y, 0, n))
					if e2, a2 := countStepsAVX2(f.Row(y, 0, n)); e != e2 || a != a2 {
						t.Fatalf("row %d of %d pixels: %d, %d steps; want %d, %d", y, n, e2, a2, e, a)
					}
				}
			}
		})
	}
}

func sameSamples(t *testing.T, pix []byte, stride int) {
	t.Helper()
	for name, pair := range map[string][2]func(*samples, []byte, int){"full": {full, fullAVX2}, "halve": {halve, halveAVX2}} {
		var want, got samples
		pair[0](&want, pix, stride)
		pair[1](&got, pix, stride)
		if want != got {
			t.Fatalf("%s differs", name)
		}
		for level := range quality {
			tables := tablesOf[level]()
			for i := range want {
				a, b := want[i], got[i]
				var q, r [64]int32
				some, also := transform(&a, &tables.luminance, &q), transformAVX2(&b, &tables.luminance, &r)
				if some != also || q != r {
					t.Fatalf("%s, level %d, block %d: %x %v, want %x %v", name, level, i, also, r, some, q)
				}
			}
		}
	}
}

func BenchmarkTransform(b *testing.B) {
	var block [64]float32
	for i := range block {
		block[i] = float32(rand.IntN(256) - 128)
	}
	tables := tablesOf[6]()
	for name, f := range map[string]func(b, scale *[64]float32, q *[64]int32) uint64{"go": transform, "avx2": transformAVX2} {
		b.Run(name, func(b *testing.B) {
			var q [64]int32
			for b.Loop() {
				in := block
				f(&in, &tables.luminance, &q)
			}
		})
	}
}
