package program

import (
	"image"
	"image/color"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
)

func TestPNGOf(t *testing.T) {
	filled := func(w, h int, p ...byte) *screen.Cursor {
		c := screen.NewCursor(image.Pt(w, h), image.Point{})
		for i := range c.Pix {
			c.Pix[i] = p[i%4]
		}
		return c
	}
	for name, test := range map[string]struct {
		shape *screen.Cursor
		size  image.Point
		want  color.NRGBA
	}{
		"none":                 {nil, image.Point{}, color.NRGBA{}},
		"nothing to see":       {filled(32, 32, 0, 0, 0, 0), image.Point{}, color.NRGBA{}},
		"as it is":             {filled(32, 32, 10, 20, 30, 255), image.Pt(32, 32), color.NRGBA{30, 20, 10, 255}},
		"small stays small":    {filled(16, 16, 10, 20, 30, 255), image.Pt(16, 16), color.NRGBA{30, 20, 10, 255}},
		"large becomes small":  {filled(256, 256, 10, 20, 30, 255), image.Pt(32, 32), color.NRGBA{30, 20, 10, 255}},
		"no whole part":        {filled(48, 45, 10, 20, 30, 255), image.Pt(32, 30), color.NRGBA{30, 20, 10, 255}},
		"a line":               {filled(1000, 1, 10, 20, 30, 255), image.Pt(32, 1), color.NRGBA{30, 20, 10, 255}},
		"half to be seen":      {filled(64, 64, 50, 0, 100, 128), image.Pt(32, 32), color.NRGBA{199, 0, 100, 128}},
		"more colour than can": {filled(8, 8, 255, 255, 255, 1), image.Pt(8, 8), color.NRGBA{255, 255, 255, 1}},
	} {
		b := PNG(test.shape)
		if test.size == (image.Point{}) {
			if b != nil {
				t.Errorf("%s: an icon", name)
			}
			continue
		}
		img := screentest.DecodeIcon(t, b)
		if img == nil || img.Bounds().Size() != test.size {
			t.Errorf("%s: %v, want %v", name, img, test.size)
			continue
		}
		if got, _ := screentest.IconColor(t, b); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	// Pixels that do not compress make the largest possible icon.
	noise := screen.NewCursor(image.Pt(32, 32), image.Point{})
	for i := range noise.Pix {
		noise.Pix[i] = byte(i * i * 2654435761 >> 11)
	}
	screentest.DecodeIcon(t, PNG(noise))
}
