package agent

import (
	"image"
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"

	"lotse/screen"
)

// The colours of the waiting page: a calm dark blue, and words in near white.
var (
	waitingBackground = color.RGBA{R: 0x1b, G: 0x2a, B: 0x3a, A: 0xff}
	waitingTitle      = color.RGBA{R: 0xf2, G: 0xf5, B: 0xf8, A: 0xff}
	waitingText       = color.RGBA{R: 0xa9, G: 0xbb, B: 0xcc, A: 0xff}
)

// drawWaiting draws words in the middle of a frame of that size. The frame contains nothing of
// any screen.
func drawWaiting(size image.Point, w words) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), waitingBackground.R, waitingBackground.G, waitingBackground.B)
	middle := size.Y / 2
	drawLine(f, w.title, inconsolata.Bold8x16, scaleFor(w.title, size.X, 3), middle-40, waitingTitle)
	drawLine(f, w.line, inconsolata.Regular8x16, scaleFor(w.line, size.X, 2), middle+24, waitingText)
	return f
}

// scaleFor returns the largest scale at which the line fits, from 1 to most.
func scaleFor(line string, width, most int) int {
	for scale := most; scale > 1; scale-- {
		if len([]rune(line))*8*scale <= width-32 {
			return scale
		}
	}
	return 1
}

// drawLine draws one centred line. Each pixel of the font becomes scale×scale pixels; y is the
// top.
func drawLine(f *screen.Frame, line string, face font.Face, scale, y int, c color.RGBA) {
	d := font.Drawer{Face: face}
	width := d.MeasureString(line).Ceil()
	if width == 0 {
		return
	}
	const height = 20
	mask := image.NewAlpha(image.Rect(0, 0, width, height))
	d.Dst, d.Src, d.Dot = mask, image.Opaque, fixed.P(0, 14)
	d.DrawString(line)
	left := (f.Size.X - width*scale) / 2
	for my := range height {
		for mx := range width {
			if mask.AlphaAt(mx, my).A >= 0x80 {
				at := image.Pt(left+mx*scale, y+my*scale)
				f.Fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(scale, scale))}, c.R, c.G, c.B)
			}
		}
	}
}

// The colours of the backdrop: neutral, with words that do not distract.
const (
	backdropGrey = 0x80
	backdropText = 0x9c
)

// drawBackdrop draws the grey frame that is shown in place of what is not shared, with a hint
// repeated all over it.
func drawBackdrop(size image.Point, hint string) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), backdropGrey, backdropGrey, backdropGrey)
	d := font.Drawer{Face: inconsolata.Regular8x16}
	width := d.MeasureString(hint).Ceil()
	mask := image.NewAlpha(image.Rect(0, 0, max(1, width), 20))
	d.Dst, d.Src, d.Dot = mask, image.Opaque, fixed.P(0, 14)
	d.DrawString(hint)
	const down, across = 120, 140
	for row, top := 0, 40; top < size.Y; row, top = row+1, top+down {
		for left := 40 - row%2*(width+across)/2; left < size.X; left += width + across {
			for y := range 20 {
				for x := range width {
					if at := image.Pt(left+x, top+y); mask.AlphaAt(x, y).A >= 0x80 && at.In(f.Bounds()) {
						p := f.Row(at.Y, at.X, at.X+1)
						p[0], p[1], p[2] = backdropText, backdropText, backdropText
					}
				}
			}
		}
	}
	return f
}
