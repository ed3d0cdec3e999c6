package rfb_test

import (
	"fmt"
	"image"
	"image/color"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests use several viewers of one desktop, each at its own pace. A slow one gets the newest
// frame and costs no memory. After SetRights has taken view, no more pixels are sent.

func TestSeveralViewers(t *testing.T) {
	size := image.Pt(200, 150)
	synctest.Test(t, func(t *testing.T) {
		desk := screen.NewFramebuffer(size)
		var all []*session
		for name, encoding := range encodings {
			for _, format := range []string{"888 little", "565 big"} {
				s := open(t, rfb.Config{Desktop: desk, Rights: rfb.RightView}, nil)
				defer s.close()
				s.must(s.v.SetPixelFormat(formats[format]))
				s.must(s.v.SetEncodings(encoding, rfbtest.CopyRect, rfbtest.DesktopSize, rfbtest.DesktopName))
				s.conn.SetName(name + ", " + format)
				s.pump()
				s.settle()
				all = append(all, s)
			}
		}
		r := random(1)
		f := paint(size, page(1, size))
		for range 60 {
			f = damaged(r, f)
			change := desk.Apply(update(f))
			for i, s := range all {
				// Some read continuously, some only now and then.
				if r.IntN(len(all)) < i {
					s.pause()
				}
				s.conn.Invalidate(change)
			}
		}
		for i, s := range all {
			s.settle()
			format := formats["888 little"]
			if i%2 == 1 {
				format = formats["565 big"]
			}
			if err := compare(s.v.Canvas(), f, expected(format)); err != nil {
				t.Errorf("%s: %v", s.v.Name(), err)
			}
		}
	})
}

// gate is a connection whose viewer reads only while the gate is open.
type gate struct {
	net.Conn
	mu   sync.Mutex
	cond sync.Cond
	shut bool
}

func (g *gate) Read(b []byte) (int, error) {
	g.mu.Lock()
	for g.shut {
		g.cond.Wait()
	}
	g.mu.Unlock()
	return g.Conn.Read(b)
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	g.shut = shut
	g.cond.Broadcast()
	g.mu.Unlock()
}

// A viewer stops reading in the middle of an update.
func TestSlowViewer(t *testing.T) {
	size := image.Pt(400, 300)
	synctest.Test(t, func(t *testing.T) {
		desk := screen.NewFramebuffer(size)
		f := paint(size, noise(0))
		desk.Apply(update(f))
		a, b := net.Pipe()
		g := &gate{Conn: b}
		g.cond.L = &g.mu
		conn := rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})
		s := &session{t: t, desk: desk, conn: conn, served: make(chan error, 1)}
		go func() { s.served <- conn.Serve(t.Context()) }()
		v, err := rfbtest.New(g, rfbtest.Config{})
		s.must(err)
		s.v = v
		defer s.close()
		s.must(v.SetEncodings(rfbtest.Raw, rfbtest.ContinuousUpdates, rfbtest.CopyRect))
		s.pump()
		s.must(v.EnableContinuousUpdates(true, v.Bounds()))
		synctest.Wait()
		s.same(f)

		g.set(true)
		frames := make([]*screen.Frame, 8)
		for i := range frames {
			frames[i] = paint(size, noise(uint64(i+1)))
		}
		s.take()
		var before, after runtime.MemStats
		for i := range 2000 {
			s.show(frames[i%len(frames)])
			if i == 100 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("1900 changes of 480 KB cost %d bytes", grown)
		}
		g.set(false)
		updates, _ := s.take()
		// At most what was in flight, and the newest frame.
		if len(updates) > 3 {
			t.Errorf("%d updates", len(updates))
		}
		s.same(frames[1999%len(frames)])

		// One that does not read is disconnected after a minute without a byte.
		g.set(true)
		s.show(frames[0])
		time.Sleep(59 * time.Second)
		synctest.Wait()
		select {
		case <-s.served:
			t.Fatal("dead before its time")
		default:
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case err := <-s.served:
			if err == nil {
				t.Error("no reason")
			}
			s.served <- nil
		default:
			t.Error("still served")
		}
		g.set(false)
	})
}

