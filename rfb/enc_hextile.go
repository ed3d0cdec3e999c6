package rfb

import (
	"image"

	"lotse/screen"
)

// Hextile. RFC 6143, section 7.7.4.
const (
	hextileSide          = 16
	hextileRaw           = 1
	hextileBackground    = 2
	hextileForeground    = 4
	hextileAnySubrects   = 8
	hextileSubrectColour = 16
)

type hextileEncoder struct {
	words    []uint32
	done     [hextileSide * hextileSide]bool
	subrects []hextileSubrect
}

type hextileSubrect struct {
	colour     uint32
	x, y, w, h int
}

var _ encoder = (*hextileEncoder)(nil)

func (e *hextileEncoder) split() image.Point { return image.Point{} }

func (e *hextileEncoder) encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) ([]byte, error) {
	// Background and foreground carry over from tile to tile of a rectangle, but not across a raw
	// tile.
	var carried hextileColours
	for y := r.Min.Y; y < r.Max.Y; y += hextileSide {
		for x := r.Min.X; x < r.Max.X; x += hextileSide {
			t := image.Rect(x, y, min(x+hextileSide, r.Max.X), min(y+hextileSide, r.Max.Y))
			e.words = conv.load(e.words, f, t)
			b = e.tile(b, conv, t.Dx(), t.Dy(), &carried)
		}
	}
	return b, nil
}

// hextileColours are the colours that the viewer remembers.
type hextileColours struct {
	background, foreground       uint32
	hasBackground, hasForeground bool
}

func (e *hextileEncoder) tile(b []byte, conv *converter, w, h int, carried *hextileColours) []byte {
	background, foreground, colours := hextileSurvey(e.words)
	flags := byte(0)
	start := len(b)
	b = append(b, 0)
	if !carried.hasBackground || carried.background != background {
		flags |= hextileBackground
		b = conv.appendPixels(b, []uint32{background})
	}
	if colours == 1 {
		b[start] = flags
		carried.background, carried.hasBackground = background, true
		return b
	}
	e.findSubrects(background, w, h)
	flags |= hextileAnySubrects
	if colours == 2 {
		if !carried.hasForeground || carried.foreground != foreground {
			flags |= hextileForeground
			b = conv.appendPixels(b, []uint32{foreground})
		}
	} else {
		flags |= hextileSubrectColour
	}
	rawSize := 1 + len(e.words)*conv.size
	perSubrect := 2
	if colours > 2 {
		perSubrect += conv.size
	}
	if len(b)-start+1+len(e.subrects)*perSubrect >= rawSize || len(e.subrects) > 255 {
		*carried = hextileColours{}
		return conv.appendPixels(append(b[:start], hextileRaw), e.words)
	}
	b = append(b, byte(len(e.subrects)))
	for _, s := range e.subrects {
		if colours > 2 {
			b = conv.appendPixels(b, []uint32{s.colour})
		}
		b = append(b, byte(s.x<<4|s.y), byte((s.w-1)<<4|(s.h-1)))
	}
	b[start] = flags
	carried.background, carried.hasBackground = background, true
	if colours == 2 {
		carried.foreground, carried.hasForeground = foreground, true
	} else {
		// After coloured subrectangles viewers differ in which foreground they remember.
		carried.hasForeground = false
	}
	return b
}

// hextileSurvey finds the more frequent of the first two colours, the other one, and whether there
// are 1, 2 or more (3) colours.
func hextileSurvey(words []uint32) (background, foreground uint32, colours int) {
	first := words[0]
	n := 0
	for n < len(words) && words[n] == first {
		n++
	}
	if n == len(words) {
		return first, 0, 1
	}
	second, firsts, seconds := words[n], n, 0
	for _, w := range words[n:] {
		switch w {
		case first:
			firsts++
		case second:
			seconds++
		default:
			colours = 3
		}
	}
	if colours == 0 {
		colours = 2
	}
	if seconds > firsts {
		return second, first, colours
	}
	return first, second, colours
}

// findSubrects covers everything except the background with rectangles of one colour, greedily: as
// wide as possible, then as high as possible.
func (e *hextileEncoder) findSubrects(background uint32, w, h int) {
	e.subrects = e.subrects[:0]
	done := e.done[:w*h]
	clear(done)
	for y := range h {
		for x := 0; x < w; x++ {
			colour := e.words[y*w+x]
			if done[y*w+x] || colour == background {
				continue
			}
			width := 1
			for x+width < w && e.words[y*w+x+width] == colour && !done[y*w+x+width] {
				width++
			}
			height := 1
			for y+height < h && e.sameRow(colour, x, y+height, width, w) {
				height++
			}
			for dy := range height {
				for dx := range width {
					done[(y+dy)*w+x+dx] = true
				}
			}
			e.subrects = append(e.subrects, hextileSubrect{colour, x, y, width, height})
			x += width - 1
		}
	}
}

func (e *hextileEncoder) sameRow(colour uint32, x, y, width, stride int) bool {
	for dx := range width {
		if i := y*stride + x + dx; e.words[i] != colour || e.done[i] {
			return false
		}
	}
	return true
}
