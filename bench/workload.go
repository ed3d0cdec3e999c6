package main

import (
	"image"
	"time"

	"github.com/jezek/xgb/xproto"
)

// workload is something that a customer's screen does.
type workload struct {
	name  string
	every time.Duration // 0: draws only when a key arrives; see keys
	// setup prepares the display. It returns a function that draws frame n, and a function that
	// returns where the marks of frame n are.
	setup func(x *xclient) (draw func(n int), marks func(n int) []image.Point)
	// keys is the interval at which the viewer presses a key. The last window of setup draws at
	// each key.
	keys     time.Duration
	lossless bool // requests ZRLE instead of Tight
	first    bool // measures the first complete picture only
	links    string
}

var workloads = []workload{
	{name: "scroll", every: time.Second / 30, setup: scroll},
	{name: "drag", every: time.Second / 60, setup: drag},
	{name: "video720", every: time.Second / 30, setup: video(image.Rect(300, 150, 1580, 870))},
	{name: "video360", every: time.Second / 25, setup: video(image.Rect(500, 300, 1140, 660))},
	{name: "full", every: 4 * time.Second, setup: full},
	{name: "slides", every: 3 * time.Second, setup: slides},
	{name: "first", setup: desktop, first: true},
	{name: "typing", keys: 90 * time.Millisecond, setup: typing},
	{name: "echo720", every: time.Second / 30, keys: 170 * time.Millisecond, setup: echoUnderVideo},
	{name: "scroll-zrle", every: time.Second / 30, setup: scroll, lossless: true, links: "unshaped"},
	{name: "drag-zrle", every: time.Second / 60, setup: drag, lossless: true, links: "unshaped"},
	{name: "idle", setup: desktop, links: "unshaped"},
}

// line returns a line of made-up text with at most this many letters.
func line(seed, letters int) string {
	b := make([]byte, 0, letters)
	v := uint32(seed)*2654435761 + 12345
	for len(b) < letters {
		v = v*1664525 + 1013904223
		for range 2 + v>>28%9 {
			v = v*1664525 + 1013904223
			b = append(b, byte('a'+v>>24%26))
		}
		b = append(b, ' ')
	}
	end := 30 + int(v>>20)%(letters-30)
	return string(b[:end])
}

// scroll shows an editor of 1400×900 pixels whose text scrolls.
func scroll(x *xclient) (func(int), func(int) []image.Point) {
	const left, head, rows = 110, 20, 240
	r := image.Rect(200, 80, 1600, 80+head+48*rowHeight)
	d := x.window(r, 0xffffff)
	body := image.Rect(left, head, r.Dx(), r.Dy())
	bottom := r.Dy() - rowHeight
	page := x.page(image.Pt(body.Dx(), rows*rowHeight), 1, true)
	row := func(n, y int) {
		n = n % rows * rowHeight
		x.copy(d, page, image.Rect(0, n, body.Dx(), n+rowHeight), image.Pt(left, y))
	}
	for i, y := 0, head; y < r.Dy(); i, y = i+1, y+rowHeight {
		row(i, y)
	}
	x.sync()
	return func(n int) {
			x.copy(d, d, body.Add(image.Pt(0, rowHeight)).Intersect(body), body.Min)
			row(n*7+body.Dy()/rowHeight, bottom)
			x.mark(d, n, image.Pt(4, bottom))
			x.mark(d, n, image.Pt(4, 2))
		}, func(int) []image.Point {
			return []image.Point{r.Min.Add(image.Pt(4, 2)), r.Min.Add(image.Pt(4, bottom))}
		}
}

