package rfb_test

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests cover sizes and layouts, names, fences, continuous updates, LastRect, the pointer's
// shapes, and that announcements are sent at once.

func flatFrame(size image.Point, c color.RGBA) *screen.Frame { return paint(size, flat(c)) }

var (
	grey  = color.RGBA{90, 90, 90, 255}
	green = color.RGBA{0, 160, 20, 255}
)

func TestDesktopSize(t *testing.T) {
	for name, extension := range map[string][]int32{
		"plain":    {rfbtest.DesktopSize},
		"extended": {rfbtest.ExtendedDesktopSize},
		"both":     {rfbtest.DesktopSize, rfbtest.ExtendedDesktopSize, rfbtest.LastRect, rfbtest.DesktopName},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(40, 30), grey), func(t *testing.T, s *session) {
				for _, size := range []image.Point{{80, 20}, {7, 100}, {1, 1}, {40, 30}} {
					s.take()
					f := paint(size, noise(1))
					s.show(f)
					s.conn.SetName(fmt.Sprint(size))
					updates, _ := s.take()
					s.same(f)
					if len(updates) < 2 || updates[0].Pixels() {
						t.Fatalf("%+v", updates)
					}
					// Old viewers expect the size in the last rectangle.
					last := updates[0].Rects[len(updates[0].Rects)-1]
					if last.Encoding != rfbtest.DesktopSize && last.Encoding != rfbtest.ExtendedDesktopSize || last.Size() != size {
						t.Errorf("%+v", updates[0])
					}
				}
			}, append(extension, rfbtest.Tight)...)
		})
	}
}

// A viewer that does not support a change of size sees the part that fits, on black.
func TestViewerThatCannotResize(t *testing.T) {
	for encodingName, encoding := range encodings {
		t.Run(encodingName, func(t *testing.T) {
			inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(100, 80), grey), func(t *testing.T, s *session) {
				var shape *screen.Cursor
				for i, size := range []image.Point{{50, 90}, {120, 40}, {100, 80}, {130, 100}, {20, 20}} {
					f := paint(size, noise(uint64(i)))
					u := update(f)
					u.Cursor, u.Pointer = shape, image.Pt(15, 15)
					s.apply(u)
					synctest.Wait()
					want := screen.NewFrame(image.Pt(100, 80))
					seen := withPointer(f, shape, u.Pointer)
					want.CopyRect(seen, seen.Bounds())
					s.same(want)
					// It also sees changes after the change of size.
					f = damaged(random(uint64(i)), f)
					u.Frame = f
					s.apply(u)
					synctest.Wait()
					want = screen.NewFrame(image.Pt(100, 80))
					seen = withPointer(f, shape, u.Pointer)
					want.CopyRect(seen, seen.Bounds())
					s.same(want)
					shape = arrow(byte(i))
				}
			}, encoding, rfbtest.CopyRect)
		})
	}
}

// The waiting framebuffer has its own size and its own monitors.
func TestLayoutOfTheWaitingPicture(t *testing.T) {
	waiting := screen.NewFramebuffer(image.Pt(64, 48))
	inBubble(t, rfb.Config{Waiting: waiting}, paint(image.Pt(64, 48), noise(1)), func(t *testing.T, s *session) {
		two := update(paint(image.Pt(64, 48), noise(2)))
		two.Monitors = []screen.Monitor{{ID: 5, Rect: image.Rect(0, 0, 30, 48)}, {ID: 7, Rect: image.Rect(30, 0, 64, 40)}}
		s.apply(two) // must not be sent without the right
		synctest.Wait()
		before := len(s.v.Layouts())
		s.conn.SetRights(rfb.RightView)
		synctest.Wait()
		got := s.v.Layouts()
		if len(got) != before+1 {
			t.Fatalf("%d layouts, then %+v", before, got)
		}
		want := []rfbtest.Screen{{ID: 5, Rect: image.Rect(0, 0, 30, 48)}, {ID: 7, Rect: image.Rect(30, 0, 64, 40)}}
		if !slices.Equal(got[before].Screens, want) {
			t.Errorf("%+v", got[before])
		}
		s.same(two.Frame)
	}, rfbtest.ExtendedDesktopSize)
}

func TestExtendedDesktopSizeAnswersEachFullRequest(t *testing.T) {
	inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(40, 30), grey), func(t *testing.T, s *session) {
		for range 3 {
			n := len(s.v.Layouts())
			s.must(s.v.Request(false, s.v.Bounds()))
			synctest.Wait()
			if got := len(s.v.Layouts()); got != n+1 {
				t.Fatalf("%d layouts after %d", got, n)
			}
		}
	}, rfbtest.ExtendedDesktopSize)
}

