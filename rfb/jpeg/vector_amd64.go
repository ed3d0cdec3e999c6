//go:build goexperiment.simd && amd64

package jpeg

import (
	"math/bits"
	"simd/archsimd"
)

// With GOEXPERIMENT=simd Go has vector instructions for amd64. These functions give results
// identical to the ones they replace: they use the same operations in the same order.

func init() {
	if archsimd.X86.AVX2() {
		bestHalve, bestFull, bestTransform, bestCountSteps = halveAVX2, fullAVX2, transformAVX2, countStepsAVX2
	}
}

type (
	floats = archsimd.Float32x8
	ints   = archsimd.Int32x8
)

func splat(v float32) floats { return archsimd.BroadcastFloat32x8(v) }

// channels returns blue, green and red of eight pixels.
func channels(pix []byte) (b, g, r ints) {
	p := archsimd.LoadUint8x32((*[32]uint8)(pix)).AsUint32x8()
	low := archsimd.BroadcastUint32x8(0xff)
	return p.And(low).AsInt32x8(), p.ShiftAllRight(8).And(low).AsInt32x8(), p.ShiftAllRight(16).And(low).AsInt32x8()
}

// brightness stores eight luminance samples.
func brightness(to *[8]float32, b, g, r ints) {
	v := r.ConvertToFloat32().Mul(splat(0.299)).Add(g.ConvertToFloat32().Mul(splat(0.587)))
	v.Add(b.ConvertToFloat32().Mul(splat(0.114))).Sub(splat(128)).Store(to)
}

// fullAVX2 implements full.
func fullAVX2(blocks *samples, pix []byte, stride int) {
	for y := range 8 {
		b, g, r := channels(pix[y*stride:])
		brightness((*[8]float32)(blocks[0][8*y:]), b, g, r)
		fb, fg, fr := b.ConvertToFloat32(), g.ConvertToFloat32(), r.ConvertToFloat32()
		cb := fr.Mul(splat(-0.168736)).Sub(fg.Mul(splat(0.331264))).Add(fb.Mul(splat(0.5)))
		cr := fr.Mul(splat(0.5)).Sub(fg.Mul(splat(0.418688))).Sub(fb.Mul(splat(0.081312)))
		cb.Store((*[8]float32)(blocks[1][8*y:]))
		cr.Store((*[8]float32)(blocks[2][8*y:]))
	}
	archsimd.ClearAVXUpperBits()
}

// halveAVX2 implements halve.
func halveAVX2(blocks *samples, pix []byte, stride int) {
	// The pairwise addition produces its results in this order.
	order := archsimd.LoadUint32x8(&[8]uint32{0, 1, 4, 5, 2, 3, 6, 7})
	for y := 0; y < 16; y += 2 {
		top, bottom := pix[y*stride:], pix[(y+1)*stride:]
		left, right := &blocks[y/8*2], &blocks[y/8*2+1]
		at := y % 8 * 8
		b, g, r := channels(top)
		brightness((*[8]float32)(left[at:]), b, g, r)
		b1, g1, r1 := channels(bottom)
		brightness((*[8]float32)(left[at+8:]), b1, g1, r1)
		b, g, r = b.Add(b1), g.Add(g1), r.Add(r1)
		b2, g2, r2 := channels(top[32:])
		brightness((*[8]float32)(right[at:]), b2, g2, r2)
		b3, g3, r3 := channels(bottom[32:])
		brightness((*[8]float32)(right[at+8:]), b3, g3, r3)
		b = b.AddPairsGrouped(b2.Add(b3)).Permute(order)
		g = g.AddPairsGrouped(g2.Add(g3)).Permute(order)
		r = r.AddPairsGrouped(r2.Add(r3)).Permute(order)
		fb, fg, fr := b.ConvertToFloat32(), g.ConvertToFloat32(), r.ConvertToFloat32()
		cb := fr.Mul(splat(-0.168736 / 4)).Sub(fg.Mul(splat(0.331264 / 4))).Add(fb.Mul(splat(0.5 / 4)))
		cr := fr.Mul(splat(0.5 / 4)).Sub(fg.Mul(splat(0.418688 / 4))).Sub(fb.Mul(splat(0.081312 / 4)))
		cb.Store((*[8]float32)(blocks[4][4*y:]))
		cr.Store((*[8]float32)(blocks[5][4*y:]))
	}
	archsimd.ClearAVXUpperBits()
}

// streamBits maps, for each row of transform's result, a set of values to their positions in the
// stream.
var streamBits = func() (t [8][256]uint64) {
	var place [64]uint
	for k, n := range blockOrder {
		place[n] = uint(k)
	}
	for row := range t {
		for set := range t[row] {
			for rest := uint(set); rest != 0; rest &= rest - 1 {
				t[row][set] |= 1 << place[8*row+bits.TrailingZeros(rest)]
			}
		}
	}
	return t
}()

