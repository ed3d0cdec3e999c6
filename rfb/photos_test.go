package rfb_test

import (
	"image"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// Two viewers with the same settings get the same JPEGs, and one with another level gets its own.
// Across several frames, all are exact when nothing moves.
func TestPhotosAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := image.Pt(320, 240)
		desk := screen.NewFramebuffer(size)
		var photos rfb.Photos
		var ready atomic.Int32
		var all []*session
		for _, level := range []int{6, 6, 2} {
			s := open(t, rfb.Config{Desktop: desk, Rights: rfb.RightView, Photos: &photos, Ready: func() { ready.Add(1) }}, nil)
			defer s.close()
			s.must(s.v.SetEncodings(rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(level)))
			s.pump()
			s.settle()
			s.asking.Store(true)
			all = append(all, s)
		}
		if ready.Load() == 0 {
			t.Error("nobody was told that a viewer asked")
		}
		shared := 0
		for n := range 12 {
			f := paint(size, photo(uint64(n)))
			change := desk.Apply(update(f))
			for _, s := range all {
				if !s.conn.Ready() {
					t.Fatal("a viewer that asked is not ready")
				}
				s.conn.Invalidate(change)
			}
			synctest.Wait()
			shared = max(shared, photos.Shared())
			if n%4 != 3 {
				continue
			}
			for i, s := range all {
				rest(t, s)
				if err := compare(s.v.Canvas(), f, expected(formats["888 little"])); err != nil {
					t.Fatalf("picture %d, viewer %d: %v", n, i, err)
				}
				s.asking.Store(true)
			}
		}
		if shared == 0 {
			t.Error("no photograph was used twice")
		}
	})
}
