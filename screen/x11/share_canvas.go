//go:build linux

package x11

import (
	"image"
	"slices"
	"sync/atomic"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// canvas is the frame of a share of programs: the visible parts of the shared windows, and a
// backdrop everywhere else.
type canvas struct {
	format   pixelFormat // of what the server sends
	backdrop func(image.Point) *screen.Frame

	size  image.Point
	frame *screen.Frame
	back  *screen.Frame     // the backdrop for this size
	shown []image.Rectangle // where windows are visible

	// isMark reports whether a window is that of the marks, which hides nothing; nil: none is.
	isMark func(xproto.Window) bool
	// open is where shared windows are in sight on the display itself, and not below others. It is
	// replaced by arrange, and read by everybody.
	open atomic.Pointer[[]image.Rectangle]
}

// resize makes a new frame that contains only the backdrop.
func (c *canvas) resize(size image.Point) {
	c.size = size
	c.frame, c.back = screen.NewFrame(size), c.backdrop(size)
	c.frame.CopyRect(c.back, c.frame.Bounds())
	c.shown = nil
}

// arrange determines what is visible of each shared window, in the order from the lowest to the
// highest, and covers what is not visible any longer. It adds the changes to touched.
func (c *canvas) arrange(order []*topWindow, touched *screen.Region) {
	bounds := image.Rectangle{Max: c.size}
	free := screen.RegionOf(bounds)
	var shown, open []image.Rectangle
	var covers []image.Rectangle // the windows above that are not shared
	for i := len(order) - 1; i >= 0; i-- {
		w := order[i]
		if !w.shared || !w.mapped {
			w.vis = nil
			if w.mapped && !w.inputOnly && (c.isMark == nil || !c.isMark(w.id)) {
				covers = append(covers, w.outer())
			}
			continue
		}
		outline := []image.Rectangle{w.outer().Sub(w.origin())}
		if w.shape != nil {
			outline = w.shape
		}
		var vis []image.Rectangle
		for _, r := range outline {
			r = r.Intersect(w.outer().Sub(w.origin())).Add(w.origin())
			part := free.Intersect(r)
			free.Subtract(r)
			for _, u := range w.undrawn.Rects() {
				part.Subtract(u.Add(w.origin()))
			}
			vis = append(vis, part.Rects()...)
		}
		shown = append(shown, vis...)
		open = append(open, uncovered(vis, covers)...)
		if w.visAt != w.origin() || !slices.Equal(vis, w.vis) {
			for _, r := range vis {
				w.dirty.Add(r.Sub(w.origin()))
			}
		}
		w.vis, w.visAt = vis, w.origin()
	}
	var hidden screen.Region
	for _, r := range c.shown {
		hidden.Add(r)
	}
	for _, r := range shown {
		hidden.Subtract(r)
	}
	for _, r := range hidden.Rects() {
		c.frame.CopyRect(c.back, r)
		touched.Add(r)
	}
	c.shown = shown
	c.open.Store(&open)
}

// uncovered returns the parts of rectangles that no cover overlaps.
func uncovered(rects, covers []image.Rectangle) (out []image.Rectangle) {
	for _, r := range rects {
		parts := []image.Rectangle{r}
		for _, c := range covers {
			var left []image.Rectangle
			for _, p := range parts {
				left = append(left, without(p, c)...)
			}
			parts = left
		}
		out = append(out, parts...)
	}
	return out
}

// without returns the up to four rectangles of r outside of hole.
func without(r, hole image.Rectangle) (out []image.Rectangle) {
	hole = hole.Intersect(r)
	if hole.Empty() {
		return []image.Rectangle{r}
	}
	for _, p := range []image.Rectangle{
		image.Rect(r.Min.X, r.Min.Y, r.Max.X, hole.Min.Y), image.Rect(r.Min.X, hole.Max.Y, r.Max.X, r.Max.Y),
		image.Rect(r.Min.X, hole.Min.Y, hole.Min.X, hole.Max.Y), image.Rect(hole.Max.X, hole.Min.Y, r.Max.X, hole.Max.Y),
	} {
		if !p.Empty() {
			out = append(out, p)
		}
	}
	return out
}

// put writes a piece into the frame where its window is visible, and nowhere else.
func (c *canvas) put(g reading, touched *screen.Region) {
	w := g.w
	stride := c.format.stride(g.rect.Dx())
	for _, v := range w.vis {
		r := g.rect.Add(w.origin()).Intersect(v)
		if r.Empty() {
			continue
		}
		touched.Add(r)
		left := (r.Min.X - w.origin().X - g.rect.Min.X) * c.format.bytes
		for y := r.Min.Y; y < r.Max.Y; y++ {
			from := (y-w.origin().Y-g.rect.Min.Y)*stride + left
			in := g.pixels[from : from+r.Dx()*c.format.bytes]
			out := c.frame.Row(y, r.Min.X, r.Max.X)
			if w.depth == 32 {
				blend(out, in, c.back.Row(y, r.Min.X, r.Max.X))
				continue
			}
			c.format.row(out, in)
		}
	}
}

// blend draws premultiplied pixels with alpha over the backdrop, so that a translucent window shows
// nothing of what is really below it.
func blend(out, in, back []byte) {
	for i := 0; i+3 < len(in); i += 4 {
		rest := 255 - uint32(in[i+3])
		for c := range 3 {
			out[i+c] = byte(min(255, uint32(in[i+c])+(uint32(back[i+c])*rest+127)/255))
		}
		out[i+3] = 0
	}
}

// hatch marks a window whose pixels cannot be read.
func (c *canvas) hatch(w *topWindow, touched *screen.Region) {
	w.dirty.Clear()
	const (
		pitch       = 12
		dark, light = 0x70, 0x98
	)
	for _, v := range w.vis {
		touched.Add(v)
		for y := v.Min.Y; y < v.Max.Y; y++ {
			out := c.frame.Row(y, v.Min.X, v.Max.X)
			for i := 0; i < len(out); i += screen.BytesPerPixel {
				grey := byte(dark)
				if (v.Min.X+i/screen.BytesPerPixel+y)%pitch < 2 {
					grey = light
				}
				out[i], out[i+1], out[i+2], out[i+3] = grey, grey, grey, 0
			}
		}
	}
}
