// Package pictures draws what viewers see in place of the customer's screen, and the small picture
// that the panel shows of what they see.
package pictures

import (
	"image"
	"image/color"

	"golang.org/x/image/font"

	"lotse/screen"
	"lotse/screen/drawing"
)

// The colours of the waiting page: a calm dark blue, and words in near white.
var (
	waitingBackground = color.RGBA{R: 0x1b, G: 0x2a, B: 0x3a, A: 0xff}
	waitingTitle      = color.RGBA{R: 0xf2, G: 0xf5, B: 0xf8, A: 0xff}
	waitingText       = color.RGBA{R: 0xa9, G: 0xbb, B: 0xcc, A: 0xff}
)

// Heights of the fonts in pixels. Lines that do not fit get a smaller one, down to smallestFont.
const (
	titleFont    = 40
	lineFont     = 26
	backdropFont = 18
	smallestFont = 10
)

// Words are those of the waiting page.
type Words struct{ Title, Line string }

// Waiting draws words in the middle of a frame of that size. The frame contains nothing of
// any screen.
func Waiting(size image.Point, w Words) *screen.Frame {
	c := drawing.NewCanvas(size)
	c.Fill(c.Rect, waitingBackground)
	middle := size.Y / 2
	title := image.Rect(16, middle-2*titleFont, size.X-16, middle)
	line := image.Rect(16, middle, size.X-16, middle+2*lineFont)
	if f, err := fitting(drawing.Bold, w.Title, titleFont, title.Dx()); err == nil {
		c.Centred(title, f, w.Title, waitingTitle)
	}
	if f, err := fitting(drawing.Regular, w.Line, lineFont, line.Dx()); err == nil {
		c.Centred(line, f, w.Line, waitingText)
	}
	return c.Finish()
}

// fitting returns the font in the largest size at which the text is at most width pixels wide.
func fitting(open func(float64) (font.Face, error), text string, largest float64, width int) (font.Face, error) {
	for size := largest; ; size -= 2 {
		f, err := open(size)
		if err != nil || size <= smallestFont || drawing.Width(f, text) <= width {
			return f, err
		}
	}
}

// The colours of the backdrop: neutral, with words that do not distract.
var (
	backdropGrey = color.RGBA{R: 0x80, G: 0x80, B: 0x80, A: 0xff}
	backdropText = color.RGBA{R: 0x9c, G: 0x9c, B: 0x9c, A: 0xff}
)

// Backdrop draws the grey frame that is shown in place of what is not shared, with a hint
// repeated all over it.
func Backdrop(size image.Point, hint string) *screen.Frame {
	c := drawing.NewCanvas(size)
	c.Fill(c.Rect, backdropGrey)
	f, err := drawing.Regular(backdropFont)
	if err != nil {
		return c.Finish()
	}
	const down, across = 120, 140
	width := drawing.Width(f, hint)
	for row, base := 0, 56; base-backdropFont < size.Y; row, base = row+1, base+down {
		for left := 40 - row%2*(width+across)/2; left < size.X; left += width + across {
			c.Print(image.Pt(left, base), f, hint, backdropText)
		}
	}
	return c.Finish()
}
