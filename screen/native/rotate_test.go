package native

import (
	"encoding/binary"
	"image"
	"testing"

	"lotse/screen"
)

// TestTurn turns a picture as a whole and in parts, and looks at its corners.
func TestTurn(t *testing.T) {
	size := image.Pt(7, 4)
	src := screen.NewFrame(size)
	for y := range size.Y {
		for x := range size.X {
			binary.LittleEndian.PutUint32(src.Row(y, x, x+1), uint32(y<<8|x))
		}
	}
	at := image.Pt(3, 2)
	for _, test := range []struct {
		turn turn
		// Where the picture's pixel (6, 0), at its right upper corner, comes to.
		corner image.Point
	}{{1, image.Pt(6, 0)}, {turn90, image.Pt(3, 6)}, {turn180, image.Pt(0, 3)}, {turn270, image.Pt(0, 0)}} {
		whole := screen.NewFrame(image.Pt(20, 20))
		if got := test.turn.copy(whole, at, src, src.Bounds()); got != (image.Rectangle{Min: at, Max: at.Add(test.turn.size(size))}) {
			t.Errorf("turn %d fills %v", test.turn, got)
		}
		p := test.corner.Add(at)
		if got := binary.LittleEndian.Uint32(whole.Row(p.Y, p.X, p.X+1)); got != 6 {
			t.Errorf("turn %d: the corner's pixel is %#x", test.turn, got)
		}
		parts := screen.NewFrame(image.Pt(20, 20))
		for y := range size.Y {
			for x := range size.X {
				test.turn.copy(parts, at, src, image.Rect(x, y, x+1, y+1))
			}
		}
		if string(parts.Pix) != string(whole.Pix) {
			t.Errorf("turn %d: in parts it is another picture", test.turn)
		}
		if got := test.turn.copy(screen.NewFrame(image.Pt(5, 5)), at, src, src.Bounds()); !got.Empty() {
			t.Errorf("turn %d writes outside of the frame", test.turn)
		}
	}
	if !moved(image.Pt(1, 1), image.Rect(1, 1, 5, 5)).Empty() || moved(image.Pt(1, 2), image.Rect(1, 1, 5, 5)) != image.Rect(1, 1, 5, 5) {
		t.Error("moved")
	}
}
