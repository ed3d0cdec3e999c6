package rfb

import (
	"image"
	"testing"
)

// The rectangles of an update fit their 16-bit count at any size of the framebuffer: those that are
// analysed, and the pieces into which they are divided.
func TestPiecesFitTheCount(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {1920, 1080}, {7680, 4320}, {32767, 32767}, {65535, 65535}, {65535, 1}, {1, 65535}} {
		side := tightSideFor(size.X * size.Y)
		n := ((size.X + side.X - 1) / side.X) * ((size.Y + side.Y - 1) / side.Y)
		if n > maxPieces/2 || side.X > tightMaxWidth {
			t.Errorf("%v: %d pieces of %v", size, n, side)
		}
		if size.X*size.Y <= 7680*4320 && side != image.Pt(tightSide, tightSide) {
			t.Errorf("%v: examined in areas of %v", size, side)
		}
	}
	// A mixed piece is divided into four while there are fewer than maxPieces. Moves, the pointer
	// and pseudo-rectangles are added.
	if most := maxPieces + 4 + maxPendingMoves + 16; most >= maxRects {
		t.Errorf("%d rectangles", most)
	}
}
