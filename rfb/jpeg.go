package rfb

import (
	"bytes"
	"image"
	"image/jpeg"

	"lotse/screen"
)

// jpegMinSide: below it JPEG's headers cost more than they save.
const jpegMinSide = 16

// jpegQuality maps the viewers' levels 0 to 9 to JPEG's 1 to 100; the steps are
// those that viewers' users know: 6 is good, 9 hardly to be told from lossless.
var jpegQuality = [10]int{15, 29, 41, 42, 62, 77, 79, 86, 92, 98}

// jpegEncoder keeps its buffers from rectangle to rectangle.
type jpegEncoder struct {
	out   bytes.Buffer
	image image.YCbCr
}

// encode returns the JPEG of r, valid until the next call; level is 0 to 9.
func (e *jpegEncoder) encode(f *screen.Frame, r image.Rectangle, level int) ([]byte, error) {
	e.load(f, r)
	e.out.Reset()
	err := jpeg.Encode(&e.out, &e.image, &jpeg.Options{Quality: jpegQuality[level]})
	return e.out.Bytes(), err
}

// load converts r to YCbCr with halved chroma (JFIF, ITU-T T.871).
func (e *jpegEncoder) load(f *screen.Frame, r image.Rectangle) {
	w, h := r.Dx(), r.Dy()
	cw, ch := (w+1)/2, (h+1)/2
	if len(e.image.Y) < w*h {
		e.image.Y = make([]byte, w*h)
	}
	if len(e.image.Cb) < cw*ch {
		e.image.Cb, e.image.Cr = make([]byte, cw*ch), make([]byte, cw*ch)
	}
	e.image.YStride, e.image.CStride = w, cw
	e.image.SubsampleRatio = image.YCbCrSubsampleRatio420
	e.image.Rect = image.Rect(0, 0, w, h)
	for y := 0; y < h; y += 2 {
		top := f.Row(r.Min.Y+y, r.Min.X, r.Max.X)
		bottom := f.Row(r.Min.Y+min(y+1, h-1), r.Min.X, r.Max.X)
		yTop := e.image.Y[y*w:][:w]
		yBottom := e.image.Y[min(y+1, h-1)*w:][:w]
		cb := e.image.Cb[y/2*cw:][:cw]
		cr := e.image.Cr[y/2*cw:][:cw]
		for x := 0; x < w; x += 2 {
			x1 := min(x+1, w-1)
			b0, g0, r0 := lum(top, x, yTop)
			b1, g1, r1 := lum(top, x1, yTop)
			b2, g2, r2 := lum(bottom, x, yBottom)
			b3, g3, r3 := lum(bottom, x1, yBottom)
			bs, gs, rs := b0+b1+b2+b3, g0+g1+g2+g3, r0+r1+r2+r3
			// 16-bit fixed point; sums of four pixels, so two more bits to drop.
			cb[x/2] = clampByte((-11056*rs - 21712*gs + 32768*bs + 128<<18 + 1<<17 - 1) >> 18)
			cr[x/2] = clampByte((32768*rs - 27440*gs - 5328*bs + 128<<18 + 1<<17 - 1) >> 18)
		}
	}
}

// lum writes the luminance of pixel x to out and returns its colours.
func lum(row []byte, x int, out []byte) (b, g, r int32) {
	p := row[4*x : 4*x+4 : 4*x+4]
	b, g, r = int32(p[0]), int32(p[1]), int32(p[2])
	out[x] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
	return b, g, r
}

func clampByte(v int32) byte { return byte(max(0, min(255, v))) }

// smooth reports whether r looks like a photograph or a gradient rather than
// text or line art: few of its steps from pixel to pixel are abrupt, and most
// are not zero.
func smooth(f *screen.Frame, r image.Rectangle) bool {
	equal, small, abrupt := 0, 0, 0
	for y := r.Min.Y; y < r.Max.Y; y += 4 {
		row := f.Row(y, r.Min.X, r.Max.X)
		for i := 4; i < len(row); i += 4 {
			d := absDiff(row[i], row[i-4]) + absDiff(row[i+1], row[i-3]) + absDiff(row[i+2], row[i-2])
			switch {
			case d == 0:
				equal++
			case d < 96:
				small++
			default:
				abrupt++
			}
		}
	}
	return small > 2*abrupt && small*3 > equal
}

func absDiff(a, b byte) int {
	if a > b {
		return int(a - b)
	}
	return int(b - a)
}
