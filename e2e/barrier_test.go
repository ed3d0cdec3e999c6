package e2e

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// blinkAt is the centre of the window whose colour blinks changes.
var blinkAt = image.Pt(20, 20)

// blinks changes a corner of the desktop twice. After each change it waits until a viewer shows
// the new colour; colourAt returns the colour that the viewer shows at a place of the desktop.
//
// blinks is a barrier for input: input that was sent to the viewer before the call has taken
// effect or was dropped when blinks returns. A viewer reads its user's input before it requests
// the second change, and the agent handles messages in order.
func (d *display) blinks(t testing.TB, colourAt func(desk image.Point) color.Color) {
	t.Helper()
	c, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // also destroys the window
	screen := xproto.Setup(c).DefaultScreen(c)
	w, err := xproto.NewWindowId(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, ground := range []color.RGBA{{0xff, 0, 0xff, 0xff}, {0, 0xff, 0, 0xff}} {
		pixel := uint32(ground.R)<<16 | uint32(ground.G)<<8 | uint32(ground.B)
		if i == 0 {
			xproto.CreateWindow(c, screen.RootDepth, w, screen.Root, 0, 0, uint16(2*blinkAt.X), uint16(2*blinkAt.Y), 0, xproto.WindowClassInputOutput,
				screen.RootVisual, xproto.CwBackPixel|xproto.CwOverrideRedirect, []uint32{pixel, 1})
			xproto.MapWindow(c, w)
		} else {
			xproto.ChangeWindowAttributes(c, w, xproto.CwBackPixel, []uint32{pixel})
		}
		if err := xproto.ClearAreaChecked(c, false, w, 0, 0, 0, 0).Check(); err != nil {
			t.Fatal(err)
		}
		one := image.NewUniform(ground)
		eventually(t, "the viewer shows the desktop's blinking", func() error {
			got := colourAt(blinkAt)
			if n := colourDistance(image.NewUniform(got), one, 0, 0, image.Point{}); n > 60 { // JPEG loses colour
				return fmt.Errorf("%v, want %v", got, ground)
			}
			return nil
		})
	}
}

// colourAt returns a function that reads the colour of a place of the desktop from a viewer's
// display. The viewer shows the desktop at offset.
func (d *display) colourAt(offset image.Point) func(desk image.Point) color.Color {
	return func(desk image.Point) color.Color {
		d.t.Helper()
		p := desk.Add(offset)
		return d.pictureOf(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))}).At(p.X, p.Y)
	}
}

// colourAt reads the colour that the page shows at a place of the desktop.
func (p *tab) colourAt(desk image.Point) color.Color {
	p.t.Helper()
	return p.canvas().At(desk.X, desk.Y)
}

// stays fails the test if the file's text is not want. It first waits for the barrier of
// blinks, so that earlier input has taken effect.
func (d *display) stays(t testing.TB, what, file, want string, colourAt func(desk image.Point) color.Color) {
	t.Helper()
	d.blinks(t, colourAt)
	if got := typed(file); got != want {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
}
