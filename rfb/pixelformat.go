package rfb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/bits"

	"lotse/screen"
)

// RFC 6143, section 7.4.
const pixelFormatSize = 16

// PixelFormat is the viewer's pixel format. Multi-byte fields are big endian on the wire.
type PixelFormat struct {
	BitsPerPixel uint8 // 8, 16 or 32
	Depth        uint8
	BigEndian    bool
	TrueColour   bool
	RedMax       uint16
	GreenMax     uint16
	BlueMax      uint16
	RedShift     uint8
	GreenShift   uint8
	BlueShift    uint8
}

// nativeFormat is the format of a screen.Frame: 32-bit little-endian 0x00RRGGBB.
var nativeFormat = PixelFormat{
	BitsPerPixel: 32, Depth: 24, TrueColour: true,
	RedMax: 255, GreenMax: 255, BlueMax: 255,
	RedShift: 16, GreenShift: 8, BlueShift: 0,
}

func (f *PixelFormat) append(b []byte) []byte {
	flag := func(v bool) byte {
		if v {
			return 1
		}
		return 0
	}
	b = append(b, f.BitsPerPixel, f.Depth, flag(f.BigEndian), flag(f.TrueColour))
	b = binary.BigEndian.AppendUint16(b, f.RedMax)
	b = binary.BigEndian.AppendUint16(b, f.GreenMax)
	b = binary.BigEndian.AppendUint16(b, f.BlueMax)
	return append(b, f.RedShift, f.GreenShift, f.BlueShift, 0, 0, 0)
}

func (f *PixelFormat) parse(b []byte) error {
	if len(b) != pixelFormatSize {
		return errors.New("rfb: pixel format: wrong length")
	}
	p := PixelFormat{
		BitsPerPixel: b[0], Depth: b[1], BigEndian: b[2] != 0, TrueColour: b[3] != 0,
		RedMax: binary.BigEndian.Uint16(b[4:]), GreenMax: binary.BigEndian.Uint16(b[6:]), BlueMax: binary.BigEndian.Uint16(b[8:]),
		RedShift: b[10], GreenShift: b[11], BlueShift: b[12],
	}
	switch p.BitsPerPixel {
	case 8, 16, 32:
	default:
		return fmt.Errorf("rfb: pixel format: %d bits per pixel, want 8, 16 or 32", p.BitsPerPixel)
	}
	if !p.TrueColour {
		if p.BitsPerPixel != 8 {
			return fmt.Errorf("rfb: pixel format: a colour map with %d bits per pixel, want 8", p.BitsPerPixel)
		}
		*f = p
		return nil
	}
	for _, c := range [3]struct {
		max   uint16
		shift uint8
	}{{p.RedMax, p.RedShift}, {p.GreenMax, p.GreenShift}, {p.BlueMax, p.BlueShift}} {
		if c.max&(c.max+1) != 0 {
			return fmt.Errorf("rfb: pixel format: colour maximum %d is not a power of two less one", c.max)
		}
		if bits.Len16(c.max)+int(c.shift) > int(p.BitsPerPixel) {
			return fmt.Errorf("rfb: pixel format: a colour of %d bits at bit %d does not fit into %d bits", bits.Len16(c.max), c.shift, p.BitsPerPixel)
		}
	}
	*f = p
	return nil
}

// cubeSide is the number of levels per primary colour in the colour map.
const cubeSide = 6

// appendColourMap appends SetColourMapEntries (RFC 6143, section 7.6.2) with a
// 6×6×6 cube.
func appendColourMap(b []byte) []byte {
	b = append(b, msgSetColourMapEntries, 0)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, cubeSide*cubeSide*cubeSide)
	for i := range cubeSide * cubeSide * cubeSide {
		for _, level := range [3]int{i / (cubeSide * cubeSide), i / cubeSide % cubeSide, i % cubeSide} {
			b = binary.BigEndian.AppendUint16(b, uint16(level*65535/(cubeSide-1)))
		}
	}
	return b
}

// converter converts a frame's pixels to words in the viewer's format. The lowest bytes of a word,
// in little-endian order, are sent.
type converter struct {
	format PixelFormat
	native bool
	size   int // bytes per pixel on the wire
	// The contribution of each red, green and blue value to the word; the word is their sum.
	red, green, blue [256]uint32
	// compact is the size in bytes of a CPIXEL (RFC 6143, section 7.7.5), 3 or size. It starts at
	// bit compactShift of the word.
	compact      int
	compactShift uint
	// tight3: a TPIXEL is three bytes, red, green, blue.
	tight3 bool
}

