package pointing

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/math/f32"
	"golang.org/x/image/vector"

	"lotse/plaintext"
	"lotse/screen"
	"lotse/screen/drawing"
)

// maxName is the maximum number of characters of a name beside an arrow.
const maxName = 30

// The colours of the advisors' marks, one after the other. White can be read on each.
var colours = [...]color.RGBA{
	{R: 0xc2, G: 0x41, B: 0x0c, A: 0xff}, {R: 0x6d, G: 0x28, B: 0xd9, A: 0xff},
	{R: 0x04, G: 0x6c, B: 0x4e, A: 0xff}, {R: 0x1d, G: 0x4e, B: 0xd8, A: 0xff},
}

var white = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}

// The arrow's outline in pixels at 96 dots per inch; its tip is the first point.
var arrowOutline = [...]f32.Vec2{{0, 0}, {0, 23}, {5.5, 18}, {9, 26}, {13, 24.2}, {9.6, 16.4}, {17, 16.4}}

// arrow draws an arrow with a name beside it. Its hot spot is the tip. scale is the number of
// pixels per pixel at 96 dots per inch.
func arrow(name string, colour color.RGBA, scale float64) *screen.Cursor {
	name = plaintext.Line(name, maxName)
	edge := max(1, int(math.Round(1.5*scale)))
	px := func(v float64) int { return int(math.Ceil(v * scale)) }
	label := image.Rectangle{}
	f, err := drawing.Bold(13 * scale)
	if err == nil && name != "" {
		width := drawing.Width(f, name) + px(12)
		label = image.Rect(0, 0, width, px(20)).Add(image.Pt(px(14), px(24)))
	}
	size := image.Pt(px(17)+2*edge, px(26)+2*edge)
	if !label.Empty() {
		size = image.Pt(max(size.X, label.Max.X+2*edge), max(size.Y, label.Max.Y+2*edge))
	}
	c := drawing.Canvas{RGBA: image.NewRGBA(image.Rectangle{Max: size})}
	at := image.Pt(edge, edge)
	if !label.Empty() {
		c.Fill(label.Add(at).Inset(-edge), white)
		c.Fill(label.Add(at), colour)
		c.Centred(label.Add(at), f, name, white)
	}
	outline := make([]f32.Vec2, len(arrowOutline))
	for i, p := range arrowOutline {
		outline[i] = f32.Vec2{p[0]*float32(scale) + float32(at.X), p[1]*float32(scale) + float32(at.Y)}
	}
	stroke(c, append(outline, outline[0]), float32(2*edge), white)
	fill(c, outline, colour)
	return cursorOf(c, at)
}

// ring draws a circle. Its hot spot is the centre.
func ring(radius float64, colour color.RGBA, scale float64) *screen.Cursor {
	radius *= scale
	side := 2*int(math.Ceil(radius+3*scale)) + 1
	middle := image.Pt(side/2, side/2)
	c := drawing.Canvas{RGBA: image.NewRGBA(image.Rect(0, 0, side, side))}
	const corners = 40
	var circle []f32.Vec2
	for i := range corners + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		circle = append(circle, f32.Vec2{float32(float64(middle.X) + radius*cos + 0.5), float32(float64(middle.Y) + radius*sin + 0.5)})
	}
	stroke(c, circle, float32(5*scale), white)
	stroke(c, circle, float32(3*scale), colour)
	return cursorOf(c, middle)
}

// line draws a line through points of the display, and returns the mark that shows it there. The
// points must not be further from each other than MaxCursorSide allows; others get no line.
func line(points []image.Point, colour color.RGBA, scale float64) (screen.Mark, bool) {
	r := image.Rectangle{}
	for _, p := range points {
		r = r.Union(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))})
	}
	r = r.Inset(-int(math.Ceil(3 * scale)))
	if r.Dx() > screen.MaxCursorSide || r.Dy() > screen.MaxCursorSide {
		return screen.Mark{}, false
	}
	c := drawing.Canvas{RGBA: image.NewRGBA(image.Rectangle{Max: r.Size()})}
	path := make([]f32.Vec2, len(points))
	for i, p := range points {
		path[i] = f32.Vec2{float32(p.X-r.Min.X) + 0.5, float32(p.Y-r.Min.Y) + 0.5}
	}
	stroke(c, path, float32(6*scale), white)
	stroke(c, path, float32(4*scale), colour)
	return screen.Mark{Shape: cursorOf(c, image.Point{}), At: r.Min}, true
}

