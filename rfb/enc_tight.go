package rfb

import (
	"image"

	"lotse/rfb/jpeg"
	"lotse/screen"
)

// Tight. rfbproto, section "Tight Encoding".
const (
	tightFill     = 0x80
	tightJPEG     = 0x90
	tightExplicit = 0x40 // a filter byte follows
	tightCopy     = 0
	tightPalette  = 1
	tightGradient = 2
	// The zlib streams.
	tightFullStream    = 0
	tightFineStream    = 1 // two colours, strips, and smooth areas after the gradient filter
	tightIndexedStream = 2
	tightCodesStream   = 3 // photographs without loss
	// Shorter data is sent uncompressed.
	tightMinCompress = 12
	tightMaxWidth    = 2048
	// tightSide is the side of the squares into which a rectangle is divided for analysis: small
	// enough to distinguish text from an adjacent photograph.
	tightSide = 128
)

type tightEncoder struct {
	// quality is the JPEG quality level, 0 to 9; -1: lossless.
	quality int
	// filter: the viewer supports the gradient filter.
	filter bool
	// lossy: the last rectangle was sent as JPEG.
	lossy bool
	// known is the rectangle whose words and palette look has loaded.
	known image.Rectangle

	// photos are shared with other viewers of the frame seq; nil: not shared.
	photos *Photos
	seq    uint64

	words   []uint32
	data    []byte
	rest    []byte // residuals of the gradient filter
	colour  palette
	streams [4]zstream
	jpeg    jpeg.Encoder
}

var _ encoder = (*tightEncoder)(nil)

func (e *tightEncoder) split() image.Point { return image.Pt(tightSide, tightSide) }

func (e *tightEncoder) encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) ([]byte, error) {
	e.lossy = false
	known := e.known == r
	if e.known = (image.Rectangle{}); !known {
		e.words = conv.load(e.words, f, r)
	}
	if !known && !e.colour.fill(e.words, tightPaletteLimit(len(e.words))) {
		if conv.tight3 && r.Dx() >= jpeg.MinSide && r.Dy() >= jpeg.MinSide && jpeg.Smooth(f, r) {
			switch {
			case e.quality >= 0:
				return e.appendJPEG(b, f, r), nil
			case e.filter:
				return e.filtered(b, conv, r.Dx())
			}
		}
		return e.full(b, conv)
	}
	return e.coloured(b, conv, r.Dx())
}

// coloured appends e.words, whose palette is loaded.
func (e *tightEncoder) coloured(b []byte, conv *converter, width int) ([]byte, error) {
	switch len(e.colour.colours) {
	case 1:
		return conv.appendTight(append(b, tightFill), e.colour.colours), nil
	case 2:
		return e.mono(b, conv, width)
	default:
		return e.indexed(b, conv)
	}
}

// tightPaletteLimit returns the largest palette for which a palette saves space.
func tightPaletteLimit(pixels int) int {
	return max(2, min(maxPalette, pixels/8))
}

// strip encodes a long and thin r losslessly, whatever its content: as one rectangle, in a zlib
// stream that contains the neighbouring strips.
func (e *tightEncoder) strip(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) ([]byte, error) {
	e.lossy, e.known = false, image.Rectangle{}
	e.words = conv.load(e.words, f, r)
	switch {
	case e.colour.fill(e.words, 2):
		return e.coloured(b, conv, r.Dx())
	case e.filter && conv.tight3 && jpeg.Smooth(f, r):
		return e.filtered(b, conv, r.Dx())
	}
	e.data = conv.appendTight(e.data[:0], e.words)
	return e.compress(append(b, tightCopy|tightFineStream<<4), tightFineStream)
}

func (e *tightEncoder) full(b []byte, conv *converter) ([]byte, error) {
	e.data = conv.appendTight(e.data[:0], e.words)
	return e.compress(append(b, tightCopy|tightFullStream<<4), tightFullStream)
}

func (e *tightEncoder) mono(b []byte, conv *converter, width int) ([]byte, error) {
	b = append(b, tightExplicit|tightFineStream<<4, tightPalette, 1)
	b = conv.appendTight(b, e.colour.colours)
	background := e.colour.colours[0]
	e.data = e.data[:0]
	for at := 0; at < len(e.words); at += width {
		var acc byte
		bit := byte(0x80)
		for _, w := range e.words[at : at+width] {
			if w != background {
				acc |= bit
			}
			if bit >>= 1; bit == 0 {
				e.data = append(e.data, acc)
				acc, bit = 0, 0x80
			}
		}
		if bit != 0x80 {
			e.data = append(e.data, acc)
		}
	}
	return e.compress(b, tightFineStream)
}

func (e *tightEncoder) indexed(b []byte, conv *converter) ([]byte, error) {
	b = append(b, tightExplicit|tightIndexedStream<<4, tightPalette, byte(len(e.colour.colours)-1))
	b = conv.appendTight(b, e.colour.colours)
	e.data = grow(e.data[:0], len(e.words))
	last, index := ^e.words[0], byte(0)
	for i, w := range e.words {
		if w != last {
			last, index = w, byte(e.colour.at(w))
		}
		e.data[i] = index
	}
	return e.compress(b, tightIndexedStream)
}

var tightLevels = [4]int{tightFineStream: zlibFineLevel, tightCodesStream: zlibCodesLevel}

// compress appends e.data through a zlib stream, preceded by its compact length. Data shorter than
// tightMinCompress bytes is appended uncompressed.
func (e *tightEncoder) compress(b []byte, stream int) ([]byte, error) {
	if len(e.data) < tightMinCompress {
		return append(b, e.data...), nil
	}
	// The size of the length is known only afterwards: leave space for the longest and close the
	// gap later.
	const room = 3
	at := len(b)
	e.streams[stream].level = tightLevels[stream]
	b, err := e.streams[stream].append(append(b, 0, 0, 0), e.data)
	if err != nil {
		return b, err
	}
	n := len(b) - at - room
	header := appendCompactLength(b[at:at], n)
	copy(b[at+len(header):], b[at+room:])
	return b[:at+len(header)+n], nil
}

// appendCompactLength appends n in groups of 7, 7 and 8 bits, the least significant first.
func appendCompactLength(b []byte, n int) []byte {
	switch {
	case n < 1<<7:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, byte(n)|0x80, byte(n>>7))
	default:
		return append(b, byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14))
	}
}

func (e *tightEncoder) appendJPEG(b []byte, f *screen.Frame, r image.Rectangle) []byte {
	e.lossy = true
	data := e.photos.encode(&e.jpeg, f, e.seq, r, e.quality)
	return append(appendCompactLength(append(b, tightJPEG), len(data)), data...)
}