// desktop shows something static: a page of text, a page of code, a photograph.
func desktop(x *xclient) (func(int), func(int) []image.Point) {
	whole := image.Rectangle{Max: x.screenSz}
	p := x.pixmap(whole.Max)
	xproto.PolyFillRectangle(x.c, p, x.white, []xproto.Rectangle{xrect(whole)})
	x.copy(p, x.page(image.Pt(760, x.screenSz.Y-80), 2, false), image.Rect(0, 0, 760, x.screenSz.Y-80), image.Pt(60, 60))
	x.copy(p, x.page(image.Pt(1000, x.screenSz.Y-80), 3, true), image.Rect(0, 0, 1000, x.screenSz.Y-80), image.Pt(840, 60))
	q := x.pixmap(image.Pt(640, 400))
	x.put(q, image.Pt(640, 400), photo(3, 0))
	x.copy(p, q, image.Rect(0, 0, 640, 400), image.Pt(1240, 300))
	d := x.window(whole, 0xffffff)
	// The server repaints a background where it is uncovered, so the picture is the background.
	xproto.ChangeWindowAttributes(x.c, xproto.Window(d), xproto.CwBackPixmap, []uint32{uint32(p)})
	xproto.ClearArea(x.c, false, xproto.Window(d), 0, 0, 0, 0)
	x.sync()
	return func(n int) {
		for _, p := range corners(whole)[:4] {
			x.mark(d, n, p)
		}
	}, func(int) []image.Point { return corners(whole)[:4] }
}

// drag moves a window of 600×400 pixels over the desktop.
func drag(x *xclient) (func(int), func(int) []image.Point) {
	desktop(x)
	size := image.Pt(600, 400)
	at := func(n int) image.Point {
		span := image.Pt(x.screenSz.X-size.X-20, x.screenSz.Y-size.Y-60)
		bounce := func(v, span int) int {
			if v %= 2 * span; v > span {
				v = 2*span - v
			}
			return v
		}
		return image.Pt(10+bounce(n*11, span.X), 40+bounce(n*5, span.Y))
	}
	d := x.window(image.Rectangle{Min: at(0), Max: at(0).Add(size)}, 0xf6f6f0)
	x.copy(d, x.page(image.Pt(size.X-16, size.Y-50), 4, false), image.Rect(0, 0, size.X-16, size.Y-50), image.Pt(8, 40))
	p := x.pixmap(image.Pt(200, 160))
	x.put(p, image.Pt(200, 160), photo(9, 0))
	x.copy(d, p, image.Rect(0, 0, 200, 160), image.Pt(380, 40))
	x.sync()
	root := x.windows[0]
	return func(n int) {
			p := at(n)
			xproto.ConfigureWindow(x.c, xproto.Window(d), xproto.ConfigWindowX|xproto.ConfigWindowY, []uint32{uint32(p.X), uint32(p.Y)})
			x.mark(d, n, image.Pt(4, 4))
			x.mark(xproto.Drawable(root), n, image.Pt(8, 8))
		}, func(n int) []image.Point {
			return []image.Point{image.Pt(8, 8), at(n).Add(image.Pt(4, 4))}
		}
}

const videoFrames = 12

// video plays in a window at r, with a bar above it and one below it.
func video(r image.Rectangle) func(x *xclient) (func(int), func(int) []image.Point) {
	return func(x *xclient) (func(int), func(int) []image.Point) {
		const bar = 24
		d := x.window(image.Rect(r.Min.X, r.Min.Y-bar, r.Max.X, r.Max.Y+bar), 0x303030)
		frames := x.movie(r.Size())
		below := bar + r.Dy() + 4
		return func(n int) {
				x.copy(d, frames[n%len(frames)], image.Rectangle{Max: r.Size()}, image.Pt(0, bar))
				x.mark(d, n, image.Pt(4, 4))
				x.mark(d, n, image.Pt(r.Dx()-markSize.X-4, below))
			}, func(int) []image.Point {
				return []image.Point{r.Min.Add(image.Pt(4, 4-bar)), r.Min.Add(image.Pt(r.Dx()-markSize.X-4, below-bar))}
			}
	}
}

func (x *xclient) movie(size image.Point) (frames []xproto.Drawable) {
	for t := range videoFrames {
		p := x.pixmap(size)
		x.put(p, size, photo(5, t))
		frames = append(frames, p)
	}
	x.sync()
	return frames
}

