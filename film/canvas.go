package film

import (
	"image"
	"image/color"
	"image/draw"

	"lotse/screen"
)

// Canvas is a picture into which the library draws. It is a screen.Frame.
type Canvas struct {
	*screen.Frame
	drawn int // pixels that were set
}

var _ draw.Image = (*Canvas)(nil)

// newCanvas makes a black canvas. Without pixels, nothing can be drawn.
func newCanvas(size image.Point, pixels bool) *Canvas {
	if !pixels {
		return &Canvas{Frame: &screen.Frame{Size: size}}
	}
	return &Canvas{Frame: screen.NewFrame(size)}
}

// ColorModel implements image.Image.
func (c *Canvas) ColorModel() color.Model { return color.RGBAModel }

// At implements image.Image.
func (c *Canvas) At(x, y int) color.Color {
	if !image.Pt(x, y).In(c.Bounds()) {
		return color.RGBA{}
	}
	p := c.Row(y, x, x+1)
	return color.RGBA{R: p[2], G: p[1], B: p[0], A: 255}
}

// Set implements draw.Image. Colours are opaque, whatever the library says.
func (c *Canvas) Set(x, y int, colour color.Color) {
	if !image.Pt(x, y).In(c.Bounds()) {
		return
	}
	c.drawn++
	var v color.RGBA
	switch colour := colour.(type) {
	case *color.RGBA:
		v = *colour
	case color.RGBA:
		v = colour
	default:
		v = color.RGBAModel.Convert(colour).(color.RGBA)
	}
	p := c.Row(y, x, x+1)
	p[0], p[1], p[2], p[3] = v.B, v.G, v.R, 0
}
