package native

import (
	"image"

	"lotse/screen"
)

// A monitor that stands on its side is drawn by the graphics card as if it lay:
// pictures, and the rectangles that changed in them, are turned for the desktop.

// turn is by how much, clockwise; the values are DXGI_MODE_ROTATION's.
type turn uint32

const (
	turn90  turn = 2
	turn180 turn = 3
	turn270 turn = 4
)

// rect is where a rectangle of a picture of the given size stands on the desktop.
func (t turn) rect(r image.Rectangle, size image.Point) image.Rectangle {
	switch t {
	case turn90:
		return image.Rect(size.Y-r.Max.Y, r.Min.X, size.Y-r.Min.Y, r.Max.X)
	case turn180:
		return image.Rect(size.X-r.Max.X, size.Y-r.Max.Y, size.X-r.Min.X, size.Y-r.Min.Y)
	case turn270:
		return image.Rect(r.Min.Y, size.X-r.Max.X, r.Max.Y, size.X-r.Min.X)
	}
	return r
}

// size is the size on the desktop of a picture of the given size.
func (t turn) size(size image.Point) image.Point {
	if t == turn90 || t == turn270 {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// copy copies the rectangle r of a picture to where it stands on the desktop; at
// is the picture's corner in dst. It returns the rectangle in dst that it filled.
func (t turn) copy(dst *screen.Frame, at image.Point, src *screen.Frame, r image.Rectangle) image.Rectangle {
	r = r.Intersect(src.Bounds())
	to := t.rect(r, src.Size).Add(at)
	if r.Empty() || !to.In(dst.Bounds()) {
		return image.Rectangle{}
	}
	const n = screen.BytesPerPixel
	for y := r.Min.Y; y < r.Max.Y; y++ {
		in := src.Row(y, r.Min.X, r.Max.X)
		// Where the row's first pixel goes, and how far it is to the next one.
		first := t.rect(image.Rect(r.Min.X, y, r.Min.X+1, y+1), src.Size).Min.Add(at)
		o, step := first.Y*dst.Stride+first.X*n, n
		switch t {
		case turn90:
			step = dst.Stride
		case turn180:
			step = -n
		case turn270:
			step = -dst.Stride
		default:
			copy(dst.Pix[o:o+len(in)], in)
			continue
		}
		for i := 0; i < len(in); i += n {
			copy(dst.Pix[o:o+n], in[i:i+n])
			o += step
		}
	}
	return to
}

// moved is what a picture's move changed: where the pixels came to. Where they
// came from changes only if something else is drawn there, which is told apart.
func moved(from image.Point, to image.Rectangle) image.Rectangle {
	if from == to.Min {
		return image.Rectangle{}
	}
	return to
}
