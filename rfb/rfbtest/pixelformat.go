package rfbtest

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"math/bits"
)

// PixelFormat is RFC 6143, section 7.4.
type PixelFormat struct {
	BitsPerPixel, Depth             int
	BigEndian, TrueColour           bool
	RedMax, GreenMax, BlueMax       int
	RedShift, GreenShift, BlueShift int
}

func (f PixelFormat) append(b []byte) []byte {
	b = append(b, byte(f.BitsPerPixel), byte(f.Depth), flag(f.BigEndian), flag(f.TrueColour))
	for _, m := range [3]int{f.RedMax, f.GreenMax, f.BlueMax} {
		b = binary.BigEndian.AppendUint16(b, uint16(m))
	}
	return append(b, byte(f.RedShift), byte(f.GreenShift), byte(f.BlueShift), 0, 0, 0)
}

func flag(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// parsePixelFormat parses a server's format and checks that the RFC allows it.
func parsePixelFormat(b []byte) (PixelFormat, error) {
	u16 := func(i int) int { return int(binary.BigEndian.Uint16(b[i:])) }
	f := PixelFormat{
		BitsPerPixel: int(b[0]), Depth: int(b[1]), BigEndian: b[2] != 0, TrueColour: b[3] != 0,
		RedMax: u16(4), GreenMax: u16(6), BlueMax: u16(8),
		RedShift: int(b[10]), GreenShift: int(b[11]), BlueShift: int(b[12]),
	}
	if f.BitsPerPixel != 8 && f.BitsPerPixel != 16 && f.BitsPerPixel != 32 || f.Depth > f.BitsPerPixel {
		return f, fmt.Errorf("%w: %d bits per pixel, depth %d", ErrPixelFormat, f.BitsPerPixel, f.Depth)
	}
	if !f.TrueColour {
		return f, nil
	}
	used, sum := uint64(0), 0
	for _, c := range [3][2]int{{f.RedMax, f.RedShift}, {f.GreenMax, f.GreenShift}, {f.BlueMax, f.BlueShift}} {
		mask := uint64(c[0]) << c[1]
		if c[0]&(c[0]+1) != 0 || used&mask != 0 || mask>>f.BitsPerPixel != 0 {
			return f, fmt.Errorf("%w: maximum %d at bit %d", ErrPixelFormat, c[0], c[1])
		}
		used |= mask
		sum += bits.Len(uint(c[0]))
	}
	if sum > f.Depth {
		return f, fmt.Errorf("%w: %d bits of colour in a depth of %d", ErrPixelFormat, sum, f.Depth)
	}
	return f, nil
}

// Map returns the colour that the viewer shows for c: quantised to the format with rounding, and
// expanded to eight bits. It has no meaning for a format with a colour map.
func (f PixelFormat) Map(c color.RGBA) color.RGBA {
	return color.RGBA{quantise(c.R, f.RedMax), quantise(c.G, f.GreenMax), quantise(c.B, f.BlueMax), 255}
}

func quantise(v byte, limit int) byte { return spread((int(v)*limit+127)/255, limit) }

// spread maps 0 to limit onto 0 to 255.
func spread(v, limit int) byte {
	if limit == 0 {
		return 0
	}
	return byte((v*255 + limit/2) / limit)
}

// pixels decodes the three forms of pixels in one format.
type pixels struct {
	format PixelFormat
	size   int // of a PIXEL
	csize  int // of a CPIXEL: RFC 6143, section 7.7.5
	high   bool
	tsize  int                   // of a TPIXEL: rfbproto, "Tight Encoding"
	table  map[uint32]color.RGBA // the colour map
	parts  [3][]byte             // for maxima up to 255: value to intensity
}

func newPixels(f PixelFormat) *pixels {
	p := &pixels{format: f, size: f.BitsPerPixel / 8}
	p.csize, p.tsize = p.size, p.size
	if !f.TrueColour {
		p.table = map[uint32]color.RGBA{}
		return p
	}
	if f.BitsPerPixel == 32 && f.Depth <= 24 {
		used := f.RedMax<<f.RedShift | f.GreenMax<<f.GreenShift | f.BlueMax<<f.BlueShift
		if used>>24 == 0 {
			p.csize = 3
		} else if used&0xff == 0 {
			p.csize, p.high = 3, true
		}
	}
	if f.BitsPerPixel == 32 && f.Depth == 24 && f.RedMax == 255 && f.GreenMax == 255 && f.BlueMax == 255 {
		p.tsize = 3
	}
	for i, limit := range [3]int{f.RedMax, f.GreenMax, f.BlueMax} {
		if limit <= 255 {
			for v := range limit + 1 {
				p.parts[i] = append(p.parts[i], spread(v, limit))
			}
		}
	}
	return p
}

func (p *pixels) intensity(i int, v uint32, limit, shift int) byte {
	v = v >> shift & uint32(limit)
	if t := p.parts[i]; t != nil {
		return t[v]
	}
	return spread(int(v), limit)
}

func (p *pixels) colour(v uint32) (color.RGBA, error) {
	if p.table != nil {
		c, ok := p.table[v]
		if !ok {
			return c, fmt.Errorf("%w: %d", ErrColourMap, v)
		}
		return c, nil
	}
	f := &p.format
	return color.RGBA{
		p.intensity(0, v, f.RedMax, f.RedShift),
		p.intensity(1, v, f.GreenMax, f.GreenShift),
		p.intensity(2, v, f.BlueMax, f.BlueShift), 255,
	}, nil
}

// number returns the value of b's bytes in the format's byte order.
func (p *pixels) number(b []byte) uint32 {
	var v uint32
	for i := range b {
		if p.format.BigEndian {
			v = v<<8 | uint32(b[i])
		} else {
			v |= uint32(b[i]) << (8 * i)
		}
	}
	return v
}

// pixel decodes a PIXEL.
func (p *pixels) pixel(b []byte) (color.RGBA, error) { return p.colour(p.number(b[:p.size])) }

// cpixel decodes a CPIXEL.
func (p *pixels) cpixel(b []byte) (color.RGBA, error) {
	v := p.number(b[:p.csize])
	if p.high {
		v <<= 8
	}
	return p.colour(v)
}

// tpixel decodes a TPIXEL.
func (p *pixels) tpixel(b []byte) (color.RGBA, error) {
	if p.tsize == 3 {
		return color.RGBA{b[0], b[1], b[2], 255}, nil
	}
	return p.pixel(b)
}
