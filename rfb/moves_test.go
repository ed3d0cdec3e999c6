package rfb_test

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests check that CopyRect is used only where the viewer has the source, and that the
// framebuffer is right after moves that overlap themselves, pending damage, pointers drawn into the
// framebuffer, and any mixture of these.

// moved returns f after m.
func moved(f *screen.Frame, m screen.Move) *screen.Frame {
	g := screen.NewFrame(f.Size)
	g.CopyRect(f, f.Bounds())
	for y := m.Dst.Min.Y; y < m.Dst.Max.Y; y++ {
		copy(g.Row(y, m.Dst.Min.X, m.Dst.Max.X), f.Row(y-m.Delta.Y, m.Dst.Min.X-m.Delta.X, m.Dst.Max.X-m.Delta.X))
	}
	return g
}

// applyMove changes the desktop to f, which is the old frame after m, and returns the change that
// describes it.
func (s *session) applyMove(f *screen.Frame, m screen.Move) screen.Change {
	change := s.desk.Apply(update(f))
	change.Region = screen.Region{}
	change.Moves = []screen.Move{m}
	return change
}

func (s *session) move(f *screen.Frame, m screen.Move) *screen.Frame {
	g := moved(f, m)
	s.conn.Invalidate(s.applyMove(g, m))
	return g
}

var moves = map[string]screen.Move{
	"apart":         {Dst: image.Rect(60, 50, 90, 70), Delta: image.Pt(55, 45)},
	"one line up":   {Dst: image.Rect(0, 0, 100, 99), Delta: image.Pt(0, -1)},
	"one line down": {Dst: image.Rect(0, 1, 100, 100), Delta: image.Pt(0, 1)},
	"left":          {Dst: image.Rect(3, 5, 80, 60), Delta: image.Pt(-7, 0)},
	"aslant":        {Dst: image.Rect(20, 20, 70, 70), Delta: image.Pt(11, 13)},
}

func TestMove(t *testing.T) {
	for name, m := range moves {
		t.Run(name, func(t *testing.T) {
			f := paint(image.Pt(100, 100), noise(1))
			s := open(t, rfb.Config{Rights: rfb.RightView}, f)
			defer s.close()
			s.must(s.v.SetEncodings(rfbtest.ZRLE, rfbtest.CopyRect))
			s.must(s.v.Refresh())
			f = s.move(f, m)
			if u := s.next(); len(u.Rects) != 1 || u.Rects[0].Encoding != rfbtest.CopyRect {
				t.Fatalf("%+v", u)
			}
			s.same(f)
		})
	}
}

// Areas that the viewer must not move itself are sent as pixels.
func TestMoveThatTheViewerCannotMake(t *testing.T) {
	m := moves["aslant"]
	for name, prepare := range map[string]func(s *session, f *screen.Frame) *screen.Frame{
		"no CopyRect": func(s *session, f *screen.Frame) *screen.Frame {
			s.must(s.v.SetEncodings(rfbtest.ZRLE))
			return s.move(f, m)
		},
		"CopyRect taken back": func(s *session, f *screen.Frame) *screen.Frame {
			f = s.move(f, m)
			s.must(s.v.SetEncodings(rfbtest.ZRLE))
			return f
		},
		"most of the source waits": func(s *session, f *screen.Frame) *screen.Frame {
			g := damagedAt(f, m.Src().Inset(2))
			s.show(g)
			return s.move(g, m)
		},
		"told later": func(s *session, f *screen.Frame) *screen.Frame {
			// The viewer receives the frame after the move before the move is reported: its source
			// contains pixels from after the move.
			g := moved(f, m)
			change := s.applyMove(g, m)
			s.must(s.v.Request(false, image.Rect(10, 10, 40, 40)))
			synctest.Wait()
			s.conn.Invalidate(change)
			return g
		},
		"asked for in full": func(s *session, f *screen.Frame) *screen.Frame {
			f = s.move(f, m)
			s.must(s.v.Request(false, s.v.Bounds()))
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := paint(image.Pt(100, 100), noise(1))
			inBubble(t, rfb.Config{Rights: rfb.RightView}, f, func(t *testing.T, s *session) {
				s.pause()
				f = prepare(s, f)
				s.settle()
				s.same(f)
				if n := s.v.Forms()["copyrect"]; n > 0 {
					t.Errorf("%d times CopyRect", n)
				}
			}, rfbtest.ZRLE, rfbtest.CopyRect)
		})
	}
}

