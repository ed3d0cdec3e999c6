package rfb_test

import (
	"image"
	"image/color"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests cover the pointer: a viewer with control draws it itself, with each of the three
// encodings of a shape; a viewer that only watches sees the customer's pointer in the framebuffer;
// and changes between the two.

var shapeEncodings = map[string]int32{
	"Cursor": rfbtest.Cursor, "alpha": rfbtest.CursorWithAlpha, "VMware": rfbtest.VMwareCursor,
}

func withCursor(f *screen.Frame, c *screen.Cursor, at image.Point) screen.Update {
	u := update(f)
	u.Cursor, u.Pointer = c, at
	return u
}

// sameShape compares the viewer's shape with c.
func sameShape(t *testing.T, got *rfbtest.Shape, c *screen.Cursor, encoding int32) {
	t.Helper()
	if got == nil {
		t.Fatal("no shape")
	}
	if got.Encoding != encoding || got.Hot != c.Hot || got.Image.Rect.Size() != c.Size {
		t.Fatalf("encoding %d, hot spot %v, size %v", got.Encoding, got.Hot, got.Image.Rect.Size())
	}
	for y := range c.Size.Y {
		for x := range c.Size.X {
			s := c.Pix[4*(y*c.Size.X+x):][:4]
			want := color.NRGBA{s[2], s[1], s[0], s[3]} // opaque or transparent
			if p := got.Image.NRGBAAt(x, y); p != want {
				t.Fatalf("at %d,%d: %v, want %v", x, y, p, want)
			}
		}
	}
}

func TestCursorShapes(t *testing.T) {
	f := paint(image.Pt(60, 50), noise(1))
	at := image.Pt(20, 20)
	for name, encoding := range shapeEncodings {
		t.Run(name, func(t *testing.T) {
			inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, f, func(t *testing.T, s *session) {
				c := arrow(1)
				s.apply(withCursor(f, c, at))
				synctest.Wait()
				sameShape(t, s.v.Shape(), c, encoding)
				s.same(f)
				// A viewer that draws the pointer gets no update when it moves.
				s.take()
				s.apply(withCursor(f, c, at.Add(image.Pt(5, 5))))
				if u, _ := s.take(); len(u) != 0 {
					t.Errorf("%+v for a pointer that moved", u)
				}
				// When control is taken, the pointer appears in the framebuffer; when it is given,
				// it disappears.
				s.conn.SetRights(rfb.RightView)
				synctest.Wait()
				s.same(withPointer(f, c, at.Add(image.Pt(5, 5))))
				c = arrow(2)
				s.apply(withCursor(f, c, image.Pt(1, 48)))
				synctest.Wait()
				s.same(withPointer(f, c, image.Pt(1, 48)))
				s.conn.SetRights(rfb.RightView | rfb.RightControl)
				synctest.Wait()
				s.same(f)
				sameShape(t, s.v.Shape(), c, encoding)
				// There is no pointer.
				s.apply(withCursor(f, nil, at))
				synctest.Wait()
				if !s.v.Shape().Image.Rect.Empty() {
					t.Error("a shape where there is none")
				}
			}, rfbtest.ZRLE, encoding)
		})
	}
}

// With control but without view, the customer's pointer is not sent; with view it is.
func TestCursorNeedsTheView(t *testing.T) {
	f := paint(image.Pt(60, 50), noise(1))
	inBubble(t, rfb.Config{Rights: rfb.RightControl}, f, func(t *testing.T, s *session) {
		c := arrow(1)
		s.apply(withCursor(f, c, image.Pt(9, 9)))
		synctest.Wait()
		if s.v.Shape() != nil && !s.v.Shape().Image.Rect.Empty() {
			t.Error("the customer's pointer without the view")
		}
		s.conn.SetRights(rfb.RightView | rfb.RightControl)
		synctest.Wait()
		sameShape(t, s.v.Shape(), c, rfbtest.Cursor)
		s.conn.SetRights(rfb.RightControl)
		synctest.Wait()
		if !s.v.Shape().Image.Rect.Empty() {
			t.Error("the customer's pointer after the view was taken")
		}
	}, rfbtest.Cursor, rfbtest.DesktopSize)
}

