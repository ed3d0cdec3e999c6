package rfb_test

import (
	"image"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// TestRefinedAtRest: what was sent as JPEG is exact soon after it became static, in several steps,
// and then nothing more is sent.
func TestRefinedAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := image.Pt(400, 300)
		desk := screen.NewFramebuffer(size)
		f := photoLike(size)
		monitors := []screen.Monitor{{ID: 1, Rect: f.Bounds()}}
		desk.Apply(screen.Update{Frame: f, Damage: screen.RegionOf(f.Bounds()), Monitors: monitors})
		client, server := net.Pipe()
		c := rfb.NewConn(server, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})
		served := make(chan error, 1)
		go func() { served <- c.Serve(t.Context()) }()
		v, err := rfbtest.New(client, rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.SetEncodings(rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(2)); err != nil {
			t.Fatal(err)
		}
		if err := v.Request(false, v.Bounds()); err != nil {
			t.Fatal(err)
		}
		if _, err := v.NextUpdate(); err != nil {
			t.Fatal(err)
		}
		if off(v, f) == 0 {
			t.Fatal("the first picture has no loss: nothing to refine")
		}
		updates := 0
		for began := time.Now(); off(v, f) > 0; updates++ {
			if err := v.Request(true, v.Bounds()); err != nil {
				t.Fatal(err)
			}
			if _, err := v.NextUpdate(); err != nil {
				t.Fatal(err)
			}
			if time.Since(began) > time.Second || updates > 50 {
				t.Fatalf("after %v and %d updates %d pixels are not exact", time.Since(began), updates, off(v, f))
			}
		}
		if updates < 2 {
			t.Errorf("all in %d updates: news would wait behind them", updates)
		}
		// Static and exact: an open request remains unanswered.
		if err := v.Request(true, v.Bounds()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // an update is counted after its last byte
		before := c.Updates()
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.Updates() != before {
			t.Error("updates without news")
		}
		v.Close()
		<-served
	})
}

// rest waits until the viewer has everything losslessly.
func rest(t *testing.T, s *session) {
	t.Helper()
	s.settle()
	time.Sleep(time.Second)
	s.settle()
}

// off counts the pixels that the viewer shows wrongly.
func off(v *rfbtest.Viewer, f *screen.Frame) (n int) {
	shown := v.Canvas()
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			p := shown.Pix[shown.PixOffset(x, y):]
			if p[0] != row[4*x+2] || p[1] != row[4*x+1] || p[2] != row[4*x] {
				n++
			}
		}
	}
	return n
}

// photoLike returns a frame that Tight sends as JPEG.
func photoLike(size image.Point) *screen.Frame {
	f := screen.NewFrame(size)
	for y := range size.Y {
		row := f.Row(y, 0, size.X)
		for x := range size.X {
			noise := byte((x*7919 ^ y*104729) >> 3 & 7)
			row[4*x], row[4*x+1], row[4*x+2] = byte(x*200/size.X)+noise, byte(y*200/size.Y)+noise/2, byte((x+y)*100/(size.X+size.Y))+noise
		}
	}
	return f
}