// Moves of a viewer that sends no request are queued, with damage in between; outdated areas move
// along.
func TestMovesThatWait(t *testing.T) {
	f := paint(image.Pt(100, 100), noise(1))
	inBubble(t, rfb.Config{Rights: rfb.RightView}, f, func(t *testing.T, s *session) {
		s.pause()
		m := moves["aslant"]
		f = damagedAt(f, image.Rectangle{Min: m.Src().Min, Max: m.Src().Min.Add(image.Pt(3, 3))})
		s.show(f)
		f = s.move(f, m)
		f = s.move(f, moves["apart"])
		f = damagedAt(f, image.Rect(30, 30, 33, 60))
		s.show(f)
		f = s.move(f, m)
		s.settle()
		s.same(f)
		if n := s.v.Forms()["copyrect"]; n != 3 {
			t.Errorf("%d times CopyRect of 3", n)
		}
		for range 200 { // more than are kept
			s.pause()
			f = s.move(f, m)
		}
		s.settle()
		s.same(f)
	}, rfbtest.ZRLE, rfbtest.CopyRect)
}

// damagedAt returns a copy of f with other colours in r.
func damagedAt(f *screen.Frame, r image.Rectangle) *screen.Frame {
	g := screen.NewFrame(f.Size)
	g.CopyRect(f, f.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for i, b := range f.Row(y, r.Min.X, r.Max.X) {
			g.Row(y, r.Min.X, r.Max.X)[i] = ^b
		}
	}
	return g
}

// Damage after the move is sent after it.
func TestMoveThenDamage(t *testing.T) {
	for name, area := range map[string]image.Rectangle{
		"in the source":      image.Rect(9, 9, 15, 15),
		"in the destination": image.Rect(50, 50, 60, 60),
		"in both":            image.Rect(20, 20, 59, 57),
	} {
		t.Run(name, func(t *testing.T) {
			f := paint(image.Pt(100, 100), noise(1))
			s := open(t, rfb.Config{Rights: rfb.RightView}, f)
			defer s.close()
			s.must(s.v.SetEncodings(rfbtest.Hextile, rfbtest.CopyRect))
			s.must(s.v.Refresh())
			f = damagedAt(s.move(f, moves["aslant"]), area)
			s.show(f)
			if u := s.next(); u.Rects[0].Encoding != rfbtest.CopyRect {
				t.Fatalf("%+v", u)
			}
			s.same(f)
		})
	}
}

// arrow is a pointer with transparent holes and an opaque body, so that drawing it needs no
// rounding.
func arrow(seed byte) *screen.Cursor {
	c := &screen.Cursor{Size: image.Pt(11, 13), Hot: image.Pt(2, 3)}
	for y := range 13 {
		for x := range 11 {
			if x > y || (x+y)%5 == 0 {
				c.Pix = append(c.Pix, 0, 0, 0, 0)
			} else {
				c.Pix = append(c.Pix, byte(x*20), byte(y*15), seed, 255)
			}
		}
	}
	return c
}

// withPointer returns f with the pointer drawn into it; with a nil pointer it returns f.
func withPointer(f *screen.Frame, c *screen.Cursor, at image.Point) *screen.Frame {
	if c == nil {
		return f
	}
	g := screen.NewFrame(f.Size)
	g.CopyRect(f, f.Bounds())
	for y := range c.Size.Y {
		for x := range c.Size.X {
			p := at.Sub(c.Hot).Add(image.Pt(x, y))
			if s := c.Pix[4*(y*c.Size.X+x):][:4]; p.In(f.Bounds()) && s[3] == 255 {
				copy(g.Row(p.Y, p.X, p.X+1), s[:3])
			}
		}
	}
	return g
}

