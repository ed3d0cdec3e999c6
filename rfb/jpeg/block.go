package jpeg

import "math/bits"

// The most expensive functions of the encoder. vector_amd64.go replaces them if the processor and
// the build have vector instructions. The results are identical to the bit.
var (
	bestHalve      = halve
	bestFull       = full
	bestTransform  = transform
	bestCountSteps = countSteps
)

// block transforms and quantises b and appends it to the scan. component selects the previous DC
// value.
func (e *Encoder) block(b *[64]float32, component int, scale *[64]float32, h *huffman) {
	q := &e.quantised
	some := bestTransform(b, scale, q)
	diff := q[0] - e.dc[component]
	e.dc[component] = q[0]
	e.bits.number(h.dc[:], 0, diff)
	last := 0
	for rest := some &^ 1; rest != 0; rest &= rest - 1 {
		k := bits.TrailingZeros64(rest)
		run := k - last - 1
		for ; run > 15; run -= 16 {
			e.bits.write(h.ac[0xf0])
		}
		e.bits.number(h.ac[:], run<<4, q[blockOrder[k]&63])
		last = k
	}
	if last < 63 {
		e.bits.write(h.ac[0x00]) // end of block
	}
}

// blockOrder maps the position of a value in the stream to its position after transform, which
// turns columns into rows.
var blockOrder = func() (order [64]byte) {
	for k, n := range zigzag {
		order[k] = n%8*8 + n/8
	}
	return order
}()

// transform stores the quantised values of b in q, with columns as rows. It returns a bit mask, by
// position in the stream, of the values that are not zero. It overwrites b. scale has q's order.
func transform(b, scale *[64]float32, q *[64]int32) (some uint64) {
	forwardDCT(b)
	for k, n := range blockOrder {
		// Rounds to the nearest integer: the offset makes truncation equal to floor.
		v := int32(b[n&63]*scale[n&63]+(dctOffset+0.5)) - dctOffset
		q[n&63] = v
		if v != 0 {
			some |= 1 << k
		}
	}
	return some
}

// dctOffset is greater than the magnitude of any quantised value.
const dctOffset = 1 << 13

// dctScale is the factor, by row and column, by which forwardDCT's output is too large (in addition
// to 8 overall).
var dctScale = [8]float32{1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.541196100, 0.275899379}

// forwardDCT is the scaled transform of Arai, Agui and Nakajima: five multiplications for eight
// values; the quantisation does the rest. Columns become rows.
func forwardDCT(b *[64]float32) {
	for i := range 8 {
		b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56] =
			dct8(b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56])
	}
	was := *b
	for i := range 8 {
		r := was[8*i : 8*i+8 : 8*i+8]
		b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56] =
			dct8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
}

func dct8(d0, d1, d2, d3, d4, d5, d6, d7 float32) (o0, o1, o2, o3, o4, o5, o6, o7 float32) {
	s0, s1, s2, s3 := d0+d7, d1+d6, d2+d5, d3+d4
	t0, t1, t2, t3 := d0-d7, d1-d6, d2-d5, d3-d4

	// Even part.
	e0, e1, e2, e3 := s0+s3, s1+s2, s1-s2, s0-s3
	o0, o4 = e0+e1, e0-e1
	z := (e2 + e3) * 0.707106781 // cos(π/4)
	o2, o6 = e3+z, e3-z

	// Odd part.
	u0, u1, u2 := t3+t2, t2+t1, t1+t0
	z5 := (u0 - u2) * 0.382683433 // sin(π/8)
	z2 := 0.541196100*u0 + z5     // cos(π/8) - sin(π/8)
	z4 := 1.306562965*u2 + z5     // cos(π/8) + sin(π/8)
	z3 := u1 * 0.707106781
	v0, v1 := t0+z3, t0-z3
	o5, o3 = v1+z2, v1-z2
	o1, o7 = v0+z4, v0-z4
	return
}
