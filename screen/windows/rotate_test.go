package windows

import (
	"encoding/binary"
	"image"
	"testing"

	"lotse/screen"
)

// TestTurn rotates an image as a whole and in parts, and checks its corners.
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
		// Where the image's pixel (6, 0), at its upper right corner, ends up.
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
}

// TestMovesOf: a rotated distance equals the distance of rotated points. Rectangles that did not
// move, are empty or cut off are ignored.
func TestMovesOf(t *testing.T) {
	meta := func(n ...int32) (b []byte) {
		for _, v := range n {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		return b
	}
	size := image.Pt(70, 40)
	to := image.Rect(10, 5, 30, 20)
	from := image.Pt(3, 7)
	for _, turned := range []turn{1, turn90, turn180, turn270} {
		changed, moved := movesOf(meta(3, 7, 10, 5, 30, 20, 1, 1, 1, 1, 5, 5, 0, 0, 9, 9, 9, 20, 3, 7, 10, 5, 30), turned, nil)
		was := turned.rect(to.Sub(to.Min).Add(from), size)
		want := turned.rect(to, size).Min.Sub(was.Min)
		if len(changed) != 1 || changed[0] != to || len(moved) != 1 || moved[0] != want {
			t.Errorf("turn %d: %v, %v, want %v", turned, changed, moved, want)
		}
	}
	var many []byte
	for i := range int32(100) {
		many = append(many, meta(0, 0, 1+i, 1, 50+i, 50)...)
	}
	if changed, moved := movesOf(many, 1, nil); len(changed) != 100 || len(moved) != maxMoved {
		t.Errorf("%d places, %d distances", len(changed), len(moved))
	}
}
