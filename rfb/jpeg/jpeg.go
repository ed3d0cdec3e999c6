// Package jpeg encodes frames directly as baseline JPEG, for RFB's Tight encoding. With
// GOEXPERIMENT=simd it uses the vector instructions of amd64, with identical results.
package jpeg

import (
	"encoding/binary"
	"image"
	"sync"

	"lotse/screen"
)

// MinSide is the side in pixels below which JPEG's headers cost more than JPEG saves.
const MinSide = 16

// quality maps the viewers' levels 0 to 9 to JPEG's 1 to 100. Users of viewers know these steps: 6
// is good, 9 looks almost lossless.
var quality = [10]int{15, 29, 41, 42, 62, 77, 79, 86, 92, 98}

// fullChroma is the lowest level at which chroma is not subsampled; below it chroma has a quarter
// of the samples.
const fullChroma = 8

// Encoder writes baseline JFIF (ITU-T T.81 and T.871) directly from a frame. image/jpeg takes twice
// as long, subsamples chroma at every level and allocates for each image.
type Encoder struct {
	bits      bitWriter
	dc        [3]int32 // DC value of the previous block, by component
	blocks    samples
	quantised [64]int32
	edge      [16 * 16 * screen.BytesPerPixel]byte // an MCU that crosses the rectangle's edge
}

// samples are the samples of one MCU: luminance first, then chrominance.
type samples [6][64]float32

// Encode returns r as JPEG, valid until the next call. level is 0 to 9.
func (e *Encoder) Encode(f *screen.Frame, r image.Rectangle, level int) []byte {
	t := tablesOf[level]()
	e.bits = bitWriter{out: append(e.bits.out[:0], t.tables...)}
	e.dc = [3]int32{}
	side, sampling := 16, byte(0x22)
	if level >= fullChroma {
		side, sampling = 8, 0x11
	}
	e.bits.out = appendHeader(e.bits.out, r.Size(), sampling)
	for y := r.Min.Y; y < r.Max.Y; y += side {
		for x := r.Min.X; x < r.Max.X; x += side {
			pix, stride := f.Pix[y*f.Stride+x*screen.BytesPerPixel:], f.Stride
			if x+side > r.Max.X || y+side > r.Max.Y {
				pix, stride = e.padded(f, r, image.Pt(x, y), side), side*screen.BytesPerPixel
			}
			if side == 8 {
				e.full(pix, stride, t)
			} else {
				e.halved(pix, stride, t)
			}
		}
	}
	return append(e.bits.flush(), 0xff, 0xd9) // EOI
}

// padded returns the square at p; beyond r it repeats the last column and row.
func (e *Encoder) padded(f *screen.Frame, r image.Rectangle, p image.Point, side int) []byte {
	const size = screen.BytesPerPixel
	for y := range side {
		row := f.Row(min(p.Y+y, r.Max.Y-1), p.X, min(p.X+side, r.Max.X))
		out := e.edge[y*side*size:][:side*size]
		for n := copy(out, row); n < len(out); n += size {
			copy(out[n:n+size], row[len(row)-size:])
		}
	}
	return e.edge[:]
}

// full encodes 8×8 pixels as one block of each component.
func (e *Encoder) full(pix []byte, stride int, t *tableSet) {
	bestFull(&e.blocks, pix, stride)
	e.block(&e.blocks[0], 0, &t.luminance, &luminance)
	e.block(&e.blocks[1], 1, &t.chrominance, &chrominance)
	e.block(&e.blocks[2], 2, &t.chrominance, &chrominance)
}

// halved encodes 16×16 pixels as four blocks of luminance and one of each chrominance, whose
// samples are the means of four pixels.
func (e *Encoder) halved(pix []byte, stride int, t *tableSet) {
	bestHalve(&e.blocks, pix, stride)
	for i := range 4 {
		e.block(&e.blocks[i], 0, &t.luminance, &luminance)
	}
	e.block(&e.blocks[4], 1, &t.chrominance, &chrominance)
	e.block(&e.blocks[5], 2, &t.chrominance, &chrominance)
}

// full converts 8×8 pixels to samples minus 128 (T.871, section 7).
func full(blocks *samples, pix []byte, stride int) {
	by, bcb, bcr := &blocks[0], &blocks[1], &blocks[2]
	for y := range 8 {
		row := pix[y*stride:][:8*screen.BytesPerPixel]
		for x := range 8 {
			p := row[4*x : 4*x+4 : 4*x+4]
			b, g, r := float32(p[0]), float32(p[1]), float32(p[2])
			by[8*y+x] = 0.299*r + 0.587*g + 0.114*b - 128
			bcb[8*y+x] = -0.168736*r - 0.331264*g + 0.5*b
			bcr[8*y+x] = 0.5*r - 0.418688*g - 0.081312*b
		}
	}
}

