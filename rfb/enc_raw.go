package rfb

import (
	"image"

	"lotse/screen"
)

// rawEncoder implements RFC 6143, section 7.7.1.
type rawEncoder struct{ words []uint32 }

var _ encoder = (*rawEncoder)(nil)

func (e *rawEncoder) split() image.Point { return image.Point{} }

func (e *rawEncoder) encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) ([]byte, error) {
	// Row by row, so that the buffer is small for any size.
	for y := r.Min.Y; y < r.Max.Y; y++ {
		e.words = conv.load(e.words, f, image.Rect(r.Min.X, y, r.Max.X, y+1))
		b = conv.appendPixels(b, e.words)
	}
	return b, nil
}
