package windows

import (
	"encoding/binary"
	"image"
	"slices"

	"lotse/screen"
)

// The graphics card draws a rotated monitor in the panel's own orientation. Images, and the
// rectangles that changed in them, are rotated for the desktop.

// turn is the clockwise rotation; the values are DXGI_MODE_ROTATION's.
type turn uint32

const (
	turn90  turn = 2
	turn180 turn = 3
	turn270 turn = 4
)

// rect returns where a rectangle of an image of the given size is on the desktop.
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

// size returns the size on the desktop of an image of the given size.
func (t turn) size(size image.Point) image.Point {
	if t == turn90 || t == turn270 {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// copy copies the rectangle r of an image to its place on the desktop. at is the image's corner in
// dst. It returns the rectangle in dst that it filled.
func (t turn) copy(dst *screen.Frame, at image.Point, src *screen.Frame, r image.Rectangle) image.Rectangle {
	r = r.Intersect(src.Bounds())
	to := t.rect(r, src.Size).Add(at)
	if r.Empty() || !to.In(dst.Bounds()) {
		return image.Rectangle{}
	}
	const n = screen.BytesPerPixel
	for y := r.Min.Y; y < r.Max.Y; y++ {
		in := src.Row(y, r.Min.X, r.Max.X)
		// The position of the row's first pixel, and the distance to the next one.
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

// delta returns the distance on the desktop of a move by d in an image.
func (t turn) delta(d image.Point) image.Point {
	switch t {
	case turn90:
		return image.Pt(-d.Y, d.X)
	case turn180:
		return image.Pt(-d.X, -d.Y)
	case turn270:
		return image.Pt(d.Y, -d.X)
	}
	return d
}

// bytesPerMove is the size of a DXGI_OUTDUPL_MOVE_RECT: the source point and the destination
// rectangle, as six 32-bit numbers.
const bytesPerMove = 24

// maxMoved is the maximum number of distances reported for one image of a monitor.
const maxMoved = 8

// movesOf reads an image's moves. changed are the destinations of moved pixels; if something else
// is drawn at the source, that is reported separately. The second result are the distances on the
// desktop.
func movesOf(meta []byte, t turn, moved []image.Point) (changed []image.Rectangle, _ []image.Point) {
	for ; len(meta) >= bytesPerMove; meta = meta[bytesPerMove:] {
		n := func(i int) int { return int(int32(binary.LittleEndian.Uint32(meta[4*i:]))) }
		from, to := image.Pt(n(0), n(1)), image.Rect(n(2), n(3), n(4), n(5))
		if from == to.Min || to.Empty() {
			continue
		}
		changed = append(changed, to)
		if d := t.delta(to.Min.Sub(from)); len(moved) < maxMoved && !slices.Contains(moved, d) {
			moved = append(moved, d)
		}
	}
	return changed, moved
}
