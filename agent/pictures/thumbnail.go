package pictures

import (
	"bytes"
	"image"
	"image/png"

	"lotse/screen"
)

// thumbnailSize is the maximum size of the panel's thumbnail, in pixels.
var thumbnailSize = image.Pt(320, 200)

// Thumbnail returns a PNG of a desktop, of at most 320×200 pixels.
func Thumbnail(desktop *screen.Framebuffer) []byte {
	var small *image.RGBA
	desktop.Read(func(v screen.View) { small = shrink(v.Frame, thumbnailSize) })
	var b bytes.Buffer
	if err := png.Encode(&b, small); err != nil {
		return nil // cannot happen: a buffer accepts everything
	}
	return b.Bytes()
}

// shrink scales f down so that it fits into most. Each pixel is the mean of samples of the
// pixels that it replaces.
func shrink(f *screen.Frame, most image.Point) *image.RGBA {
	size := f.Size
	if size.X > most.X {
		size = image.Pt(most.X, max(1, f.Size.Y*most.X/f.Size.X))
	}
	if size.Y > most.Y {
		size = image.Pt(max(1, f.Size.X*most.Y/f.Size.Y), most.Y)
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	const samples = 4 // per side at most: enough to recognise a window
	for y := range size.Y {
		y0, y1 := y*f.Size.Y/size.Y, (y+1)*f.Size.Y/size.Y
		for x := range size.X {
			x0, x1 := x*f.Size.X/size.X, (x+1)*f.Size.X/size.X
			var r, g, b, n int
			for sy := y0; sy < y1; sy += max(1, (y1-y0)/samples) {
				for sx := x0; sx < x1; sx += max(1, (x1-x0)/samples) {
					p := f.Row(sy, sx, sx+1)
					b, g, r, n = b+int(p[0]), g+int(p[1]), r+int(p[2]), n+1
				}
			}
			o := out.PixOffset(x, y)
			out.Pix[o], out.Pix[o+1], out.Pix[o+2], out.Pix[o+3] = byte(r/n), byte(g/n), byte(b/n), 0xff
		}
	}
	return out
}