// transformAVX2 implements transform, eight columns at a time.
func transformAVX2(b, scale *[64]float32, q *[64]int32) (some uint64) {
	d0, d1 := archsimd.LoadFloat32x8((*[8]float32)(b[0:])), archsimd.LoadFloat32x8((*[8]float32)(b[8:]))
	d2, d3 := archsimd.LoadFloat32x8((*[8]float32)(b[16:])), archsimd.LoadFloat32x8((*[8]float32)(b[24:]))
	d4, d5 := archsimd.LoadFloat32x8((*[8]float32)(b[32:])), archsimd.LoadFloat32x8((*[8]float32)(b[40:]))
	d6, d7 := archsimd.LoadFloat32x8((*[8]float32)(b[48:])), archsimd.LoadFloat32x8((*[8]float32)(b[56:]))
	for again := range 2 {
		// dct8
		s0, s1, s2, s3 := d0.Add(d7), d1.Add(d6), d2.Add(d5), d3.Add(d4)
		t0, t1, t2, t3 := d0.Sub(d7), d1.Sub(d6), d2.Sub(d5), d3.Sub(d4)
		e0, e1, e2, e3 := s0.Add(s3), s1.Add(s2), s1.Sub(s2), s0.Sub(s3)
		d0, d4 = e0.Add(e1), e0.Sub(e1)
		z := e2.Add(e3).Mul(splat(0.707106781))
		d2, d6 = e3.Add(z), e3.Sub(z)
		u0, u1, u2 := t3.Add(t2), t2.Add(t1), t1.Add(t0)
		z5 := u0.Sub(u2).Mul(splat(0.382683433))
		z2 := u0.Mul(splat(0.541196100)).Add(z5)
		z4 := u2.Mul(splat(1.306562965)).Add(z5)
		z3 := u1.Mul(splat(0.707106781))
		v0, v1 := t0.Add(z3), t0.Sub(z3)
		d5, d3 = v1.Add(z2), v1.Sub(z2)
		d1, d7 = v0.Add(z4), v0.Sub(z4)
		if again == 1 {
			break
		}
		// Transpose: pairs, groups of four, halves.
		a0, a1 := d0.AsInt32x8(), d1.AsInt32x8()
		a2, a3 := d2.AsInt32x8(), d3.AsInt32x8()
		a4, a5 := d4.AsInt32x8(), d5.AsInt32x8()
		a6, a7 := d6.AsInt32x8(), d7.AsInt32x8()
		p0, p1 := a0.InterleaveLoGrouped(a1).AsInt64x4(), a0.InterleaveHiGrouped(a1).AsInt64x4()
		p2, p3 := a2.InterleaveLoGrouped(a3).AsInt64x4(), a2.InterleaveHiGrouped(a3).AsInt64x4()
		p4, p5 := a4.InterleaveLoGrouped(a5).AsInt64x4(), a4.InterleaveHiGrouped(a5).AsInt64x4()
		p6, p7 := a6.InterleaveLoGrouped(a7).AsInt64x4(), a6.InterleaveHiGrouped(a7).AsInt64x4()
		a0, a1 = p0.InterleaveLoGrouped(p2).AsInt32x8(), p0.InterleaveHiGrouped(p2).AsInt32x8()
		a2, a3 = p1.InterleaveLoGrouped(p3).AsInt32x8(), p1.InterleaveHiGrouped(p3).AsInt32x8()
		a4, a5 = p4.InterleaveLoGrouped(p6).AsInt32x8(), p4.InterleaveHiGrouped(p6).AsInt32x8()
		a6, a7 = p5.InterleaveLoGrouped(p7).AsInt32x8(), p5.InterleaveHiGrouped(p7).AsInt32x8()
		d0, d4 = a0.Select128FromPair(0, 2, a4).AsFloat32x8(), a0.Select128FromPair(1, 3, a4).AsFloat32x8()
		d1, d5 = a1.Select128FromPair(0, 2, a5).AsFloat32x8(), a1.Select128FromPair(1, 3, a5).AsFloat32x8()
		d2, d6 = a2.Select128FromPair(0, 2, a6).AsFloat32x8(), a2.Select128FromPair(1, 3, a6).AsFloat32x8()
		d3, d7 = a3.Select128FromPair(0, 2, a7).AsFloat32x8(), a3.Select128FromPair(1, 3, a7).AsFloat32x8()
	}
	some = quantiseAVX2(0, d0, scale, q) | quantiseAVX2(1, d1, scale, q) | quantiseAVX2(2, d2, scale, q) | quantiseAVX2(3, d3, scale, q) |
		quantiseAVX2(4, d4, scale, q) | quantiseAVX2(5, d5, scale, q) | quantiseAVX2(6, d6, scale, q) | quantiseAVX2(7, d7, scale, q)
	archsimd.ClearAVXUpperBits()
	return some
}

func quantiseAVX2(row int, d floats, scale *[64]float32, q *[64]int32) uint64 {
	v := d.Mul(archsimd.LoadFloat32x8((*[8]float32)(scale[8*row:]))).Add(splat(dctOffset + 0.5)).ConvertToInt32().
		Sub(archsimd.BroadcastInt32x8(dctOffset))
	v.Store((*[8]int32)(q[8*row:]))
	return streamBits[row][^v.Equal(ints{}).ToBits()]
}

// countStepsAVX2 implements countSteps, eight differences at a time.
func countStepsAVX2(row []byte) (equal, abrupt int) {
	colours := archsimd.LoadInt8x32(&[32]int8{1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0})
	ones, edge := archsimd.BroadcastInt16x16(1), archsimd.BroadcastInt32x8(abruptStep-1)
	i := 4
	for ; i+32 <= len(row); i += 32 {
		is, was := archsimd.LoadUint8x32((*[32]uint8)(row[i:])), archsimd.LoadUint8x32((*[32]uint8)(row[i-4:]))
		d := is.SubSaturated(was).Or(was.SubSaturated(is)).DotProductPairsSaturated(colours).DotProductPairs(ones)
		equal += bits.OnesCount8(d.Equal(ints{}).ToBits())
		abrupt += bits.OnesCount8(d.Greater(edge).ToBits())
	}
	archsimd.ClearAVXUpperBits()
	e, a := countSteps(row[i-4:])
	return equal + e, abrupt + a
}
