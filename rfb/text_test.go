package rfb_test

import (
	"image"
	"image/color"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// smoothed is antialiased text in several colours.
func smoothed(seed uint64) func(x, y int) color.RGBA {
	sharp, r := text(seed), random(seed+1)
	inks := [4]color.RGBA{{20, 24, 28, 255}, {150, 30, 110, 255}, {16, 95, 158, 255}, {47, 125, 50, 255}}
	return func(x, y int) color.RGBA {
		c := sharp(x, y)
		if c.R > 200 {
			return color.RGBA{255, 255, 255, 255}
		}
		ink := inks[(x/40+y/16)%4]
		cover := 60 + int(r.UintN(196))
		mix := func(v byte) byte { return byte((int(v)*cover + 255*(255-cover)) / 255) }
		return color.RGBA{mix(ink.R), mix(ink.G), mix(ink.B), 255}
	}
}

// narrow is a line with a rate and a delay, in the bubble's time.
type narrow struct {
	net.Conn
	bytesPerSecond int
	delay          time.Duration
	busy           time.Time // until when the line is busy

	// looking is held while a test examines the viewer's framebuffer and more data is in flight.
	looking sync.Mutex
}

// look calls f between two reads.
func (n *narrow) look(f func()) {
	synctest.Wait()
	n.looking.Lock()
	defer n.looking.Unlock()
	f()
}

func (n *narrow) Read(b []byte) (int, error) {
	n.order()
	k, err := n.Conn.Read(b[:min(len(b), 1460)])
	if now := time.Now(); now.After(n.busy.Add(n.delay)) { // the line was idle
		n.busy = now
	}
	n.busy = n.busy.Add(time.Duration(k) * time.Second / time.Duration(n.bytesPerSecond))
	time.Sleep(time.Until(n.busy.Add(n.delay)))
	n.order()
	return k, err
}

// order orders reads and calls of look for the race detector.
func (n *narrow) order() {
	n.looking.Lock()
	defer n.looking.Unlock()
}

// On a slow line text is first sent with fewer colours, close to the original, and is soon exact.
// On a fast line, or for a viewer that allows no loss, it is exact at once.
func TestTextOnSlowLines(t *testing.T) {
	size := image.Pt(420, 330)
	lossy := []int32{rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.Fence, rfbtest.ContinuousUpdates}
	for name, test := range map[string]struct {
		rate      int
		encodings []int32
		reduced   bool
	}{
		"fast":    {1e9, lossy, false},
		"slow":    {200e3, lossy, true},
		"no loss": {200e3, []int32{rfbtest.Tight, rfbtest.CopyRect, rfbtest.Fence, rfbtest.ContinuousUpdates}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				desk := screen.NewFramebuffer(size)
				desk.Apply(update(paint(size, smoothed(1))))
				a, b := net.Pipe()
				s := &session{t: t, desk: desk, served: make(chan error, 1), conn: rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})}
				go func() { s.served <- s.conn.Serve(t.Context()) }()
				var err error
				line := &narrow{Conn: b, bytesPerSecond: test.rate, delay: time.Millisecond}
				s.v, err = rfbtest.New(line, rfbtest.Config{})
				s.must(err)
				defer s.close()
				s.must(s.v.SetEncodings(test.encodings...))
				s.pump()
				s.asking.Store(true)
				s.must(s.v.Request(false, s.v.Bounds()))
				time.Sleep(20 * time.Second)
				synctest.Wait()
				s.same(pictureOf(desk)) // static
				for n := range 3 {
					f := paint(size, smoothed(uint64(n+2)))
					s.show(f)
					// Read until the whole new frame has arrived in some form.
					wrong, reduced := 1, false
					for {
						line.look(func() {
							wrong = far(s.v.Canvas(), f)
							reduced = compare(s.v.Canvas(), f, expected(formats["888 little"])) != nil
						})
						if wrong == 0 {
							break
						}
						time.Sleep(20 * time.Millisecond)
					}
					if reduced != test.reduced {
						t.Errorf("picture %d: reduced %v", n, reduced)
					}
					time.Sleep(20 * time.Second)
					synctest.Wait()
					s.same(f)
				}
			})
		})
	}
}

// Static areas next to a video become exact while the video is running.
func TestExactBesideAFilm(t *testing.T) {
	size, film := image.Pt(480, 360), image.Rect(280, 200, 440, 320)
	synctest.Test(t, func(t *testing.T) {
		desk := screen.NewFramebuffer(size)
		desk.Apply(update(paint(size, smoothed(1))))
		a, b := net.Pipe()
		s := &session{t: t, desk: desk, served: make(chan error, 1), conn: rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView})}
		go func() { s.served <- s.conn.Serve(t.Context()) }()
		var err error
		line := &narrow{Conn: b, bytesPerSecond: 400e3, delay: time.Millisecond}
		s.v, err = rfbtest.New(line, rfbtest.Config{})
		s.must(err)
		defer s.close()
		s.must(s.v.SetEncodings(rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.Fence, rfbtest.ContinuousUpdates))
		s.pump()
		s.asking.Store(true)
		s.must(s.v.Request(false, s.v.Bounds()))
		time.Sleep(20 * time.Second)
		f := paint(size, smoothed(2))
		frames, reduced, exact := 0, false, false
		for ; frames < 500 && !exact; frames++ {
			picture := paint(film.Size(), photo(uint64(frames)))
			for y := range film.Dy() {
				copy(f.Row(film.Min.Y+y, film.Min.X, film.Max.X), picture.Row(y, 0, film.Dx()))
			}
			s.show(f)
			time.Sleep(40 * time.Millisecond)
			beside := 0
			line.look(func() { beside = wrongOutside(s.v.Canvas(), f, film) })
			reduced = reduced || beside > 0
			exact = reduced && beside == 0
		}
		if !reduced {
			t.Error("the text was exact at once: nothing was tested")
		}
		if !exact {
			t.Errorf("after %d pictures of the film the text next to it is not exact", frames)
		}
		t.Logf("exact after %d pictures", frames)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		s.same(f)
	})
}

// wrongOutside counts the pixels outside r that differ.
func wrongOutside(canvas *image.RGBA, f *screen.Frame, r image.Rectangle) (n int) {
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			if c := canvas.RGBAAt(x, y); !image.Pt(x, y).In(r) && (c.B != row[4*x] || c.G != row[4*x+1] || c.R != row[4*x+2]) {
				n++
			}
		}
	}
	return n
}

// pictureOf returns a copy of a framebuffer's frame.
func pictureOf(desk *screen.Framebuffer) (f *screen.Frame) {
	desk.Read(func(v screen.View) {
		f = screen.NewFrame(v.Frame.Size)
		f.CopyRect(v.Frame, f.Bounds())
	})
	return f
}

// far counts pixels that differ from f by more than two bits per colour allow.
func far(canvas *image.RGBA, f *screen.Frame) (n int) {
	const most = 63
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			c := canvas.RGBAAt(x, y)
			for i, v := range [3]byte{c.B, c.G, c.R} {
				if d := int(v) - int(row[4*x+i]); d > most || d < -most {
					n++
					break
				}
			}
		}
	}
	return n
}
