package rfbtest

import (
	"fmt"
	"image"
	"image/draw"
)

// surface is the state that all pixel decoders share: the input, the pixel format and the image.
// The reading goroutine owns it.
type surface struct {
	in     source
	pixels *pixels
	canvas *image.RGBA
	forms  map[string]int
}

// Canvas returns the image, in the colours that the pixel format can represent. Next changes it.
func (s *surface) Canvas() *image.RGBA { return s.canvas }

// Bounds returns the framebuffer's rectangle.
func (s *surface) Bounds() image.Rectangle { return s.canvas.Rect }

// BytesRead returns the number of bytes received and decoded.
func (s *surface) BytesRead() int64 { return s.in.n }

// Forms counts the forms of rectangles and tiles received, such as "tight jpeg" or "zrle packed",
// so that a test knows what it has covered.
func (s *surface) Forms() map[string]int { return s.forms }

func (s *surface) count(form string) { s.forms[form]++ }

// resize keeps the part that is in both sizes: rfbproto, "Client Semantics" of DesktopSize.
func (s *surface) resize(size image.Point) error {
	if size.X*size.Y > maxPixels {
		return fmt.Errorf("%w: framebuffer of %v", ErrBound, size)
	}
	old := s.canvas
	s.canvas = image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(s.canvas, old.Rect, old, image.Point{}, draw.Src)
	return nil
}

// raw decodes RFC 6143, section 7.7.1.
func (s *surface) raw(r image.Rectangle) error { return s.rawFrom(&s.in, r) }

func (s *surface) rawFrom(in *source, r image.Rectangle) error {
	row := make([]byte, r.Dx()*s.pixels.size)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if err := in.full(row); err != nil {
			return err
		}
		for x := range r.Dx() {
			c, err := s.pixels.pixel(row[x*s.pixels.size:])
			if err != nil {
				return err
			}
			s.canvas.SetRGBA(r.Min.X+x, y, c)
		}
	}
	return nil
}

// copyRect decodes RFC 6143, section 7.7.2. Source and destination may overlap.
func (s *surface) copyRect(r image.Rectangle) error {
	x, err := s.in.u16()
	if err != nil {
		return err
	}
	y, err := s.in.u16()
	if err != nil {
		return err
	}
	from := image.Rectangle{Max: r.Size()}.Add(image.Pt(x, y))
	if !from.In(s.canvas.Rect) {
		return fmt.Errorf("%w: copy from %v", ErrOutside, from)
	}
	whole := image.NewRGBA(from)
	draw.Draw(whole, from, s.canvas, from.Min, draw.Src)
	draw.Draw(s.canvas, r, whole, from.Min, draw.Src)
	return nil
}
