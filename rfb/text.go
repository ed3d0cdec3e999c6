package rfb

import (
	"image"

	"lotse/screen"
)

// Antialiased text has hundreds of colours and compresses badly as JPEG. On a line that cannot
// carry it losslessly, it is sent with fewer levels between ink and paper: a third of the bytes,
// and still sharp, where JPEG would blur it. Like a coarse photograph, it is later improved by
// refine.go.

// textColours is the largest number of colours that is sent losslessly.
const textColours = 16

// exactDepth is the full number of bits of a colour component; with less, the lowest are dropped.
const (
	exactDepth = 8
	leastDepth = 2
)

// textSize is the size of text relative to its lossless form, by bits kept of each colour
// component; measured on bench's pages.
var textSize = [exactDepth + 1]float64{2: 0.25, 3: 0.35, 4: 0.44, exactDepth: 1}

// textCost estimates the bytes per pixel of text.
type textCost struct{ perPixel float64 }

// exactFrames: text that takes more of a frame's time is sent reduced, so that the line is not
// filled with text that may change at once.
const exactFrames = 0.5

const firstTextCost = 0.4

func (t *textCost) learn(bytes, pixels, depth int) {
	now := float64(bytes) / float64(pixels) / textSize[depth]
	if t.perPixel == 0 {
		t.perPixel = now
	}
	t.perPixel += (now - t.perPixel) / 4
}

// depth chooses the bits for this many pixels, after before bytes of the update.
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

// reduced encodes r with depth bits of each colour component, or fewer if there are still too many
// colours. Each component must be in a byte of its own; canReduce checks that.
func (e *tightEncoder) reduced(b []byte, conv *converter, f *screen.Frame, r image.Rectangle, depth int) ([]byte, error) {
	e.lossy, e.known = true, image.Rectangle{}
	e.words = conv.load(e.words, f, r)
	for ; ; depth-- {
		reduce(e.words, depth)
		if e.colour.fill(e.words, maxPalette) { // always true at two bits
			return e.coloured(b, conv, r.Dx())
		}
	}
}

// reduce drops the lowest bits of each byte and repeats the highest in their place, so that black
// and white do not change.
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

// canReduce reports whether each colour component is in a byte of its own.
func (c *converter) canReduce() bool {
	f := &c.format
	return c.tight3 && f.RedShift%8 == 0 && f.GreenShift%8 == 0 && f.BlueShift%8 == 0
}