// halve does the same for 16×16 pixels, with a quarter of the chrominance samples.
func halve(blocks *samples, pix []byte, stride int) {
	bcb, bcr := &blocks[4], &blocks[5]
	for y := 0; y < 16; y += 2 {
		top := pix[y*stride:][:16*screen.BytesPerPixel]
		bottom := pix[(y+1)*stride:][:16*screen.BytesPerPixel]
		for x := 0; x < 16; x += 2 {
			by := &blocks[y/8*2+x/8]
			at := y%8*8 + x%8
			p, q := top[4*x:4*x+8:4*x+8], bottom[4*x:4*x+8:4*x+8]
			b0, g0, r0 := float32(p[0]), float32(p[1]), float32(p[2])
			b1, g1, r1 := float32(p[4]), float32(p[5]), float32(p[6])
			b2, g2, r2 := float32(q[0]), float32(q[1]), float32(q[2])
			b3, g3, r3 := float32(q[4]), float32(q[5]), float32(q[6])
			by[at&63] = 0.299*r0 + 0.587*g0 + 0.114*b0 - 128
			by[(at+1)&63] = 0.299*r1 + 0.587*g1 + 0.114*b1 - 128
			by[(at+8)&63] = 0.299*r2 + 0.587*g2 + 0.114*b2 - 128
			by[(at+9)&63] = 0.299*r3 + 0.587*g3 + 0.114*b3 - 128
			b, g, r := b0+b1+b2+b3, g0+g1+g2+g3, r0+r1+r2+r3
			bcb[y/2*8+x/2] = -0.168736/4*r - 0.331264/4*g + 0.5/4*b
			bcr[y/2*8+x/2] = 0.5/4*r - 0.418688/4*g - 0.081312/4*b
		}
	}
}

// tableSet has the tables of a quality level.
type tableSet struct {
	tables []byte // SOI up to before SOF
	// Factors for transformed values, in transform's order: the inverse of the quantisation and of
	// the transform's own scale.
	luminance, chrominance [64]float32
}

var tablesOf = func() (list [10]func() *tableSet) {
	for level := range list {
		list[level] = sync.OnceValue(func() *tableSet { return newTables(quality[level]) })
	}
	return list
}()

func newTables(quality int) *tableSet {
	t := &tableSet{}
	// T.871: SOI, APP0 with version 1.1, square pixels, no thumbnail.
	t.tables = append(t.tables, "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	t.tables = append(t.tables, 0xff, 0xdb, 0, 2+2*65) // DQT
	for i, base := range [2]*[64]byte{&quantLuminance, &quantChrominance} {
		t.tables = append(t.tables, byte(i))
		out := [2]*[64]float32{&t.luminance, &t.chrominance}[i]
		for k, n := range zigzag {
			q := scaleQuant(base[n], quality)
			t.tables = append(t.tables, q)
			out[blockOrder[k]] = 1 / (float32(q) * dctScale[n/8] * dctScale[n%8] * 8)
		}
	}
	for i, h := range [4]*huffmanSpec{&specDCLuminance, &specACLuminance, &specDCChrominance, &specACChrominance} {
		t.tables = append(t.tables, 0xff, 0xc4) // DHT
		t.tables = binary.BigEndian.AppendUint16(t.tables, uint16(2+1+16+len(h.symbols)))
		t.tables = append(t.tables, byte(i%2<<4|i/2))
		t.tables = append(t.tables, h.counts[:]...)
		t.tables = append(t.tables, h.symbols...)
	}
	return t
}

// scaleQuant uses the Independent JPEG Group's scale of quality: 50 leaves the table unchanged, 100
// makes it all ones.
func scaleQuant(q byte, quality int) byte {
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	return byte(max(1, min(255, (int(q)*scale+50)/100)))
}

// appendHeader appends SOF0 and SOS. sampling is the luminance's.
func appendHeader(b []byte, size image.Point, sampling byte) []byte {
	b = append(b, 0xff, 0xc0, 0, 8+3*3, 8, byte(size.Y>>8), byte(size.Y), byte(size.X>>8), byte(size.X), 3,
		1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1)
	return append(b, 0xff, 0xda, 0, 6+2*3, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0)
}

// Smooth reports whether r looks like a photograph or a gradient rather than text or line art: few
// of its pixel-to-pixel differences are abrupt, and most are not zero.
func Smooth(f *screen.Frame, r image.Rectangle) bool {
	equal, small, abrupt := 0, 0, 0
	step := 4
	if r.Dy() >= 64 {
		step = 8
	}
	for y := r.Min.Y; y < r.Max.Y; y += step {
		e, a := bestCountSteps(f.Row(y, r.Min.X, r.Max.X))
		equal += e
		abrupt += a
		small += r.Dx() - 1 - e - a
	}
	return small > 2*abrupt && small*3 > equal
}

// abruptStep is the smallest difference of two pixels, summed over the colours, that counts as an
// edge.
const abruptStep = 96

// countSteps counts the pixel-to-pixel differences in a row that are zero, and those that are
// abrupt.
func countSteps(row []byte) (equal, abrupt int) {
	for i := 4; i < len(row); i += 4 {
		d := absDiff(row[i], row[i-4]) + absDiff(row[i+1], row[i-3]) + absDiff(row[i+2], row[i-2])
		switch {
		case d == 0:
			equal++
		case d >= abruptStep:
			abrupt++
		}
	}
	return equal, abrupt
}

func absDiff(a, b byte) int {
	if a > b {
		return int(a - b)
	}
	return int(b - a)
}
