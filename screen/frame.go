package screen

import (
	"errors"
	"image"
)

// ErrClosed is returned by a Screen after Close.
var ErrClosed = errors.New("screen: closed")

// BytesPerPixel is the size of a pixel in a Frame.
const BytesPerPixel = 4

// MaxSide is the maximum width and height of a frame in pixels: RFB has 16 bits for them.
const MaxSide = 65535

// Frame is an image. A pixel has 4 bytes: blue, green, red, and one unused byte (the memory order
// of a little-endian 0x00RRGGBB word).
type Frame struct {
	Pix    []byte
	Stride int // bytes from one row to the next
	Size   image.Point
}

// NewFrame makes a black frame.
func NewFrame(size image.Point) *Frame {
	return &Frame{Pix: make([]byte, size.X*size.Y*BytesPerPixel), Stride: size.X * BytesPerPixel, Size: size}
}

// Bounds returns the frame's rectangle, which starts at the origin.
func (f *Frame) Bounds() image.Rectangle { return image.Rectangle{Max: f.Size} }

// Row returns the pixels of row y from column x0 to before x1.
func (f *Frame) Row(y, x0, x1 int) []byte {
	o := y * f.Stride
	return f.Pix[o+x0*BytesPerPixel : o+x1*BytesPerPixel : o+x1*BytesPerPixel]
}

// CopyRect copies r from src, which uses the same coordinates. r is clipped to both frames.
func (f *Frame) CopyRect(src *Frame, r image.Rectangle) {
	r = r.Intersect(f.Bounds()).Intersect(src.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(f.Row(y, r.Min.X, r.Max.X), src.Row(y, r.Min.X, r.Max.X))
	}
}

// Fill paints r, clipped to the frame, in one colour.
func (f *Frame) Fill(r image.Rectangle, red, green, blue byte) {
	r = r.Intersect(f.Bounds())
	if r.Empty() {
		return
	}
	first := f.Row(r.Min.Y, r.Min.X, r.Max.X)
	for i := 0; i < len(first); i += BytesPerPixel {
		first[i], first[i+1], first[i+2], first[i+3] = blue, green, red, 0
	}
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(f.Row(y, r.Min.X, r.Max.X), first)
	}
}
