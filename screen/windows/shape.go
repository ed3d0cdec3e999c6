package windows

import (
	"image"

	"lotse/screen"
)

// Windows stores a pointer's shape as bitmaps. Both are read with 4 bytes per pixel, B G R and
// alpha, so a bit of a mask is a white or black pixel.

// colourShape makes a shape of a bitmap with colours. mask has the same size and is used if the
// colours have no alpha: white is transparent.
func colourShape(size, hot image.Point, colours, mask []byte) *screen.Cursor {
	n := size.X * size.Y * 4
	c := screen.NewCursor(size, hot)
	if c == nil || len(colours) < n {
		return nil
	}
	alpha := false
	for i := 3; i < n; i += 4 {
		alpha = alpha || colours[i] != 0
	}
	for i := 0; i < n; i += 4 {
		a := uint32(colours[i+3])
		if !alpha {
			a = 255
			// White in the mask with a colour inverts what is below. A Cursor cannot represent
			// inversion, so it has the colour.
			if len(mask) >= n && mask[i] != 0 && colours[i]|colours[i+1]|colours[i+2] == 0 {
				a = 0
			}
		}
		for k := range 3 {
			c.Pix[i+k] = byte((uint32(colours[i+k])*a + 127) / 255)
		}
		c.Pix[i+3] = byte(a)
	}
	return c
}

// monochromeShape makes a shape of two masks, one above the other in a bitmap of twice the height:
// which pixels of the screen are kept, and which are inverted. Pixels that only invert are drawn
// black with a white border, so that they are visible on any background.
func monochromeShape(size, hot image.Point, masks []byte) *screen.Cursor {
	n := size.X * size.Y * 4
	c := screen.NewCursor(size, hot)
	if c == nil || len(masks) < 2*n {
		return nil
	}
	and, xor := masks[:n], masks[n:2*n]
	put := func(i int, v byte) { c.Pix[i], c.Pix[i+1], c.Pix[i+2], c.Pix[i+3] = v, v, v, 255 }
	turns := func(x, y int) bool {
		i := (y*size.X + x) * 4
		return image.Pt(x, y).In(image.Rectangle{Max: size}) && and[i] != 0 && xor[i] != 0
	}
	for y := range size.Y {
		for x := range size.X {
			i := (y*size.X + x) * 4
			switch {
			case and[i] == 0 && xor[i] == 0, turns(x, y):
				put(i, 0)
			case and[i] == 0:
				put(i, 255)
			case turns(x-1, y) || turns(x+1, y) || turns(x, y-1) || turns(x, y+1):
				put(i, 255)
			}
		}
	}
	return c
}
