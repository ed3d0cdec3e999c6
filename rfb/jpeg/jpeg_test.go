package jpeg

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"lotse/screen"
)

// These tests use the standard library's decoder. Images of all sizes around a block's, with
// content that drives every coefficient to its limit, are decoded with a small error, at most
// slightly above that of the standard library's encoder at the same quality.

var contents = map[string]func(x, y int, r *rand.Rand) (red, green, blue byte){
	"smooth": func(x, y int, _ *rand.Rand) (byte, byte, byte) {
		return byte(128 + 100*math.Sin(float64(x)/17)), byte(128 + 100*math.Cos(float64(y)/13)), byte(2*x + y)
	},
	"noise": func(_, _ int, r *rand.Rand) (byte, byte, byte) {
		v := r.Uint32()
		return byte(v), byte(v >> 8), byte(v >> 16)
	},
	"black and white": func(_, _ int, r *rand.Rand) (byte, byte, byte) {
		v := byte(-r.IntN(2))
		return v, v, v
	},
	"red and cyan": func(_, _ int, r *rand.Rand) (byte, byte, byte) {
		v := byte(-r.IntN(2))
		return v, ^v, ^v
	},
	// The transform's largest values: a wave with the signs of a basis function.
	"wave 4": func(x, _ int, _ *rand.Rand) (byte, byte, byte) {
		v := byte(0)
		if x%8 == 0 || x%8 == 3 || x%8 == 4 || x%8 == 7 {
			v = 255
		}
		return v, v, v
	},
	"blue wave 4": func(_, y int, _ *rand.Rand) (byte, byte, byte) {
		if y%8 == 0 || y%8 == 3 || y%8 == 4 || y%8 == 7 {
			return 0, 0, 255
		}
		return 255, 255, 0
	},
	"white": func(_, _ int, _ *rand.Rand) (byte, byte, byte) { return 255, 255, 255 },
	"black": func(_, _ int, _ *rand.Rand) (byte, byte, byte) { return 0, 0, 0 },
	"stripes of blocks": func(x, _ int, _ *rand.Rand) (byte, byte, byte) {
		v := byte(-(x / 8 % 2)) // the largest difference from block to block
		return v, v, v
	},
}

func frame(size image.Point, at func(x, y int, r *rand.Rand) (byte, byte, byte)) (*screen.Frame, *image.RGBA) {
	r := rand.New(rand.NewPCG(1, 2))
	f, m := screen.NewFrame(size), image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			red, green, blue := at(x, y, r)
			f.Fill(image.Rect(x, y, x+1, y+1), red, green, blue)
			m.SetRGBA(x, y, color.RGBA{red, green, blue, 255})
		}
	}
	return f, m
}

// rootMeanSquare returns the root mean square difference of a and b, in colour levels.
func rootMeanSquare(t *testing.T, data []byte, r image.Rectangle, b *image.RGBA) float64 {
	t.Helper()
	got, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got.Bounds().Size() != r.Size() {
		t.Fatalf("%v for %v", got.Bounds(), r)
	}
	m := image.NewRGBA(r)
	draw.Draw(m, r, got, image.Point{}, draw.Src)
	sum := 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p, q := m.RGBAAt(x, y), b.RGBAAt(x, y)
			for _, d := range [3]float64{float64(p.R) - float64(q.R), float64(p.G) - float64(q.G), float64(p.B) - float64(q.B)} {
				sum += d * d
			}
		}
	}
	return math.Sqrt(sum / float64(3*r.Dx()*r.Dy()))
}

func TestJPEG(t *testing.T) {
	var e Encoder
	for name, at := range contents {
		f, m := frame(image.Pt(70, 50), at)
		for _, r := range []image.Rectangle{
			{Max: f.Size}, image.Rect(0, 0, 64, 48), image.Rect(3, 5, 4, 6), image.Rect(1, 1, 9, 9), image.Rect(5, 7, 22, 23),
			image.Rect(0, 0, 16, 16), image.Rect(0, 0, 15, 17), image.Rect(53, 33, 70, 50), image.Rect(69, 0, 70, 50),
		} {
			for level := range quality {
				t.Run(fmt.Sprintf("%s %v level %d", name, r, level), func(t *testing.T) {
					ours := rootMeanSquare(t, e.Encode(f, r, level), r, m)
					var reference bytes.Buffer
					if err := jpeg.Encode(&reference, m.SubImage(r), &jpeg.Options{Quality: quality[level]}); err != nil {
						t.Fatal(err)
					}
					// Edges are extended differently, which costs very small images a little.
					if theirs := rootMeanSquare(t, reference.Bytes(), r, m); ours > 1.08*theirs+0.7 {
						t.Errorf("error %.2f, image/jpeg has %.2f", ours, theirs)
					}
				})
			}
		}
	}
}

func TestJPEGAllocatesNothing(t *testing.T) {
	var e Encoder
	f, _ := frame(image.Pt(128, 128), contents["smooth"])
	if n := testing.AllocsPerRun(10, func() { e.Encode(f, f.Bounds(), 6) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzJPEG(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 255, 0, 255}, uint8(17), uint8(9), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, w, h, level uint8) {
		frame := screen.NewFrame(image.Pt(1+int(w)%40, 1+int(h)%40))
		for i := range frame.Pix {
			if len(data) > 0 {
				frame.Pix[i] = data[i%len(data)]
			}
		}
		var e Encoder
		if _, err := jpeg.Decode(bytes.NewReader(e.Encode(frame, frame.Bounds(), int(level)%10))); err != nil {
			t.Fatal(err)
		}
	})
}
