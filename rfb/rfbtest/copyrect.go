package rfbtest

import (
	"fmt"
	"image"
	"image/draw"
)

// copyRect is RFC 6143, section 7.7.2. Source and destination may overlap.
func (v *Viewer) copyRect(r image.Rectangle) error {
	x, err := v.in.u16()
	if err != nil {
		return err
	}
	y, err := v.in.u16()
	if err != nil {
		return err
	}
	from := image.Rectangle{Max: r.Size()}.Add(image.Pt(x, y))
	if !from.In(v.canvas.Rect) {
		return fmt.Errorf("%w: copy from %v", ErrOutside, from)
	}
	whole := image.NewRGBA(from)
	draw.Draw(whole, from, v.canvas, from.Min, draw.Src)
	draw.Draw(v.canvas, r, whole, from.Min, draw.Src)
	return nil
}