// After any sequence of damage, moves, pointers, shapes, requests of parts, rights and sizes the
// framebuffer is right.
func TestPictureAfterAnything(t *testing.T) {
	copied := make(chan int, 24)
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(cap(copied)) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				r := random(seed)
				f := paint(image.Pt(120, 90), noise(seed))
				waiting := screen.NewFramebuffer(f.Size)
				waiting.Apply(update(paint(f.Size, flat(color.RGBA{1, 2, 3, 255}))))
				inBubble(t, rfb.Config{Rights: rfb.RightView, Waiting: waiting}, f, func(t *testing.T, s *session) {
					playAnything(t, s, r, f)
					copied <- s.v.Forms()["copyrect"]
				}, pick(r, encodings), rfbtest.CopyRect, rfbtest.DesktopSize, rfbtest.Cursor)
			})
		}
	})
	close(copied)
	total := 0
	for n := range copied {
		total += n
	}
	t.Logf("%d times CopyRect", total)
	if total == 0 {
		t.Error("CopyRect was never used")
	}
}

func playAnything(t *testing.T, s *session, r *rand.Rand, f *screen.Frame) {
	rights := rfb.RightView
	var shape *screen.Cursor
	at := image.Pt(5, 5)
	apply := func(f *screen.Frame) screen.Change {
		u := update(f)
		u.Cursor, u.Pointer = shape, at
		return s.desk.Apply(u)
	}
	for step := range 200 {
		switch r.IntN(12) {
		case 0, 1:
			f = damaged(r, f)
			s.conn.Invalidate(apply(f))
		case 2, 3, 4:
			dst := randomRect(r, f.Size)
			src := image.Pt(r.IntN(f.Size.X-dst.Dx()+1), r.IntN(f.Size.Y-dst.Dy()+1))
			m := screen.Move{Dst: dst, Delta: dst.Min.Sub(src)}
			f = moved(f, m)
			change := apply(f)
			change.Region, change.Moves = screen.Region{}, []screen.Move{m}
			if r.IntN(4) == 0 {
				synctest.Wait() // the viewer may be served before the change is reported
			}
			s.conn.Invalidate(change)
		case 5, 6:
			at = image.Pt(r.IntN(f.Size.X+10)-5, r.IntN(f.Size.Y+10)-5)
			s.conn.Invalidate(apply(f))
		case 7:
			if shape = nil; r.IntN(3) > 0 {
				shape = arrow(byte(r.Uint32()))
			}
			s.conn.Invalidate(apply(f))
		case 8:
			if r.IntN(4) == 0 {
				f = paint(image.Pt(60+r.IntN(100), 60+r.IntN(100)), noise(r.Uint64()))
				s.conn.Invalidate(apply(f))
			}
		case 9:
			if r.IntN(3) == 0 {
				rights = rfb.Rights(r.IntN(4)) // view, control
				s.conn.SetRights(rights)
			}
		case 10:
			synctest.Wait()
			s.must(s.v.Request(r.IntN(2) == 0, randomRect(r, s.v.Bounds().Size())))
		case 11:
			s.pause()
		}
		if r.IntN(4) > 0 {
			continue
		}
		want := withPointer(f, shape, at)
		switch {
		case !rights.Has(rfb.RightView):
			s.conn.InvalidateWaiting(screen.Change{})
			want = paint(image.Pt(120, 90), flat(color.RGBA{1, 2, 3, 255}))
		case rights.Has(rfb.RightControl):
			want = f
		}
		s.settle()
		if err := compare(s.v.Canvas(), want, func(c color.RGBA) color.RGBA { return c }); err != nil {
			t.Fatalf("step %d, rights %b: %v", step, rights, err)
		}
	}
	synctest.Wait()
}
