package rfb_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"net"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// session is a server and a viewer on a pipe.
type session struct {
	t      testing.TB
	desk   *screen.Framebuffer
	conn   *rfb.Conn
	v      *rfbtest.Viewer
	served chan error
}

// open starts both; the desktop shows f.
func open(t testing.TB, cfg rfb.Config, f *screen.Frame) *session {
	t.Helper()
	if cfg.Desktop == nil {
		cfg.Desktop = screen.NewFramebuffer(image.Pt(1, 1))
	}
	if cfg.Waiting == nil {
		cfg.Waiting = screen.NewFramebuffer(image.Pt(64, 48))
	}
	s := &session{t: t, desk: cfg.Desktop, served: make(chan error, 1)}
	if f != nil {
		s.desk.Apply(update(f))
	}
	a, b := net.Pipe()
	s.conn = rfb.NewConn(a, cfg)
	go func() { s.served <- s.conn.Serve(context.Background()) }()
	var err error
	if s.v, err = rfbtest.New(b, rfbtest.Config{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// close ends both and fails when either had an error.
func (s *session) close() {
	s.t.Helper()
	s.v.Close()
	if err := <-s.served; err != nil {
		s.t.Errorf("served: %v", err)
	}
}

// inBubble opens a session in a synctest bubble.
func inBubble(t *testing.T, cfg rfb.Config, f *screen.Frame, test func(*testing.T, *session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cfg, f)
		defer s.close()
		test(t, s)
	})
}

// update is all of f, on one monitor.
func update(f *screen.Frame) screen.Update {
	return screen.Update{
		Frame: f, Damage: screen.RegionOf(f.Bounds()),
		Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}},
	}
}

// show changes the desktop.
func (s *session) show(f *screen.Frame) { s.apply(update(f)) }

func (s *session) apply(u screen.Update) { s.conn.Invalidate(s.desk.Apply(u)) }

func (s *session) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// next asks for changes everywhere and reads one update.
func (s *session) next() *rfbtest.Update {
	s.t.Helper()
	s.must(s.v.Request(true, s.v.Bounds()))
	u, err := s.v.NextUpdate()
	s.must(err)
	return u
}

// picture is next, until pixels came.
func (s *session) picture() *rfbtest.Update {
	s.t.Helper()
	for {
		if u := s.next(); u.Pixels() {
			return u
		}
	}
}

// same compares the viewer's picture with f.
func (s *session) same(f *screen.Frame) {
	s.t.Helper()
	if err := compare(s.v.Canvas(), f, func(c color.RGBA) color.RGBA { return c }); err != nil {
		s.t.Fatal(err)
	}
}

// compare says where the viewer's picture is not what the format makes of f.
func compare(canvas *image.RGBA, f *screen.Frame, expect func(color.RGBA) color.RGBA) error {
	if canvas.Rect != f.Bounds() {
		return fmt.Errorf("the viewer has %v, want %v", canvas.Rect, f.Bounds())
	}
	wrong, first := 0, ""
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			source := color.RGBA{row[4*x+2], row[4*x+1], row[4*x], 255}
			if want, got := expect(source), canvas.RGBAAt(x, y); got != want {
				if wrong == 0 {
					first = fmt.Sprintf("first at %d,%d: %v, want %v (source %v)", x, y, got, want, source)
				}
				wrong++
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d wrong pixels of %v, %s", wrong, f.Size, first)
	}
	return nil
}
