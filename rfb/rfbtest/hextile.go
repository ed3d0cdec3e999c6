package rfbtest

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// Hextile; RFC 6143, section 7.7.4.
const (
	hexRaw = 1 << iota
	hexBackground
	hexForeground
	hexAny
	hexColoured
)

// hexState is what carries over from one tile to the next; nil: nothing.
type hexState struct{ background, foreground *color.RGBA }

// hextileDecoder decodes Hextile. The reading goroutine owns it.
type hextileDecoder struct{ *surface }

// decode reads r.
func (h *hextileDecoder) decode(r image.Rectangle) error {
	var s hexState
	for y := r.Min.Y; y < r.Max.Y; y += 16 {
		for x := r.Min.X; x < r.Max.X; x += 16 {
			if err := h.tile(image.Rect(x, y, x+16, y+16).Intersect(r), &s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *hextileDecoder) tile(t image.Rectangle, s *hexState) error {
	mask, err := h.in.u8()
	if err != nil {
		return err
	}
	switch {
	case mask&hexRaw != 0:
		// The RFC says to ignore the other bits, but a server has no reason to set them.
		if mask != hexRaw {
			return fmt.Errorf("%w: hextile mask %#x", ErrReserved, mask)
		}
		*s = hexState{}
		h.count("hextile raw")
		return h.raw(t)
	case mask >= hexColoured<<1, mask&hexForeground != 0 && mask&hexColoured != 0:
		return fmt.Errorf("%w: hextile mask %#x", ErrReserved, mask)
	}
	if mask&hexBackground != 0 {
		if s.background, err = h.pixel(); err != nil {
			return err
		}
	}
	if s.background == nil {
		return fmt.Errorf("%w: hextile background", ErrCarried)
	}
	if mask&hexForeground != 0 {
		if s.foreground, err = h.pixel(); err != nil {
			return err
		}
	}
	draw.Draw(h.canvas, t, image.NewUniform(*s.background), image.Point{}, draw.Src)
	if mask&hexAny == 0 {
		h.count("hextile background")
		return nil
	}
	if mask&hexColoured != 0 {
		s.foreground = nil // must not be carried over
	} else if s.foreground == nil {
		return fmt.Errorf("%w: hextile foreground", ErrCarried)
	}
	n, err := h.in.u8()
	if err != nil {
		return err
	}
	for range n {
		if err := h.subrect(t, mask, s); err != nil {
			return err
		}
	}
	if mask&hexColoured != 0 {
		h.count("hextile coloured")
	} else {
		h.count("hextile two colours")
	}
	return nil
}

func (h *hextileDecoder) pixel() (*color.RGBA, error) {
	var b [4]byte
	if err := h.in.full(b[:h.pixels.size]); err != nil {
		return nil, err
	}
	c, err := h.pixels.pixel(b[:])
	return &c, err
}

func (h *hextileDecoder) subrect(t image.Rectangle, mask byte, s *hexState) (err error) {
	c := s.foreground
	if mask&hexColoured != 0 {
		if c, err = h.pixel(); err != nil {
			return err
		}
	}
	var b [2]byte
	if err := h.in.full(b[:]); err != nil {
		return err
	}
	at := t.Min.Add(image.Pt(int(b[0]>>4), int(b[0]&15)))
	r := image.Rectangle{Min: at, Max: at.Add(image.Pt(int(b[1]>>4)+1, int(b[1]&15)+1))}
	if !r.In(t) {
		return fmt.Errorf("%w: hextile %v in %v", ErrRun, r, t)
	}
	draw.Draw(h.canvas, r, image.NewUniform(*c), image.Point{}, draw.Src)
	return nil
}