// A slow line is not cut: a whole update may take longer than the time within which the line must
// accept some bytes.
func TestSlowLine(t *testing.T) {
	size := image.Pt(800, 600)
	f := paint(size, noise(1))
	synctest.Test(t, func(t *testing.T) {
		desk := screen.NewFramebuffer(size)
		desk.Apply(update(f))
		a, b := net.Pipe()
		conn := rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})
		s := &session{t: t, desk: desk, conn: conn, served: make(chan error, 1)}
		go func() { s.served <- conn.Serve(t.Context()) }()
		v, err := rfbtest.New(&modem{b}, rfbtest.Config{})
		s.must(err)
		s.v = v
		defer s.close()
		begin := time.Now()
		s.must(v.Refresh())
		if d := time.Since(begin); d < 3*time.Minute {
			t.Errorf("only %v", d)
		}
		s.same(f)
	})
}

// modem carries 4 KB per second.
type modem struct{ net.Conn }

func (m *modem) Read(b []byte) (int, error) {
	time.Sleep(time.Second)
	return m.Conn.Read(b[:min(len(b), 4096)])
}

// The sentinel is drawn on the desktop only after view was taken. It must never reach the viewer,
// however large the update in flight.
func TestViewTakenAway(t *testing.T) {
	size := image.Pt(512, 512)
	sentinel := color.RGBA{250, 1, 249, 255}
	for name, encoding := range encodings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waiting := screen.NewFramebuffer(size)
			wait := flatFrame(size, green)
			waiting.Apply(update(wait))
			desk := paint(size, noise(1))
			s := open(t, rfb.Config{Waiting: waiting}, desk)
			defer s.close()
			s.must(s.v.SetEncodings(encoding, rfbtest.Cursor))
			forbidden := &screen.Cursor{Size: image.Pt(9, 9), Pix: flatFrame(image.Pt(9, 9), sentinel).Pix}
			for i := 3; i < len(forbidden.Pix); i += 4 {
				forbidden.Pix[i] = 255
			}
			var stop atomic.Bool
			var done sync.WaitGroup
			done.Go(func() {
				for i := range 40 {
					s.show(desk)
					s.conn.SetRights(rfb.RightView)
					for range i % 7 {
						runtime.Gosched()
					}
					s.conn.SetRights(0)
					u := withCursor(flatFrame(size, sentinel), forbidden, image.Pt(9, 9))
					s.apply(u)
				}
				stop.Store(true)
			})
			for !stop.Load() {
				s.must(s.v.Request(false, s.v.Bounds()))
				_, err := s.v.NextUpdate()
				s.must(err)
				if bad := has(s.v.Canvas(), sentinel); bad != "" {
					t.Fatal(bad)
				}
			}
			done.Wait()
			// The viewer still gets the waiting framebuffer.
			s.must(s.v.Refresh())
			s.same(wait)
			if shape := s.v.Shape(); shape != nil && !shape.Image.Rect.Empty() {
				t.Error("the pointer's shape of the desktop")
			}
		})
	}
}

// After view was taken, what the viewer saw is replaced by the waiting framebuffer even if it
// requests only changes, whatever was in flight.
func TestViewTakenAwayShowsWaiting(t *testing.T) {
	size := image.Pt(64, 64)
	waiting := screen.NewFramebuffer(size)
	wait := flatFrame(size, green)
	waiting.Apply(update(wait))
	for seed := range uint64(40) {
		f := paint(size, noise(seed))
		inBubble(t, rfb.Config{Waiting: waiting}, f, func(t *testing.T, s *session) {
			for range 10 {
				s.conn.SetRights(rfb.RightView)
				for range seed % 10 {
					runtime.Gosched()
				}
				s.conn.SetRights(0)
				synctest.Wait()
				s.same(wait)
			}
		}, rfbtest.ZRLE)
	}
}

func has(canvas *image.RGBA, c color.RGBA) string {
	for i := 0; i < len(canvas.Pix); i += 4 {
		if canvas.Pix[i] == c.R && canvas.Pix[i+1] == c.G && canvas.Pix[i+2] == c.B {
			return fmt.Sprintf("the sentinel at %d,%d", i/4%canvas.Rect.Dx(), i/4/canvas.Rect.Dx())
		}
	}
	return ""
}
