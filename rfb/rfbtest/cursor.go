package rfbtest

import (
	"fmt"
	"image"
	"image/color"
)

// Shape is the pointer as the server described it.
type Shape struct {
	Image    *image.NRGBA // straight alpha, whatever the encoding
	Hot      image.Point
	Encoding int32 // Cursor, CursorWithAlpha or VMwareCursor
}

// shapeDecoder decodes the pointer's shapes. The reading goroutine owns it.
type shapeDecoder struct {
	*surface
	shape *Shape // nil: the server has sent none
}

// newShape checks the header of a cursor pseudo-rectangle, whose position is the hot spot.
func newShape(r image.Rectangle, encoding int32) (*Shape, error) {
	if r.Dx() > maxCursor || r.Dy() > maxCursor {
		return nil, fmt.Errorf("%w: cursor of %v", ErrBound, r.Size())
	}
	if !r.Empty() && (r.Min.X >= r.Dx() || r.Min.Y >= r.Dy()) {
		return nil, fmt.Errorf("%w: hot spot %v of a cursor of %v", ErrOutside, r.Min, r.Size())
	}
	return &Shape{Image: image.NewNRGBA(image.Rectangle{Max: r.Size()}), Hot: r.Min, Encoding: encoding}, nil
}

// plain decodes RFC 6143, section 7.8.1.
func (p *shapeDecoder) plain(r image.Rectangle) error {
	s, err := newShape(r, Cursor)
	if err != nil {
		return err
	}
	w, h, size := r.Dx(), r.Dy(), p.pixels.size
	pixels, err := p.in.bytes(w*h*size, maxCursor*maxCursor*4)
	if err != nil {
		return err
	}
	stride := (w + 7) / 8
	mask, err := p.in.bytes(stride*h, maxCursor*maxCursor)
	if err != nil {
		return err
	}
	for y := range h {
		for x := range w {
			if mask[y*stride+x/8]>>(7-x%8)&1 == 0 {
				continue
			}
			c, err := p.pixels.pixel(pixels[(y*w+x)*size:])
			if err != nil {
				return err
			}
			s.Image.SetNRGBA(x, y, color.NRGBA{c.R, c.G, c.B, 255})
		}
	}
	p.shape = s
	return nil
}

// alpha decodes rfbproto, section "Cursor With Alpha Pseudo-encoding".
func (p *shapeDecoder) alpha(r image.Rectangle) error {
	s, err := newShape(r, CursorWithAlpha)
	if err != nil {
		return err
	}
	encoding, err := p.in.u32()
	if err != nil {
		return err
	}
	if int32(encoding) != Raw {
		return fmt.Errorf("%w: %d for a cursor; this viewer reads Raw", ErrEncoding, int32(encoding))
	}
	b, err := p.in.bytes(4*r.Dx()*r.Dy(), maxCursor*maxCursor*4)
	if err != nil {
		return err
	}
	for i := 0; i < len(b); i += 4 {
		if a := b[i+3]; b[i] > a || b[i+1] > a || b[i+2] > a {
			return fmt.Errorf("%w: cursor colour % x is not premultiplied", ErrReserved, b[i:i+4])
		}
		c := color.NRGBAModel.Convert(color.RGBA{b[i], b[i+1], b[i+2], b[i+3]}).(color.NRGBA)
		s.Image.SetNRGBA(i/4%r.Dx(), i/4/r.Dx(), c)
	}
	p.shape = s
	return nil
}

// vmware decodes rfbproto, section "VMware Cursor Pseudo-encoding", in its form with alpha only.
func (p *shapeDecoder) vmware(r image.Rectangle) error {
	s, err := newShape(r, VMwareCursor)
	if err != nil {
		return err
	}
	kind, err := p.in.u8()
	if err != nil {
		return err
	}
	if err := p.in.skip(1); err != nil {
		return err
	}
	if kind != 1 {
		return fmt.Errorf("%w: VMware cursor type %d", ErrReserved, kind)
	}
	if s.Image.Pix, err = p.in.bytes(4*r.Dx()*r.Dy(), maxCursor*maxCursor*4); err != nil {
		return err
	}
	p.shape = s
	return nil
}
