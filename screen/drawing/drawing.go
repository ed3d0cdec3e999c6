// Package drawing draws what this program shows itself: the question window, the badge and
// pictures for viewers. Its fonts are smooth and cover Latin, Greek and Cyrillic; other
// characters appear as an empty box.
package drawing

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"lotse/screen"
)

var parsed = sync.OnceValues(func() (all [2]*opentype.Font, err error) {
	if all[0], err = opentype.Parse(goregular.TTF); err != nil {
		return all, err
	}
	all[1], err = opentype.Parse(gobold.TTF)
	return all, err
})

// Regular returns the regular font. size is its height in pixels.
func Regular(size float64) (font.Face, error) { return face(0, size) }

// Bold returns the bold font. size is its height in pixels.
func Bold(size float64) (font.Face, error) { return face(1, size) }

func face(which int, size float64) (font.Face, error) {
	all, err := parsed()
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(all[which], &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// Width returns the width of a text in pixels.
func Width(f font.Face, text string) int { return font.MeasureString(f, text).Ceil() }

// Elide shortens a text that is wider than width pixels; it then ends with an ellipsis.
func Elide(f font.Face, text string, width int) string {
	if Width(f, text) <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n > 0; n-- {
		if cut := string(runes[:n]) + "…"; Width(f, cut) <= width {
			return cut
		}
	}
	return "…"
}

// Wrap breaks a text at spaces into lines of at most width pixels. If it needs more lines than
// most, the last one ends with an ellipsis.
func Wrap(f font.Face, text string, width, most int) []string {
	var lines []string
	for words := strings.Fields(text); len(words) > 0; {
		n := 1
		for n < len(words) && Width(f, strings.Join(words[:n+1], " ")) <= width {
			n++
		}
		if len(lines) == most-1 {
			n = len(words)
		}
		lines = append(lines, Elide(f, strings.Join(words[:n], " "), width))
		words = words[n:]
	}
	return lines
}

// Canvas is an image to draw on.
type Canvas struct{ *image.RGBA }

// NewCanvas makes a black canvas.
func NewCanvas(size image.Point) Canvas {
	return Canvas{image.NewRGBA(image.Rectangle{Max: size})}
}

// Fill fills a rectangle.
func (c Canvas) Fill(r image.Rectangle, col color.RGBA) {
	draw.Draw(c.RGBA, r, &image.Uniform{C: col}, image.Point{}, draw.Src)
}

// Frame draws the edge of a rectangle, inside of it. width is in pixels.
func (c Canvas) Frame(r image.Rectangle, width int, col color.RGBA) {
	c.Fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+width), col)
	c.Fill(image.Rect(r.Min.X, r.Max.Y-width, r.Max.X, r.Max.Y), col)
	c.Fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+width, r.Max.Y), col)
	c.Fill(image.Rect(r.Max.X-width, r.Min.Y, r.Max.X, r.Max.Y), col)
}

// Print draws a text. at is the left end of its base line.
func (c Canvas) Print(at image.Point, f font.Face, text string, col color.RGBA) {
	d := font.Drawer{Dst: c.RGBA, Src: image.NewUniform(col), Face: f, Dot: fixed.P(at.X, at.Y)}
	d.DrawString(text)
}

// Left draws a text in r, at its left edge and half way down. What is too wide is shortened.
func (c Canvas) Left(r image.Rectangle, f font.Face, text string, col color.RGBA) {
	c.Print(image.Pt(r.Min.X, baseLine(r, f)), f, Elide(f, text, r.Dx()), col)
}

// Centred draws a text in the middle of r. What is too wide is shortened.
func (c Canvas) Centred(r image.Rectangle, f font.Face, text string, col color.RGBA) {
	text = Elide(f, text, r.Dx())
	c.Print(image.Pt(r.Min.X+(r.Dx()-Width(f, text))/2, baseLine(r, f)), f, text, col)
}

// baseLine returns the base line of a text half way down r.
func baseLine(r image.Rectangle, f font.Face) int {
	m := f.Metrics()
	return r.Min.Y + (r.Dy()-m.Ascent.Ceil()-m.Descent.Ceil())/2 + m.Ascent.Ceil()
}

// Finish returns what was drawn as a frame. The frame takes the canvas's memory, which may be that
// of a whole screen, so nothing can be drawn any more.
func (c Canvas) Finish() *screen.Frame {
	p := c.Pix // red, green, blue, alpha
	for i := 0; i < len(p); i += screen.BytesPerPixel {
		p[i], p[i+2], p[i+3] = p[i+2], p[i], 0
	}
	return &screen.Frame{Pix: p, Stride: c.Stride, Size: c.Rect.Size()}
}
