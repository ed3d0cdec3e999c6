package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// ZRLE. RFC 6143, section 7.7.6.
const (
	zrleSide       = 64
	zrleRaw        = 0
	zrleSolid      = 1
	zrlePlainRLE   = 128
	zrlePaletteRLE = 128 // plus the palette's size, 2 to 127
	// zrleMaxPacked is the largest palette of a packed tile.
	zrleMaxPacked = 16
	zrleMaxRLE    = 127
)

type zrleEncoder struct {
	words  []uint32
	tiles  []byte
	colour palette
	stream zstream
}

var _ encoder = (*zrleEncoder)(nil)

func (e *zrleEncoder) split() image.Point { return image.Point{} }

func (e *zrleEncoder) encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) (_ []byte, err error) {
	e.tiles = e.tiles[:0]
	for y := r.Min.Y; y < r.Max.Y; y += zrleSide {
		for x := r.Min.X; x < r.Max.X; x += zrleSide {
			t := image.Rect(x, y, min(x+zrleSide, r.Max.X), min(y+zrleSide, r.Max.Y))
			e.words = conv.load(e.words, f, t)
			e.tile(conv, t.Dx())
		}
	}
	at := len(b)
	if b, err = e.stream.append(append(b, 0, 0, 0, 0), e.tiles); err != nil {
		return b, err
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b, nil
}

// tile appends the tile in the form that is smallest before compression.
func (e *zrleEncoder) tile(conv *converter, width int) {
	words := e.words
	fits := e.colour.fill(words, zrleMaxRLE)
	if fits && len(e.colour.colours) == 1 {
		e.tiles = conv.appendCompact(append(e.tiles, zrleSolid), words[:1])
		return
	}
	runs, singles, rleBytes := surveyRuns(words)
	// Sizes in bytes: the smallest form is used, the simpler one if equal.
	best, form := len(words)*conv.compact, zrleRaw
	if n := (runs+singles)*conv.compact + rleBytes; n < best {
		best, form = n, zrlePlainRLE
	}
	if fits {
		n := len(e.colour.colours)
		if size := n*conv.compact + runs + rleBytes; size < best {
			best, form = size, zrlePaletteRLE+n
		}
		if n <= zrleMaxPacked {
			perRow := (width*packedBits(n) + 7) / 8
			if size := n*conv.compact + perRow*(len(words)/width); size <= best {
				form = n
			}
		}
	}
	switch {
	case form == zrleRaw:
		e.tiles = conv.appendCompact(append(e.tiles, zrleRaw), words)
	case form == zrlePlainRLE:
		e.plainRLE(conv)
	case form > zrlePaletteRLE:
		e.paletteRLE(conv)
	default:
		e.packed(conv, width)
	}
}

// surveyRuns counts the runs of more than one pixel, the single pixels, and
// the bytes that the run lengths take.
func surveyRuns(words []uint32) (runs, singles, lengthBytes int) {
	for i := 0; i < len(words); {
		n := runAt(words, i)
		if n == 1 {
			singles++
			lengthBytes++ // plain RLE needs a byte even for a length of one
		} else {
			runs++
			lengthBytes += (n-1)/255 + 1
		}
		i += n
	}
	return runs, singles, lengthBytes
}

func runAt(words []uint32, i int) int {
	n := 1
	for i+n < len(words) && words[i+n] == words[i] {
		n++
	}
	return n
}

// packedBits returns the size of an index in a packed palette of n colours.
func packedBits(n int) int {
	switch {
	case n <= 2:
		return 1
	case n <= 4:
		return 2
	default:
		return 4
	}
}

func (e *zrleEncoder) appendRunLength(n int) {
	for n--; n >= 255; n -= 255 {
		e.tiles = append(e.tiles, 255)
	}
	e.tiles = append(e.tiles, byte(n))
}

func (e *zrleEncoder) plainRLE(conv *converter) {
	e.tiles = append(e.tiles, zrlePlainRLE)
	for i := 0; i < len(e.words); {
		n := runAt(e.words, i)
		e.tiles = conv.appendCompact(e.tiles, e.words[i:i+1])
		e.appendRunLength(n)
		i += n
	}
}

func (e *zrleEncoder) paletteRLE(conv *converter) {
	e.tiles = append(e.tiles, byte(zrlePaletteRLE+len(e.colour.colours)))
	e.tiles = conv.appendCompact(e.tiles, e.colour.colours)
	for i := 0; i < len(e.words); {
		n := runAt(e.words, i)
		index := byte(e.colour.at(e.words[i]))
		if n == 1 {
			e.tiles = append(e.tiles, index)
		} else {
			e.tiles = append(e.tiles, index|128)
			e.appendRunLength(n)
		}
		i += n
	}
}

func (e *zrleEncoder) packed(conv *converter, width int) {
	e.tiles = append(e.tiles, byte(len(e.colour.colours)))
	e.tiles = conv.appendCompact(e.tiles, e.colour.colours)
	bits := packedBits(len(e.colour.colours))
	for at := 0; at < len(e.words); at += width {
		var acc byte
		used := 0
		for _, w := range e.words[at : at+width] {
			acc = acc<<bits | byte(e.colour.at(w))
			if used += bits; used == 8 {
				e.tiles = append(e.tiles, acc)
				acc, used = 0, 0
			}
		}
		if used > 0 {
			e.tiles = append(e.tiles, acc<<(8-used))
		}
	}
}
