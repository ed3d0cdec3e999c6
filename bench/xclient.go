package main

import (
	"image"
	"io"
	"math"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// xclient is an application on the customer's screen that draws the workloads.
type xclient struct {
	c        *xgb.Conn
	root     xproto.Window
	depth    byte
	gc       xproto.Gcontext // black on white, with a font
	black    xproto.Gcontext
	white    xproto.Gcontext
	windows  []xproto.Window
	pixmaps  []xproto.Pixmap
	screenSz image.Point
	keys     chan struct{} // receives a value for each key
	done     chan struct{} // closed when the goroutine that reads events has ended
}

func newXClient(display string) (*xclient, error) {
	xgb.Logger.SetOutput(io.Discard)
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, err
	}
	s := xproto.Setup(c).DefaultScreen(c)
	x := &xclient{c: c, root: s.Root, depth: s.RootDepth, screenSz: image.Pt(int(s.WidthInPixels), int(s.HeightInPixels)), keys: make(chan struct{}, 64)}
	font, _ := xproto.NewFontId(c)
	const name = "fixed"
	if err := xproto.OpenFontChecked(c, font, uint16(len(name)), name).Check(); err != nil {
		return nil, err
	}
	colours := func(fore, back uint32) xproto.Gcontext {
		gc, _ := xproto.NewGcontextId(c)
		xproto.CreateGC(c, gc, xproto.Drawable(x.root), xproto.GcForeground|xproto.GcBackground|xproto.GcFont|xproto.GcGraphicsExposures,
			[]uint32{fore, back, uint32(font), 0})
		return gc
	}
	x.gc, x.black, x.white = colours(0x101010, 0xffffff), colours(0, 0xffffff), colours(0xffffff, 0)
	x.done = make(chan struct{})
	go func() {
		defer close(x.done)
		for {
			ev, err := c.WaitForEvent()
			if ev == nil && err == nil {
				return
			}
			if _, ok := ev.(xproto.KeyPressEvent); ok {
				select {
				case x.keys <- struct{}{}:
				default:
				}
			}
		}
	}()
	return x, nil
}

func (x *xclient) close() {
	x.c.Close()
	<-x.done
}

// sync returns when the X server has executed all requests so far.
func (x *xclient) sync() { _, _ = xproto.GetInputFocus(x.c).Reply() }

// clear removes all windows and paints a plain desktop.
func (x *xclient) clear() {
	for _, w := range x.windows {
		xproto.DestroyWindow(x.c, w)
	}
	for _, p := range x.pixmaps {
		xproto.FreePixmap(x.c, p)
	}
	x.windows, x.pixmaps = nil, nil
	xproto.ChangeWindowAttributes(x.c, x.root, xproto.CwBackPixel, []uint32{0x2b5876})
	xproto.ClearArea(x.c, false, x.root, 0, 0, 0, 0)
	x.sync()
}

// window maps a window that receives keys.
func (x *xclient) window(r image.Rectangle, background uint32) xproto.Drawable {
	w, _ := xproto.NewWindowId(x.c)
	xproto.CreateWindow(x.c, x.depth, w, x.root, int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), 0,
		xproto.WindowClassInputOutput, 0, xproto.CwBackPixel|xproto.CwOverrideRedirect|xproto.CwEventMask,
		[]uint32{background, 1, xproto.EventMaskKeyPress})
	xproto.MapWindow(x.c, w)
	x.windows = append(x.windows, w)
	x.sync()
	return xproto.Drawable(w)
}

func (x *xclient) pixmap(size image.Point) xproto.Drawable {
	p, _ := xproto.NewPixmapId(x.c)
	xproto.CreatePixmap(x.c, x.depth, p, xproto.Drawable(x.root), uint16(size.X), uint16(size.Y))
	x.pixmaps = append(x.pixmaps, p)
	return xproto.Drawable(p)
}

func xrect(r image.Rectangle) xproto.Rectangle {
	return xproto.Rectangle{X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy())}
}

// mark draws n's mark at p.
func (x *xclient) mark(d xproto.Drawable, n int, p image.Point) {
	xproto.PolyFillRectangle(x.c, d, x.black, []xproto.Rectangle{xrect(image.Rectangle{Min: p, Max: p.Add(markSize)})})
	var cells []xproto.Rectangle
	for _, r := range whiteCells(n, p) {
		cells = append(cells, xrect(r))
	}
	xproto.PolyFillRectangle(x.c, d, x.white, cells)
}

func (x *xclient) copy(dst, src xproto.Drawable, from image.Rectangle, to image.Point) {
	xproto.CopyArea(x.c, src, dst, x.gc, int16(from.Min.X), int16(from.Min.Y), int16(to.X), int16(to.Y), uint16(from.Dx()), uint16(from.Dy()))
}

func (x *xclient) text(d xproto.Drawable, p image.Point, s string) {
	xproto.ImageText8(x.c, byte(len(s)), d, x.gc, int16(p.X), int16(p.Y), s)
}

// put uploads pixels of the form 0x00RRGGBB.
func (x *xclient) put(d xproto.Drawable, size image.Point, at func(x, y int) uint32) {
	rows := max(1, 200<<10/(size.X*4))
	for y := 0; y < size.Y; y += rows {
		n := min(rows, size.Y-y)
		b := make([]byte, 0, n*size.X*4)
		for dy := range n {
			for px := range size.X {
				c := at(px, y+dy)
				b = append(b, byte(c), byte(c>>8), byte(c>>16), 0)
			}
		}
		xproto.PutImage(x.c, xproto.ImageFormatZPixmap, d, x.gc, uint16(size.X), uint16(n), 0, int16(y), 0, x.depth, b)
	}
}

// photo returns the pixels of a deterministic picture like a photograph: smooth shapes of
// several sizes that move against each other, and grain. seed selects the scene, t the time in
// it.
func photo(seed, t int) func(px, py int) uint32 {
	const table = 4096
	var wave [table]float32
	for i := range wave {
		wave[i] = float32(math.Sin(float64(i) * 2 * math.Pi / table))
	}
	s := func(v int) float32 { return wave[uint(v)%table] }
	state := uint32(seed*7919 + t*104729 + 1)
	return func(px, py int) uint32 {
		state = state*1664525 + 1013904223
		grain := float32(int(state>>29)) - 3.5
		a := s(px*(7+seed%5)+t*40) + s(py*(11+seed%3)-t*30) + s((px+py)*5+t*17+seed*99)
		b := s(px*29-t*60+int(s(py*19+t*50)*500)) + s(py*31+int(s(px*13-t*20)*700)+seed*77)
		c := s((px*61+py*17)+int(a*300)) * s(py*53-px*23+t*90)
		f := func(v float32) uint32 { return uint32(max(0, min(255, v+grain))) }
		return f(125+34*a+22*b+10*c)<<16 | f(118+24*a-18*b+12*c)<<8 | f(105+14*a+34*b-9*c)
	}
}
