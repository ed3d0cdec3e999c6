package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"github.com/jezek/xgb/xproto"
)

// picture returns what the display shows, in four bytes per pixel, blue first.
func (x *xclient) picture() []byte {
	out := make([]byte, 0, x.screenSz.X*x.screenSz.Y*4)
	const band = 60
	for y := 0; y < x.screenSz.Y; y += band {
		rows := min(band, x.screenSz.Y-y)
		r, err := xproto.GetImage(x.c, xproto.ImageFormatZPixmap, xproto.Drawable(x.root), 0, int16(y), uint16(x.screenSz.X), uint16(rows), 0xffffffff).Reply()
		if err != nil {
			return []byte{}
		}
		out = append(out, r.Data...)
	}
	return out
}

// differing returns an error that describes how the viewer's picture differs from want, or nil.
func differing(canvas *image.RGBA, want []byte) error {
	size := canvas.Rect.Size()
	if len(want) != size.X*size.Y*4 {
		return errors.New("another size")
	}
	wrong, area := 0, image.Rectangle{}
	// The agent draws the pointer, which is in the middle, for viewers without control.
	pointer := image.Rect(size.X/2-24, size.Y/2-24, size.X/2+24, size.Y/2+24)
	// The display shows the agent's badge, which no viewer receives.
	badge := image.Rect(size.X-800, size.Y-60, size.X, size.Y)
	for i := 0; i < len(want); i += 4 {
		w := binary.LittleEndian.Uint32(want[i:])
		g := binary.BigEndian.Uint32(canvas.Pix[i:])
		if w&0xffffff != g>>8 {
			p := image.Pt(i/4%size.X, i/4/size.X)
			if p.In(pointer) || p.In(badge) {
				continue
			}
			wrong++
			area = area.Union(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))})
		}
	}
	if wrong == 0 {
		return nil
	}
	return fmt.Errorf("%d pixels differ in %v", wrong, area)
}
