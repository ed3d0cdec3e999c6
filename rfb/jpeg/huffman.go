package jpeg

import (
	"encoding/binary"
	"math/bits"
)

// bitWriter writes the entropy-coded segment: bits, the most significant bit of a byte first, and a
// zero byte after each byte of ones (T.81, section B.1.1.5).
type bitWriter struct {
	out []byte
	acc uint64 // the lowest n bits are not written yet
	n   uint
}

// codeWord is a code word and its length.
type codeWord struct {
	bits uint32
	n    uint8
}

func (w *bitWriter) write(c codeWord) { w.put(uint64(c.bits), uint(c.n)) }

// number writes the code of symbol combined with the value's length (T.81, section F.1.2), then the
// value in that many bits.
func (w *bitWriter) number(table []codeWord, symbol int, v int32) {
	sign := v >> 31
	size := uint(bits.Len32(uint32((v ^ sign) - sign)))
	low := uint64(uint32(v+sign)) & (1<<size - 1) // negative values minus one
	c := table[symbol|int(size)]
	w.put(uint64(c.bits)<<size|low, uint(c.n)+size)
}

// put writes n bits, at most 32.
func (w *bitWriter) put(v uint64, n uint) {
	w.acc = w.acc<<n | v
	if w.n += n; w.n < 32 {
		return
	}
	w.n -= 32
	word := uint32(w.acc >> w.n)
	// Test for a byte of ones, that is, a zero byte in the complement.
	if c := ^word; (c-0x01010101)&^c&0x80808080 == 0 {
		w.out = binary.BigEndian.AppendUint32(w.out, word)
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		w.stuffed(byte(word >> shift))
	}
}

func (w *bitWriter) stuffed(b byte) {
	w.out = append(w.out, b)
	if b == 0xff {
		w.out = append(w.out, 0)
	}
}

// flush fills the last byte with one bits and returns the output.
func (w *bitWriter) flush() []byte {
	for w.n >= 8 {
		w.n -= 8
		w.stuffed(byte(w.acc >> w.n))
	}
	if w.n > 0 {
		w.stuffed(byte(w.acc<<(8-w.n)) | byte(0xff>>w.n))
	}
	return w.out
}

// huffman has the codes for one kind of component.
type huffman struct {
	dc [16]codeWord
	ac [256]codeWord
}

// huffmanSpec has the number of codes of each length, and their symbols.
type huffmanSpec struct {
	counts  [16]byte
	symbols []byte
}

// codes assigns the code words (T.81, section C.2).
func (s *huffmanSpec) codes(table []codeWord) {
	code, k := uint32(0), 0
	for i, n := range s.counts {
		for range n {
			table[s.symbols[k]] = codeWord{code, uint8(i + 1)}
			code++
			k++
		}
		code <<= 1
	}
}

var luminance, chrominance = func() (l, c huffman) {
	specDCLuminance.codes(l.dc[:])
	specACLuminance.codes(l.ac[:])
	specDCChrominance.codes(c.dc[:])
	specACChrominance.codes(c.ac[:])
	return l, c
}()