func newConverter(f PixelFormat) *converter {
	c := &converter{format: f, size: int(f.BitsPerPixel) / 8}
	c.native = f == nativeFormat || (f.BitsPerPixel == 32 && f.TrueColour && !f.BigEndian &&
		f.RedMax == 255 && f.GreenMax == 255 && f.BlueMax == 255 && f.RedShift == 16 && f.GreenShift == 8 && f.BlueShift == 0)
	for v := range 256 {
		if f.TrueColour {
			c.red[v] = c.part(v, f.RedMax, f.RedShift)
			c.green[v] = c.part(v, f.GreenMax, f.GreenShift)
			c.blue[v] = c.part(v, f.BlueMax, f.BlueShift)
			continue
		}
		level := uint32((v*(cubeSide-1) + 127) / 255)
		c.red[v], c.green[v], c.blue[v] = level*cubeSide*cubeSide, level*cubeSide, level
	}
	c.compact = c.size
	if f.TrueColour && f.BitsPerPixel == 32 && f.Depth <= 24 {
		used := uint32(f.RedMax)<<f.RedShift | uint32(f.GreenMax)<<f.GreenShift | uint32(f.BlueMax)<<f.BlueShift
		switch {
		case used&0xff000000 == 0: // the least significant three bytes
			c.compact = 3
			if f.BigEndian {
				c.compactShift = 8
			}
		case used&0x000000ff == 0:
			c.compact = 3
			if !f.BigEndian {
				c.compactShift = 8
			}
		}
	}
	c.tight3 = f.TrueColour && f.BitsPerPixel == 32 && f.Depth == 24 && f.RedMax == 255 && f.GreenMax == 255 && f.BlueMax == 255
	return c
}

func (c *converter) part(v int, limit uint16, shift uint8) uint32 {
	w := uint32((v*int(limit)+127)/255) << shift
	if !c.format.BigEndian {
		return w
	}
	return bits.ReverseBytes32(w) >> (32 - uint(c.format.BitsPerPixel))
}

// word converts one pixel.
func (c *converter) word(red, green, blue byte) uint32 {
	return c.red[red] + c.green[green] + c.blue[blue]
}

// load converts the pixels of r into dst, row by row without padding.
func (c *converter) load(dst []uint32, f *screen.Frame, r image.Rectangle) []uint32 {
	n := r.Dx() * r.Dy()
	if cap(dst) < n {
		dst = make([]uint32, n)
	}
	dst = dst[:n]
	w := r.Dx()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := f.Row(y, r.Min.X, r.Max.X)
		out := dst[(y-r.Min.Y)*w:][:w]
		if c.native {
			// Two at a time, because the loop itself costs most.
			for len(out) >= 2 && len(row) >= 8 {
				two := binary.LittleEndian.Uint64(row)
				out[0], out[1] = uint32(two)&0xffffff, uint32(two>>32)&0xffffff
				out, row = out[2:], row[8:]
			}
			if len(out) > 0 {
				out[0] = binary.LittleEndian.Uint32(row) & 0xffffff
			}
			continue
		}
		for i := range out {
			p := row[i*4 : i*4+4 : i*4+4]
			out[i] = c.red[p[2]] + c.green[p[1]] + c.blue[p[0]]
		}
	}
	return dst
}

// appendPixels appends words as PIXELs.
func (c *converter) appendPixels(b []byte, words []uint32) []byte {
	return appendWords(b, words, c.size, 0)
}

// appendCompact appends words as CPIXELs.
func (c *converter) appendCompact(b []byte, words []uint32) []byte {
	return appendWords(b, words, c.compact, c.compactShift)
}

// appendTight appends words as TPIXELs (rfbproto, Tight encoding).
func (c *converter) appendTight(b []byte, words []uint32) []byte {
	if !c.tight3 {
		return appendWords(b, words, c.size, 0)
	}
	start := len(b)
	b = grow(b, 3*len(words))
	out := b[start:]
	if c.native {
		for i, w := range words {
			o := out[3*i : 3*i+3 : 3*i+3]
			o[0], o[1], o[2] = byte(w>>16), byte(w>>8), byte(w)
		}
		return b
	}
	f := &c.format
	for i, w := range words {
		if f.BigEndian {
			w = bits.ReverseBytes32(w)
		}
		o := out[3*i : 3*i+3 : 3*i+3]
		o[0], o[1], o[2] = byte(w>>f.RedShift), byte(w>>f.GreenShift), byte(w>>f.BlueShift)
	}
	return b
}

// grow extends b by n bytes of undefined content.
func grow(b []byte, n int) []byte {
	if len(b)+n <= cap(b) {
		return b[:len(b)+n]
	}
	bigger := make([]byte, len(b)+n, max(2*cap(b), len(b)+n))
	copy(bigger, b)
	return bigger
}

func appendWords(b []byte, words []uint32, size int, shift uint) []byte {
	start := len(b)
	b = grow(b, size*len(words))
	out := b[start:]
	switch size {
	case 1:
		for i, w := range words {
			out[i] = byte(w)
		}
	case 2:
		for i, w := range words {
			binary.LittleEndian.PutUint16(out[2*i:], uint16(w))
		}
	case 3:
		for i, w := range words {
			w >>= shift
			o := out[3*i : 3*i+3 : 3*i+3]
			o[0], o[1], o[2] = byte(w), byte(w>>8), byte(w>>16)
		}
	default:
		for i, w := range words {
			binary.LittleEndian.PutUint32(out[4*i:], w)
		}
	}
	return b
}
