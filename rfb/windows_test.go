package rfb_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// heap is a desktop with overlapping windows, which move and scroll.
type heap struct {
	size    image.Point
	rnd     *rand.Rand
	windows []*win
	back    *screen.Frame
	mask    *screen.Frame // nil: everything is visible
}

type win struct {
	at      image.Point
	content *screen.Frame
	hidden  bool // with a mask: not shared
}

func newHeap(seed uint64, size image.Point) *heap {
	h := &heap{size: size, rnd: random(seed), back: paint(size, text(seed))}
	for i := range 4 {
		w := &win{at: image.Pt(h.rnd.IntN(size.X), h.rnd.IntN(size.Y))}
		part := image.Pt(80+h.rnd.IntN(120), 60+h.rnd.IntN(120))
		w.content = paint(part, text(seed*10+uint64(i)))
		if i == 3 {
			w.content = paint(part, photo(seed))
		}
		h.windows = append(h.windows, w)
	}
	return h
}

// step moves, scrolls, raises or damages a window.
func (h *heap) step() {
	i := h.rnd.IntN(len(h.windows))
	w := h.windows[i]
	if h.mask != nil && h.rnd.IntN(12) == 0 {
		w.hidden = !w.hidden // changes which programs are shared
	}
	switch h.rnd.IntN(8) {
	case 0, 1, 2:
		w.at = w.at.Add(image.Pt(h.rnd.IntN(41)-20, h.rnd.IntN(31)-15))
		w.at.X, w.at.Y = min(max(w.at.X, -40), h.size.X-30), min(max(w.at.Y, -40), h.size.Y-30)
	case 3, 4:
		scrollBy(w.content, image.Pt(0, h.rnd.IntN(61)-30))
	case 5:
		scrollBy(w.content, image.Pt(h.rnd.IntN(61)-30, 0))
	case 6:
		h.windows = append(append(h.windows[:i:i], h.windows[i+1:]...), w)
	case 7:
		w.content = damaged(h.rnd, w.content)
	}
}

// scrollBy moves a window's content; the part that comes in keeps its old content.
func scrollBy(f *screen.Frame, d image.Point) {
	old := screen.NewFrame(f.Size)
	old.CopyRect(f, f.Bounds())
	dst := f.Bounds().Add(d).Intersect(f.Bounds())
	for y := dst.Min.Y; y < dst.Max.Y; y++ {
		copy(f.Row(y, dst.Min.X, dst.Max.X), old.Row(y-d.Y, dst.Min.X-d.X, dst.Max.X-d.X))
	}
}

func (h *heap) draw() *screen.Frame {
	f := screen.NewFrame(h.size)
	f.CopyRect(h.back, f.Bounds())
	if h.mask != nil {
		f.CopyRect(h.mask, f.Bounds())
	}
	for _, w := range h.windows {
		r := image.Rectangle{Min: w.at, Max: w.at.Add(w.content.Size)}.Intersect(f.Bounds())
		if h.mask != nil && w.hidden {
			f.CopyRect(h.mask, r)
			continue
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			copy(f.Row(y, r.Min.X, r.Max.X), w.content.Row(y-w.at.Y, r.Min.X-w.at.X, r.Max.X-w.at.X))
		}
	}
	return f
}

// Random windows move and scroll over each other in front of viewers with different speeds and
// encodings, with the search for moves. When nothing moves, all viewers show the exact frame. This
// also holds with the mask of shared programs, which changes meanwhile.
func TestWindowsOverEachOther(t *testing.T) {
	copied := 0
	for seed := range uint64(4) {
		for _, masked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d masked %v", seed, masked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { copied += playWindows(t, seed, masked, 60) })
			})
		}
	}
	if t.Logf("%d times CopyRect", copied); copied == 0 {
		t.Error("CopyRect was never used")
	}
}

// FuzzWindows plays any such heap.
func FuzzWindows(f *testing.F) {
	f.Add(uint64(100), false)
	f.Add(uint64(101), true)
	f.Fuzz(func(t *testing.T, seed uint64, masked bool) {
		synctest.Test(t, func(t *testing.T) { playWindows(t, seed, masked, 60) })
	})
}

func playWindows(t *testing.T, seed uint64, masked bool, steps int) (copied int) {
	size := image.Pt(420, 330)
	h := newHeap(seed, size)
	if masked { // hatched as the agent paints it; it seems to move, too
		h.mask = screen.NewFrame(size)
		for y := range size.Y {
			for x := -y % 24; x < size.X; x += 24 {
				h.mask.Fill(image.Rect(x, y, x+3, y+1).Intersect(h.mask.Bounds()), 90, 90, 90)
			}
		}
		h.windows[0].hidden = true
	}
	desk := screen.NewFramebuffer(size)
	f := h.draw()
	desk.Apply(update(f))
	var all []*session
	for i, list := range [][]int32{
		{rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(5), rfbtest.Fence, rfbtest.LastRect},
		{rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(1)},
		{rfbtest.ZRLE, rfbtest.CopyRect, rfbtest.Fence}, {rfbtest.Hextile, rfbtest.CopyRect, rfbtest.Cursor}, {rfbtest.Zlib, rfbtest.CopyRect}, {rfbtest.Raw},
	} {
		s := open(t, rfb.Config{Desktop: desk, Rights: rfb.RightView}, nil)
		defer s.close()
		s.must(s.v.SetEncodings(list...))
		s.pump()
		s.settle()
		s.asking.Store(i%2 == 0)
		all = append(all, s)
	}
	for step := range steps {
		for range 1 + h.rnd.IntN(3) {
			h.step()
		}
		f = h.draw()
		u := update(f)
		u.Pointer, u.Cursor = image.Pt(h.rnd.IntN(size.X), h.rnd.IntN(size.Y)), nil
		change := desk.Apply(u)
		for i, s := range all {
			// Some read continuously, some only now and then, and some get changes late.
			if h.rnd.IntN(2*len(all)) < i {
				s.pause()
			} else if h.rnd.IntN(3) == 0 {
				s.must(s.v.Request(true, s.v.Bounds()))
				synctest.Wait()
			}
			s.conn.Invalidate(change)
		}
		if step%20 != 19 {
			continue
		}
		for i, s := range all {
			rest(t, s)
			if err := compare(s.v.Canvas(), f, expected(formats["888 little"])); err != nil {
				t.Fatalf("step %d, viewer %d: %v", step, i, err)
			}
			s.asking.Store(i%2 == 0)
		}
	}
	for _, s := range all {
		copied += s.v.Forms()["copyrect"]
	}
	return copied
}
