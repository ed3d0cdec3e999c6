//go:build unix

package x11test

import (
	"encoding/binary"
	"image"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Painter draws on the root window from its own connection.
type Painter struct {
	Conn *xgb.Conn
	Root xproto.Window
	gc   xproto.Gcontext
}

// Sync waits until the server has drawn everything.
func (p *Painter) Sync() { p.Conn.Sync() }

// NewPainter connects to the display until the test ends.
func NewPainter(t testing.TB, x *Server) *Painter {
	t.Helper()
	c, err := xgb.NewConnDisplay(x.Display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	root := xproto.Setup(c).DefaultScreen(c).Root
	gc, err := xproto.NewGcontextId(c)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateGCChecked(c, gc, xproto.Drawable(root), xproto.GcSubwindowMode, []uint32{1}).Check()
	if err != nil {
		t.Fatal(err)
	}
	return &Painter{c, root, gc}
}

// Fill fills a rectangle of the root window.
func (p *Painter) Fill(r image.Rectangle, pixel uint32) { p.FillIn(p.Root, r, pixel) }

// FillIn fills a rectangle of a window, in the coordinates of that window.
func (p *Painter) FillIn(w xproto.Window, r image.Rectangle, pixel uint32) {
	xproto.ChangeGC(p.Conn, p.gc, xproto.GcForeground, []uint32{pixel})
	xproto.PolyFillRectangle(p.Conn, xproto.Drawable(w), p.gc, []xproto.Rectangle{{
		X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy()),
	}})
}

// KeepIn fills a rectangle of another program's window, unless the window shows the pixel there
// already. Call it repeatedly: the window may not be visible yet, and a program may paint over it,
// for example when a new window is exposed for the first time.
func (p *Painter) KeepIn(w xproto.Window, r image.Rectangle, pixel uint32) {
	got, err := xproto.GetImage(p.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(w),
		int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), ^uint32(0)).Reply()
	if err != nil {
		return // the window is not visible
	}
	for d := got.Data; len(d) >= 4; d = d[4:] {
		if binary.LittleEndian.Uint32(d)&0xffffff != pixel {
			p.FillIn(w, r, pixel)
			return
		}
	}
}
