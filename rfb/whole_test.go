package rfb_test

import (
	"image"
	"image/color"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// openSlow opens a session whose viewer is on a line with 50 ms and 5 Mbit/s, with the pointer in
// the framebuffer.
func openSlow(t *testing.T, f *screen.Frame, encodings ...int32) *session {
	t.Helper()
	return openOver(t, f, 625_000, 50*time.Millisecond, encodings...)
}

func openOver(t *testing.T, f *screen.Frame, bytesPerSecond int, delay time.Duration, encodings ...int32) *session {
	t.Helper()
	desk := screen.NewFramebuffer(f.Size)
	desk.Apply(withBlockAt(f))
	a, b := net.Pipe()
	s := &session{t: t, desk: desk, served: make(chan error, 1), conn: rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})}
	go func() { s.served <- s.conn.Serve(t.Context()) }()
	var err error
	s.v, err = rfbtest.New(&narrow{Conn: b, bytesPerSecond: bytesPerSecond, delay: delay}, rfbtest.Config{})
	s.must(err)
	s.must(s.v.SetEncodings(encodings...))
	return s
}

// withBlockAt is the whole of f, with a pointer.
func withBlockAt(f *screen.Frame) screen.Update {
	u := update(f)
	u.Pointer, u.Cursor = image.Pt(300, 200), block()
	return u
}

// block is a pointer without transparent parts, so that the result of drawing it is known.
func block() *screen.Cursor {
	const side = 16
	c := &screen.Cursor{Size: image.Pt(side, side), Pix: make([]byte, 4*side*side)}
	for i := range c.Pix {
		c.Pix[i] = 255
	}
	return c
}

// withBlock returns f with the pointer of openSlow drawn into it.
func withBlock(f *screen.Frame) *screen.Frame {
	g := screen.NewFrame(f.Size)
	g.CopyRect(f, f.Bounds())
	at := image.Pt(300, 200)
	g.Fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(16, 16))}, 255, 255, 255)
	return g
}

// covered reports whether the update's pixels cover r.
func covered(u *rfbtest.Update, r image.Rectangle) bool {
	left := screen.RegionOf(r)
	for _, rect := range u.Rects {
		if rect.Encoding >= 0 {
			left.Subtract(rect.Rectangle)
		}
	}
	return left.Empty()
}

// A non-incremental request is answered by one update that covers all of it, on a slow line too,
// unless the viewer supports fences or continuous updates, because simple viewers take the first
// update for the whole framebuffer.
func TestWholeAnswer(t *testing.T) {
	size := image.Pt(720, 540)
	easy, large := paint(size, page(1, size)), paint(size, noise(1))
	for name, encodings := range map[string][]int32{
		"raw":                  {rfbtest.Raw},
		"hextile":              {rfbtest.Hextile},
		"zlib":                 {rfbtest.Zlib},
		"ZRLE":                 {rfbtest.ZRLE, rfbtest.DesktopSize},
		"Tight":                {rfbtest.Tight},
		"Tight, LastRect":      {rfbtest.Tight, rfbtest.LastRect, rfbtest.CopyRect},
		"Tight with loss":      {rfbtest.Tight, rfbtest.Quality(8)},
		"ZRLE, ExtDesktopSize": {rfbtest.ZRLE, rfbtest.ExtendedDesktopSize},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := easy
				if encodings[0] == rfbtest.Tight && len(encodings) != 2 {
					f = large // Tight's encoding of the other frame is too small
				}
				s := openSlow(t, f, encodings...)
				defer s.close()
				for _, area := range []image.Rectangle{f.Bounds(), f.Bounds(), image.Rect(100, 50, 700, 520)} {
					s.must(s.v.Request(false, area))
					u, err := s.v.NextUpdate()
					s.must(err)
					if !u.Pixels() { // only the size: the pixels follow at the next request
						s.must(s.v.Request(true, s.v.Bounds()))
						u, err = s.v.NextUpdate()
						s.must(err)
					}
					if !covered(u, area) {
						t.Errorf("%v: answered in parts, with %d rectangles", area, len(u.Rects))
					}
					if u.LastRect {
						t.Error("LastRect where the count fits: vncsnapshot waits for ever behind it")
					}
					if first := u.Rects[0]; encodings[0] != rfbtest.Tight && first.Rectangle != area {
						t.Errorf("%v: the first rectangle is %v; gvnccapture saves that alone", area, first)
					}
					if name == "Tight with loss" {
						sharp(t, s, withBlock(f))
					} else {
						s.same(withBlock(f))
					}
				}
			})
		})
	}
}

// The first answer is complete even if the viewer requests only changes, as GStreamer does, because
// it has no pixels.
func TestFirstAnswerIsWhole(t *testing.T) {
	size := image.Pt(720, 540)
	for _, encoding := range []int32{rfbtest.Raw, rfbtest.Hextile, rfbtest.Tight} {
		synctest.Test(t, func(t *testing.T) {
			f := paint(size, noise(1))
			s := openSlow(t, f, encoding)
			defer s.close()
			s.next()
			s.same(withBlock(f))
		})
	}
}

// A viewer with fences or continuous updates gets the answer in parts, so that the answer to input
// does not wait for a whole frame.
func TestAnswerInParts(t *testing.T) {
	size := image.Pt(720, 540)
	for name, encoding := range map[string]int32{"fences": rfbtest.Fence, "continuous updates": rfbtest.ContinuousUpdates} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openSlow(t, paint(size, noise(1)), rfbtest.Tight, encoding)
				defer s.close()
				s.must(s.v.Request(false, s.v.Bounds()))
				u, err := s.v.NextUpdate()
				s.must(err)
				if covered(u, s.v.Bounds()) {
					t.Error("a picture of a megabyte comes whole, on a slow line")
				}
			})
		})
	}
}

// sharp fails if text is not exact or photographs differ much from f: what a viewer saves has the
// quality that it asked for, not the quality of video on that line.
func sharp(t *testing.T, s *session, f *screen.Frame) {
	t.Helper()
	const most = 40
	wrong := 0
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			c := s.v.Canvas().RGBAAt(x, y)
			for i, v := range [3]byte{c.B, c.G, c.R} {
				if d := int(v) - int(row[4*x+i]); d > most || d < -most {
					wrong++
					break
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d pixels are far from their true colours", wrong)
	}
}

// Changes after the complete answer are sent in parts as usual.
func TestPartsBehindTheWholeAnswer(t *testing.T) {
	size := image.Pt(720, 540)
	synctest.Test(t, func(t *testing.T) {
		s := openSlow(t, paint(size, page(1, size)), rfbtest.Tight)
		defer s.close()
		s.must(s.v.Refresh())
		f := paint(size, noise(2))
		s.apply(withBlockAt(f))
		updates := 0
		for compare(s.v.Canvas(), withBlock(f), func(c color.RGBA) color.RGBA { return c }) != nil {
			s.picture()
			if updates++; updates > 1000 {
				t.Fatal("the picture never comes")
			}
		}
		if updates < 3 {
			t.Errorf("%d updates for a megabyte on a slow line", updates)
		}
	})
}