// full replaces the whole screen with another photograph.
func full(x *xclient) (func(int), func(int) []image.Point) {
	whole := image.Rectangle{Max: x.screenSz}
	d := x.window(whole, 0)
	var photos []xproto.Drawable
	for seed := range 4 {
		p := x.pixmap(whole.Max)
		x.put(p, whole.Max, photo(seed+20, 0))
		photos = append(photos, p)
	}
	x.sync()
	return func(n int) {
			x.copy(d, photos[n%len(photos)], whole, image.Point{})
			for _, p := range corners(whole) {
				x.mark(d, n, p)
			}
		}, func(int) []image.Point {
			return corners(whole)
		}
}

// corners returns the places of marks for the whole screen. The lower right one is further up,
// because the agent's badge may be in the corner.
func corners(r image.Rectangle) []image.Point {
	m := r.Inset(16)
	return []image.Point{m.Min, image.Pt(m.Max.X-markSize.X, m.Min.Y), image.Pt(m.Min.X, m.Max.Y-markSize.Y), m.Max.Sub(markSize).Sub(image.Pt(0, 60)), image.Pt(r.Dx()/2, r.Dy()/2)}
}

// slides changes from slide to slide: a title, lines of text, a picture.
func slides(x *xclient) (func(int), func(int) []image.Point) {
	whole := image.Rectangle{Max: x.screenSz}
	d := x.window(whole, 0xffffff)
	var list []xproto.Drawable
	for s := range 4 {
		p := x.pixmap(whole.Max)
		xproto.PolyFillRectangle(x.c, p, x.white, []xproto.Rectangle{xrect(whole)})
		size := image.Pt(700, 500)
		q := x.pixmap(size)
		x.put(q, size, photo(s+40, 0))
		x.copy(p, q, image.Rectangle{Max: size}, image.Pt(1100, 200+40*s))
		x.copy(p, x.page(image.Pt(900, 840), 5+s, false), image.Rect(0, 0, 900, 840), image.Pt(100+8*s, 120))
		xproto.PolyFillRectangle(x.c, p, x.black, []xproto.Rectangle{xrect(image.Rect(0, 60, whole.Max.X, 66+6*s))})
		list = append(list, p)
	}
	x.sync()
	return func(n int) {
			x.copy(d, list[n%len(list)], whole, image.Point{})
			for _, p := range corners(whole)[:4] {
				x.mark(d, n, p)
			}
		}, func(int) []image.Point {
			return corners(whole)[:4]
		}
}

// typing shows a typewriter on the desktop.
func typing(x *xclient) (func(int), func(int) []image.Point) {
	desktop(x)
	return typewriter(x)
}

// typewriter shows a window in which each key draws a letter and the mark.
func typewriter(x *xclient) (func(int), func(int) []image.Point) {
	r := image.Rect(120, 940, 800, 1000)
	d := x.window(r, 0xffffff)
	xproto.SetInputFocus(x.c, xproto.InputFocusPointerRoot, xproto.Window(d), 0)
	x.sync()
	return func(n int) {
		x.text(d, image.Pt(120+n%80*6, 40), line(n, 40)[:1])
		x.mark(d, n, image.Pt(4, 20))
	}, func(int) []image.Point { return []image.Point{r.Min.Add(image.Pt(4, 20))} }
}

// echoUnderVideo shows a typewriter beside a film. The marks are those of the typewriter.
func echoUnderVideo(x *xclient) (func(int), func(int) []image.Point) {
	r := image.Rect(300, 150, 1580, 870)
	d := x.window(r, 0)
	frames := x.movie(r.Size())
	typed, marks := typewriter(x)
	return func(n int) {
		if n < 0 { // a frame of the film
			x.copy(d, frames[-n%len(frames)], image.Rectangle{Max: r.Size()}, image.Point{})
			return
		}
		typed(n)
	}, marks
}
