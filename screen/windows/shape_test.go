package windows

import (
	"bytes"
	"image"
	"testing"
)

func TestColourShape(t *testing.T) {
	size := image.Pt(2, 1)
	c := colourShape(size, image.Pt(5, -1), []byte{255, 128, 0, 128, 10, 20, 30, 0}, nil)
	if want := []byte{128, 64, 0, 128, 0, 0, 0, 0}; !bytes.Equal(c.Pix, want) || c.Hot != image.Pt(1, 0) {
		t.Errorf("with alpha: %v, hot %v", c.Pix, c.Hot)
	}
	mask := []byte{255, 255, 255, 0, 0, 0, 0, 0}
	c = colourShape(size, image.Point{}, []byte{0, 0, 0, 0, 10, 20, 30, 0}, mask)
	if want := []byte{0, 0, 0, 0, 10, 20, 30, 255}; !bytes.Equal(c.Pix, want) {
		t.Errorf("with a mask: %v", c.Pix)
	}
	if colourShape(image.Pt(4000, 1), image.Point{}, nil, nil) != nil || colourShape(size, image.Point{}, []byte{1}, nil) != nil {
		t.Error("a shape of too many or too few pixels")
	}
}

func TestMonochromeShape(t *testing.T) {
	// One pixel each: black, white, transparent, and one that inverts what is below.
	and, xor := []byte{0, 0, 1, 1, 1}, []byte{0, 1, 0, 0, 1}
	var masks []byte
	for _, bits := range [][]byte{and, xor} {
		for _, b := range bits {
			masks = append(masks, b*255, b*255, b*255, 0)
		}
	}
	c := monochromeShape(image.Pt(5, 1), image.Pt(4, 0), masks)
	want := []byte{0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255}
	if !bytes.Equal(c.Pix, want) {
		t.Errorf("%v", c.Pix)
	}
	if monochromeShape(image.Pt(5, 1), image.Point{}, masks[:20]) != nil {
		t.Error("a shape of too few pixels")
	}
}
