package ownwindow

import (
	"image"
	"testing"

	"lotse/screen"
)

func TestBackdrop(t *testing.T) {
	var b Backdrop
	size := image.Pt(4, 3)
	if f := b.Frame(size); f.Size != size || f.Row(0, 0, 1)[0] != 0x80 {
		t.Errorf("a backdrop of %v that begins with %#x", f.Size, f.Row(0, 0, 1)[0])
	}
	painted := 0
	b.Set(func(size image.Point) *screen.Frame { painted++; return screen.NewFrame(size) })
	size.X++
	if f := b.Frame(size); f.Size != size || f.Row(0, 0, 1)[0] != 0 {
		t.Error("the backdrop that was set is not used")
	}
	if b.Frame(size); painted != 1 {
		t.Errorf("one size was painted %d times", painted)
	}
}
