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
	f := filled(size, waitingBackground)
	middle := size.Y / 2
	title := image.Rect(16, middle-2*titleFont, size.X-16, middle)
	line := image.Rect(16, middle, size.X-16, middle+2*lineFont)
	print(f, title, drawing.Bold, titleFont, w.Title, waitingTitle)
	print(f, line, drawing.Regular, lineFont, w.Line, waitingText)
	return f
}

// filled returns a frame of one colour.
func filled(size image.Point, c color.RGBA) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), c.R, c.G, c.B)
	return f
}

// print draws a line in the middle of r, on the background of the waiting page.
func print(f *screen.Frame, r image.Rectangle, open func(float64) (font.Face, error), largest float64, text string, ink color.RGBA) {
	face, err := fitting(open, text, largest, r.Dx())
	if err != nil || r.Empty() {
		return
	}
	c := drawing.NewCanvas(r.Size())
	c.Fill(c.Rect, waitingBackground)
	c.Centred(c.Rect, face, text, ink)
	paste(f, c.Finish(), r.Min)
}

// paste copies a picture into f, where it fits.
func paste(f, picture *screen.Frame, at image.Point) {
	r := image.Rectangle{Max: picture.Size}.Add(at).Intersect(f.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(f.Row(y, r.Min.X, r.Max.X), picture.Row(y-at.Y, r.Min.X-at.X, r.Max.X-at.X))
	}
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
	f := filled(size, backdropGrey)
	face, err := drawing.Regular(backdropFont)
	if err != nil {
		return f
	}
	const down, across = 120, 140
	width := drawing.Width(face, hint)
	c := drawing.NewCanvas(image.Pt(width, 2*backdropFont))
	c.Fill(c.Rect, backdropGrey)
	c.Left(c.Rect, face, hint, backdropText)
	words := c.Finish()
	for row, top := 0, 56-backdropFont; top < size.Y; row, top = row+1, top+down {
		for left := 40 - row%2*(width+across)/2; left < size.X; left += width + across {
			paste(f, words, image.Pt(left, top))
		}
	}
	return f
}
