package screentest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"lotse/screen"
)

// DecodeIcon decodes App.Icon and checks its size.
func DecodeIcon(t testing.TB, b []byte) image.Image {
	t.Helper()
	if len(b) == 0 {
		return nil
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if s := img.Bounds().Size(); s.X > screen.IconSide || s.Y > screen.IconSide || s.X < 1 || s.Y < 1 {
		t.Errorf("an icon of %v", s)
	}
	if most := screen.IconSide*screen.IconSide*4 + 512; len(b) > most {
		t.Errorf("an icon of %d bytes, want at most %d", len(b), most)
	}
	return img
}

// IconColor returns the colour in the middle of an icon; ok is false if there is no icon.
func IconColor(t testing.TB, b []byte) (c color.NRGBA, ok bool) {
	t.Helper()
	img := DecodeIcon(t, b)
	if img == nil {
		return c, false
	}
	size := img.Bounds().Size()
	c, ok = color.NRGBAModel.Convert(img.At(size.X/2, size.Y/2)).(color.NRGBA)
	return c, ok
}
