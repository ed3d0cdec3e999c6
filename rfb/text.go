package rfb

import (
	"image"

	"lotse/screen"
)

// Smoothed text has hundreds of colours and nothing that JPEG is good at. On a
// line that cannot carry it as it is, it is sent with fewer steps between ink
// and paper: a third of the bytes, and still sharp, where JPEG would blur it.
// What was sent so is made good like a coarse photograph, refine.go.

// textColours: up to so many colours are sent as they are.
const textColours = 16

// exactDepth are the bits of a colour's part as it is; below it some are dropped.
const (
	exactDepth = 8
	leastDepth = 2
)

// textSize is how large text gets by the bits kept of each colour's part, as a
// share of its exact form; measured on bench's pages.
var textSize = [exactDepth + 1]float64{2: 0.25, 3: 0.35, 4: 0.44, exactDepth: 1}

// textCost learns how many bytes a pixel of text takes.
type textCost struct{ perPixel float64 }

// exactFrames: text that takes more of a frame's time goes out reduced, so that the
// line is not filled by what is only exact for a moment.
const exactFrames = 0.5

const firstTextCost = 0.4

func (t *textCost) learn(bytes, pixels, depth int) {
	now := float64(bytes) / float64(pixels) / textSize[depth]
	if t.perPixel == 0 {
		t.perPixel = now
	}
	t.perPixel += (now - t.perPixel) / 4
}

// depth chooses for so many pixels behind so many bytes.
func (t *textCost) depth(pixels, before int, allow *pace) int {
	cost := t.perPixel
	if cost == 0 {
		cost = firstTextCost
	}
	for _, step := range [3]struct {
		depth  int
		frames float64
	}{{exactDepth, exactFrames}, {4, 1.5}, {3, 3}} {
		if float64(before)+float64(pixels)*cost*textSize[step.depth] <= allow.room(step.frames) {
			return step.depth
		}
	}
	return leastDepth
}

// reduced encodes r with so many bits of each part of a colour, or fewer if there
// are still too many colours. The parts stand on whole bytes; canReduce.
func (e *tightEncoder) reduced(b []byte, conv *converter, f *screen.Frame, r image.Rectangle, depth int) ([]byte, error) {
	e.lossy, e.known = true, image.Rectangle{}
	e.words = conv.load(e.words, f, r)
	for ; ; depth-- {
		reduce(e.words, depth)
		if e.colour.fill(e.words, maxPalette) { // at two bits it always does
			return e.coloured(b, conv, r.Dx())
		}
	}
}

// reduce drops the lowest bits of each byte; what is kept is repeated below, so
// that black and white stay what they are.
func reduce(words []uint32, depth int) {
	for i, w := range words {
		switch depth {
		case 4:
			w &= 0xf0f0f0f0
			w |= w >> 4
		case 3:
			w &= 0xe0e0e0e0
			w |= w>>3&0x1c1c1c1c | w>>6&0x03030303
		case 2:
			w &= 0xc0c0c0c0
			w |= w >> 2
			w |= w >> 4
		}
		words[i] = w
	}
}

// canReduce reports whether each part of a colour has a byte to itself.
func (c *converter) canReduce() bool {
	f := &c.format
	return c.tight3 && f.RedShift%8 == 0 && f.GreenShift%8 == 0 && f.BlueShift%8 == 0
}