// A viewer that stops drawing shapes sees the pointer in the framebuffer at once.
func TestCursorShapeGivenUp(t *testing.T) {
	f := paint(image.Pt(60, 50), noise(1))
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, f, func(t *testing.T, s *session) {
		c := arrow(1)
		s.apply(withCursor(f, c, image.Pt(9, 9)))
		s.must(s.v.SetEncodings(rfbtest.Raw))
		synctest.Wait()
		s.same(withPointer(f, c, image.Pt(9, 9)))
	}, rfbtest.Cursor)
}

// Translucent pointers are blended, and the premultiplication is reverted for encodings that need
// it.
func TestCursorAlpha(t *testing.T) {
	f := flatFrame(image.Pt(20, 20), color.RGBA{200, 100, 50, 255})
	// Premultiplied: half of 255, 128, 0 (red, green, blue).
	c := &screen.Cursor{Size: image.Pt(3, 1), Pix: []byte{0, 64, 128, 128, 10, 20, 30, 255, 0, 0, 0, 0}}
	near := func(a, b byte) bool { return max(a, b)-min(a, b) <= 2 }
	for name, encoding := range shapeEncodings {
		inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, f, func(t *testing.T, s *session) {
			s.apply(withCursor(f, c, image.Point{}))
			synctest.Wait()
			p := s.v.Shape().Image.NRGBAAt(0, 0)
			if encoding == rfbtest.Cursor {
				p.A = 128 // a mask has no intermediate values
			}
			if !near(p.R, 255) || !near(p.G, 128) || p.B != 0 || p.A != 128 {
				t.Errorf("%s: %v", name, p)
			}
			s.conn.SetRights(rfb.RightView)
			synctest.Wait()
			// Over the background: 128 + 200/2, 64 + 100/2, 0 + 50/2.
			if q := s.v.Canvas().RGBAAt(0, 0); !near(q.R, 228) || !near(q.G, 114) || !near(q.B, 25) {
				t.Errorf("%s: drawn %v", name, q)
			}
		}, encoding)
	}
}

func TestCursorTooLarge(t *testing.T) {
	f := flatFrame(image.Pt(20, 20), grey)
	big := &screen.Cursor{Size: image.Pt(300, 270), Hot: image.Pt(299, 3), Pix: make([]byte, 300*270*4)}
	for _, encoding := range shapeEncodings {
		inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, f, func(t *testing.T, s *session) {
			s.apply(withCursor(f, big, image.Point{}))
			synctest.Wait()
			if size := s.v.Shape().Image.Rect.Size(); size.X > 256 || size.Y > 256 {
				t.Errorf("%v", size)
			}
		}, encoding)
	}
}

// Shapes are right in every pixel format.
func TestCursorFormats(t *testing.T) {
	f := flatFrame(image.Pt(20, 20), grey)
	c := arrow(7)
	for name, format := range formats {
		s := open(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, nil)
		s.must(s.v.SetPixelFormat(format))
		s.must(s.v.SetEncodings(rfbtest.Cursor, rfbtest.DesktopSize))
		s.apply(withCursor(f, c, image.Point{}))
		s.must(s.v.Refresh())
		expect := expected(format)
		for i := range len(c.Pix) / 4 {
			p, got := c.Pix[4*i:], s.v.Shape().Image.NRGBAAt(i%c.Size.X, i/c.Size.X)
			want := color.NRGBA{}
			if p[3] == 255 {
				e := expect(color.RGBA{p[2], p[1], p[0], 255})
				want = color.NRGBA{e.R, e.G, e.B, 255}
			}
			if got != want {
				t.Fatalf("%s, pixel %d: %v, want %v", name, i, got, want)
			}
		}
		s.close()
	}
}
