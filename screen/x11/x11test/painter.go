//go:build unix

package x11test

import (
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

// FillIn draws on a window, in its own coordinates.
func (p *Painter) FillIn(w xproto.Window, r image.Rectangle, pixel uint32) {
	xproto.ChangeGC(p.Conn, p.gc, xproto.GcForeground, []uint32{pixel})
	xproto.PolyFillRectangle(p.Conn, xproto.Drawable(w), p.gc, []xproto.Rectangle{{
		X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy()),
	}})
}
