package main

import (
	"image"
	"image/color"
	"image/draw"
	"strings"

	"github.com/jezek/xgb/xproto"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// This file draws text as current programs do: with smoothed letters and some coloured words.
// The X server's own fonts have only two colours, which cost every server almost nothing.

// rowHeight is in pixels.
const rowHeight = 18

// inks are the colours of words, as in an editor.
var inks = []color.RGBA{{0x20, 0x24, 0x28, 255}, {0x20, 0x24, 0x28, 255}, {0x9a, 0x1f, 0x6b, 255}, {0x10, 0x5f, 0x9e, 255}, {0x2f, 0x7d, 0x32, 255}}

func face(ttf []byte) font.Face {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // the font is part of this program
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: 13, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	return face
}

// page draws rows of made-up text on white into a new pixmap of this size. Row n starts at
// n·rowHeight. code selects a monospaced font.
func (x *xclient) page(size image.Point, seed int, code bool) xproto.Drawable {
	m := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	ttf := goregular.TTF
	if code {
		ttf = gomono.TTF
	}
	d := font.Drawer{Dst: m, Face: face(ttf)}
	defer d.Face.Close()
	for row := 0; (row+1)*rowHeight <= size.Y; row++ {
		n := seed*10007 + row
		indent := 8
		if code {
			indent += n % 4 * 24
		}
		d.Dot = fixed.P(indent, row*rowHeight+13)
		for i, word := range strings.Fields(line(n, size.X/7)) {
			d.Src = image.NewUniform(inks[(n*7+i*3)%len(inks)])
			if d.Dot.X > fixed.I(size.X-90) {
				break
			}
			d.DrawString(word + " ")
		}
	}
	p := x.pixmap(size)
	x.put(p, size, func(px, py int) uint32 {
		c := m.Pix[m.PixOffset(px, py):]
		return uint32(c[0])<<16 | uint32(c[1])<<8 | uint32(c[2])
	})
	return p
}
