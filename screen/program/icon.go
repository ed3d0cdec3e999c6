package program

import (
	"bytes"
	"image"
	"image/png"

	"lotse/screen"
)

// PNG converts an image in the format of a screen.Cursor to a program's icon: small, and with
// straight alpha. It returns nil if nothing is visible.
func PNG(c *screen.Cursor) []byte {
	if c == nil {
		return nil
	}
	size := fitIcon(c.Size)
	out := image.NewNRGBA(image.Rectangle{Max: size})
	seen := false
	for y := range size.Y {
		y0, y1 := y*c.Size.Y/size.Y, (y+1)*c.Size.Y/size.Y
		for x := range size.X {
			x0, x1 := x*c.Size.X/size.X, (x+1)*c.Size.X/size.X
			var sum [4]int
			for sy := y0; sy < y1; sy++ {
				for i := (sy*c.Size.X + x0) * 4; i < (sy*c.Size.X+x1)*4; i += 4 {
					for k := range sum {
						sum[k] += int(c.Pix[i+k])
					}
				}
			}
			if sum[3] == 0 {
				continue
			}
			seen = true
			o := out.PixOffset(x, y)
			for k := range 3 {
				out.Pix[o+2-k] = byte(min(255, (sum[k]*255+sum[3]/2)/sum[3]))
			}
			n := (y1 - y0) * (x1 - x0)
			out.Pix[o+3] = byte((sum[3] + n/2) / n)
		}
	}
	if !seen {
		return nil
	}
	var b bytes.Buffer
	_ = png.Encode(&b, out) // writing to a buffer does not fail
	return b.Bytes()
}

// fitIcon returns size reduced to fit an icon; small sizes are unchanged.
func fitIcon(size image.Point) image.Point {
	if longer := max(size.X, size.Y); longer > screen.IconSide {
		size = image.Pt(max(1, size.X*screen.IconSide/longer), max(1, size.Y*screen.IconSide/longer))
	}
	return size
}