func TestSetDesktopSizeIsRefused(t *testing.T) {
	f := flatFrame(image.Pt(40, 30), grey)
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl}, f, func(t *testing.T, s *session) {
		s.take()
		n := len(s.v.Layouts())
		for range 2 {
			s.must(s.v.SetDesktopSize(image.Pt(800, 600), rfbtest.Screen{ID: 1, Rect: image.Rect(0, 0, 800, 600)}))
		}
		synctest.Wait()
		got := s.v.Layouts()[n:]
		if len(got) != 2 || got[0].Reason != 1 || got[0].Status != 1 || got[1].Reason != 1 || got[1].Status != 1 {
			t.Fatalf("%+v", got)
		}
		s.same(f)
	}, rfbtest.ExtendedDesktopSize)
	// A viewer that did not ask for the extension gets no rectangle of it.
	inBubble(t, rfb.Config{Rights: rfb.RightView}, f, func(t *testing.T, s *session) {
		s.must(s.v.SetDesktopSize(image.Pt(800, 600)))
		s.settle()
		s.same(f)
	})
}

func TestDesktopName(t *testing.T) {
	inBubble(t, rfb.Config{Name: "Grüße", Rights: rfb.RightView}, flatFrame(image.Pt(40, 30), grey), func(t *testing.T, s *session) {
		if s.v.Name() != "Grüße" {
			t.Errorf("%q", s.v.Name())
		}
		s.conn.SetName("日本 €")
		synctest.Wait()
		if s.v.Name() != "Grüße" {
			t.Error("told a viewer that did not ask")
		}
		s.must(s.v.SetEncodings(rfbtest.DesktopName))
		s.settle()
		if s.v.Name() != "日本 €" {
			t.Errorf("%q", s.v.Name())
		}
	})
}

// LastRect is not used if the number of rectangles is known, because some viewers ask for it and do
// not support it.
func TestLastRect(t *testing.T) {
	f := paint(image.Pt(300, 300), text(1))
	inBubble(t, rfb.Config{Rights: rfb.RightView}, f, func(t *testing.T, s *session) {
		if u, _ := s.take(); len(u) != 1 || u[0].LastRect || len(u[0].Rects) != 9 {
			t.Errorf("%d updates, %+v", len(u), u[0])
		}
		s.same(f)
	}, rfbtest.Tight, rfbtest.LastRect)
}

// fences returns the answers among messages.
func fences(messages []any) (list []string) {
	for _, m := range messages {
		if f, ok := m.(rfbtest.FenceMessage); ok && f.Flags&rfbtest.FenceRequest == 0 {
			list = append(list, fmt.Sprintf("%x %s", f.Flags, f.Payload))
		}
	}
	return list
}

func TestFence(t *testing.T) {
	inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(40, 30), grey), func(t *testing.T, s *session) {
		_, m := s.take()
		if len(m) == 0 || m[0].(rfbtest.FenceMessage).Flags&rfbtest.FenceRequest == 0 {
			t.Fatalf("the extension was not announced: %+v", m)
		}
		const all = rfbtest.FenceBlockBefore | rfbtest.FenceBlockAfter | rfbtest.FenceSyncNext
		s.must(s.v.SendFence(rfbtest.FenceRequest|0x70, []byte("unknown")))
		s.must(s.v.SendFence(rfbtest.FenceRequest|rfbtest.FenceBlockBefore, []byte("before")))
		s.must(s.v.SendFence(rfbtest.FenceRequest|rfbtest.FenceBlockAfter, []byte(strings.Repeat("x", 64))))
		s.must(s.v.SendFence(rfbtest.FenceRequest|all, []byte("sync 1")))
		s.must(s.v.SendFence(rfbtest.FenceRequest|all, []byte("sync 2")))
		s.must(s.v.SendFence(rfbtest.FenceRequest, nil))
		_, m = s.take()
		want := []string{"0 unknown", "1 before", "2 " + strings.Repeat("x", 64), "7 sync 1", "0 ", "7 sync 2"}
		if got := fences(m); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}, rfbtest.Fence)
}

// While a fence with SyncNext waits for its message, no update is sent, and the message takes
// effect exactly at the answer.
func TestFenceSyncNext(t *testing.T) {
	size := image.Pt(40, 30)
	for _, formatName := range []string{"565 big", "332", "colour map", "888 on top, big"} {
		t.Run(formatName, func(t *testing.T) {
			inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(size, grey), func(t *testing.T, s *session) {
				s.must(s.v.EnableContinuousUpdates(true, s.v.Bounds()))
				s.must(s.v.SendFence(rfbtest.FenceRequest|rfbtest.FenceSyncNext, []byte("held")))
				s.take()
				s.show(paint(size, noise(1)))
				if u, m := s.take(); len(u)+len(m) != 0 {
					t.Errorf("behind the fence: %+v %+v", u, m)
				}
				f := paint(size, noise(2))
				s.show(f)
				s.must(s.v.Request(true, s.v.Bounds())) // any message
				if _, m := s.take(); !slices.Equal(fences(m), []string{"4 held"}) {
					t.Errorf("%+v", m)
				}
				s.same(f)
				// The strict decoder notices a pixel in the wrong format, at the latest when it
				// loses its place.
				for i := range uint64(50) {
					name := formatName
					if i%2 == 1 {
						name = "888 little"
					}
					go s.show(paint(size, noise(i)))
					s.must(s.v.SyncPixelFormat(formats[name]))
					synctest.Wait()
					f := paint(size, text(i))
					s.show(f)
					synctest.Wait()
					if err := compare(s.v.Canvas(), f, expected(formats[name])); err != nil {
						t.Fatalf("%d: %v", i, err)
					}
				}
			}, rfbtest.ZRLE, rfbtest.Fence, rfbtest.ContinuousUpdates)
		})
	}
}