// stroke draws lines of a width between points, with round ends and corners.
func stroke(c drawing.Canvas, path []f32.Vec2, width float32, colour color.RGBA) {
	for i, p := range path {
		fill(c, disc(p, width/2), colour)
		if i == 0 {
			continue
		}
		from := path[i-1]
		dx, dy := p[0]-from[0], p[1]-from[1]
		length := float32(math.Hypot(float64(dx), float64(dy)))
		if length == 0 {
			continue
		}
		dx, dy = dx/length*width/2, dy/length*width/2
		fill(c, []f32.Vec2{{from[0] - dy, from[1] + dx}, {p[0] - dy, p[1] + dx}, {p[0] + dy, p[1] - dx}, {from[0] + dy, from[1] - dx}}, colour)
	}
}

func disc(middle f32.Vec2, radius float32) []f32.Vec2 {
	const corners = 12
	out := make([]f32.Vec2, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = f32.Vec2{middle[0] + radius*float32(cos), middle[1] + radius*float32(sin)}
	}
	return out
}

// fill fills a polygon. Only its surroundings are computed.
func fill(c drawing.Canvas, polygon []f32.Vec2, colour color.RGBA) {
	low, high := polygon[0], polygon[0]
	for _, p := range polygon {
		low = f32.Vec2{min(low[0], p[0]), min(low[1], p[1])}
		high = f32.Vec2{max(high[0], p[0]), max(high[1], p[1])}
	}
	r := image.Rect(int(math.Floor(float64(low[0]))), int(math.Floor(float64(low[1]))), int(math.Ceil(float64(high[0])))+1, int(math.Ceil(float64(high[1])))+1).Intersect(c.Rect)
	if r.Empty() {
		return
	}
	var z vector.Rasterizer
	z.Reset(r.Dx(), r.Dy())
	for i, p := range polygon {
		x, y := p[0]-float32(r.Min.X), p[1]-float32(r.Min.Y)
		if i == 0 {
			z.MoveTo(x, y)
		} else {
			z.LineTo(x, y)
		}
	}
	z.ClosePath()
	z.Draw(c.RGBA, r, image.NewUniform(colour), image.Point{})
}

// cursorOf converts what was drawn.
func cursorOf(c drawing.Canvas, hot image.Point) *screen.Cursor {
	out := screen.NewCursor(c.Rect.Size(), hot)
	if out == nil {
		return nil
	}
	for i := 0; i < len(c.Pix); i += 4 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = c.Pix[i+2], c.Pix[i+1], c.Pix[i], c.Pix[i+3]
	}
	return out
}

// clip returns a shape's part inside of shown, rectangles that do not overlap, if the shape is at
// that place; nil: nothing. It returns the shape itself if all of it is inside.
func clip(m screen.Mark, shown []image.Rectangle) *screen.Cursor {
	r := m.Rect()
	var parts []image.Rectangle
	area := 0
	for _, s := range shown {
		if p := s.Intersect(r); !p.Empty() {
			parts = append(parts, p.Sub(r.Min))
			area += p.Dx() * p.Dy()
		}
	}
	switch area {
	case 0:
		return nil
	case r.Dx() * r.Dy():
		return m.Shape
	}
	out := screen.NewCursor(m.Shape.Size, m.Shape.Hot)
	for _, p := range parts {
		for y := p.Min.Y; y < p.Max.Y; y++ {
			from, to := (y*out.Size.X+p.Min.X)*4, (y*out.Size.X+p.Max.X)*4
			copy(out.Pix[from:to], m.Shape.Pix[from:to])
		}
	}
	return out
}