// Updates stop while no answers arrive, and continue when they do.
func TestFenceCongestion(t *testing.T) {
	size := image.Pt(300, 300)
	inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(size, grey), func(t *testing.T, s *session) {
		s.must(s.v.EnableContinuousUpdates(true, s.v.Bounds()))
		s.take()
		s.v.HoldFences(true)
		for i := range uint64(100) {
			s.show(paint(size, noise(i)))
			synctest.Wait()
		}
		updates, messages := s.take()
		if len(updates) == 0 || len(updates) > 3 {
			t.Errorf("%d updates of 360 KB without an answer", len(updates))
		}
		s.v.HoldFences(false)
		for _, m := range messages {
			s.must(s.v.AnswerFence(m.(rfbtest.FenceMessage)))
		}
		synctest.Wait()
		s.same(paint(size, noise(99)))
		// The server does not wait for a viewer that stopped supporting fences.
		s.v.HoldFences(true)
		for i := range uint64(10) {
			s.show(paint(size, noise(i)))
			synctest.Wait()
		}
		s.must(s.v.SetEncodings(rfbtest.Raw, rfbtest.ContinuousUpdates))
		synctest.Wait()
		s.same(paint(size, noise(9)))
	}, rfbtest.Raw, rfbtest.Fence, rfbtest.ContinuousUpdates)
}

func ends(messages []any) (n int) {
	for _, m := range messages {
		if _, ok := m.(rfbtest.EndOfContinuousUpdates); ok {
			n++
		}
	}
	return n
}

func TestContinuousUpdates(t *testing.T) {
	size := image.Pt(40, 30)
	inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(size, grey), func(t *testing.T, s *session) {
		if _, m := s.take(); ends(m) != 1 {
			t.Fatalf("not announced once: %+v", m)
		}
		s.pause()
		s.must(s.v.EnableContinuousUpdates(true, image.Rect(0, 0, 20, 30)))
		s.take()
		// Changes inside the area are sent unrequested. Changes outside are not sent even if
		// requested, because incremental requests are ignored.
		f := paint(size, noise(1))
		s.show(f)
		s.must(s.v.Request(true, s.v.Bounds()))
		u, _ := s.take()
		if len(u) != 1 {
			t.Fatalf("%d updates", len(u))
		}
		for _, r := range u[0].Rects {
			if !r.In(image.Rect(0, 0, 20, 30)) {
				t.Errorf("%v is outside", r)
			}
		}
		// A non-incremental request is answered for any area.
		s.must(s.v.Request(false, image.Rect(30, 0, 40, 10)))
		if u, _ := s.take(); len(u) != 1 {
			t.Errorf("%d updates to a full request", len(u))
		}
		// The area is changed.
		s.must(s.v.EnableContinuousUpdates(true, s.v.Bounds()))
		synctest.Wait()
		s.same(f)
		// Switching off is confirmed each time, even if already off; afterwards only requests are
		// answered.
		s.must(s.v.EnableContinuousUpdates(false, s.v.Bounds()))
		s.must(s.v.EnableContinuousUpdates(false, s.v.Bounds()))
		if _, m := s.take(); ends(m) != 2 {
			t.Errorf("%d ends", ends(m))
		}
		f = paint(size, noise(2))
		s.show(f)
		if u, _ := s.take(); len(u) != 0 {
			t.Errorf("%+v unasked", u)
		}
		s.settle()
		s.same(f)
	}, rfbtest.Hextile, rfbtest.ContinuousUpdates)
}

// A request for an empty area asks for pseudo-rectangles.
func TestRequestOfNothing(t *testing.T) {
	inBubble(t, rfb.Config{Rights: rfb.RightView, Name: "a"}, flatFrame(image.Pt(40, 30), grey), func(t *testing.T, s *session) {
		s.pause()
		s.conn.SetName("b")
		s.must(s.v.Request(true, image.Rectangle{}))
		synctest.Wait()
		if s.v.Name() != "b" {
			t.Errorf("name %q", s.v.Name())
		}
	}, rfbtest.DesktopName)
}

// A viewer whose first request is incremental has no pixels: it gets everything.
func TestFirstRequestIncremental(t *testing.T) {
	f := paint(image.Pt(40, 30), noise(1))
	inBubble(t, rfb.Config{Rights: rfb.RightView}, f, func(t *testing.T, s *session) { s.same(f) })
}
