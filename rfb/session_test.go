package rfb_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"net"
	"sync/atomic"
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
	bubble bool // must waits for the server

	// With pump: the messages read, and whether each update is followed by the next request.
	pumped   chan error
	asking   atomic.Bool
	updates  []*rfbtest.Update
	messages []any
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

// close ends both and fails the test if either had an error.
func (s *session) close() {
	s.t.Helper()
	s.v.Close()
	if s.pumped != nil {
		err := <-s.pumped
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.t.Errorf("viewer: %v", err)
		}
	}
	// A server that was writing to the closed pipe returns this error.
	if err := <-s.served; err != nil && !errors.Is(err, io.ErrClosedPipe) {
		s.t.Errorf("served: %v", err)
	}
}

// pump reads everything, like a real viewer, and sends a request after each update while asking is
// on. It is for use in a synctest bubble: after synctest.Wait nothing is in flight.
func (s *session) pump() {
	s.pumped = make(chan error, 1)
	go func() {
		for {
			m, err := s.v.Next()
			if err != nil {
				s.pumped <- err
				return
			}
			u, ok := m.(*rfbtest.Update)
			if !ok {
				s.messages = append(s.messages, m)
				continue
			}
			s.updates = append(s.updates, u)
			if s.asking.Load() {
				if err := s.v.Request(true, s.v.Bounds()); err != nil {
					s.pumped <- err
					return
				}
			}
		}
	}()
}

// inBubble runs a pumped session in a synctest bubble, after the first update.
func inBubble(t *testing.T, cfg rfb.Config, f *screen.Frame, test func(*testing.T, *session), encodings ...int32) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cfg, f)
		defer s.close()
		s.must(s.v.SetEncodings(encodings...))
		s.pump()
		s.settle()
		s.bubble = true
		test(t, s)
	})
}

// settle requests changes and waits until the viewer has all of them.
func (s *session) settle() {
	s.t.Helper()
	synctest.Wait() // for Bounds
	s.asking.Store(true)
	s.must(s.v.Request(true, s.v.Bounds()))
	synctest.Wait()
	select {
	case err := <-s.pumped:
		s.t.Fatalf("viewer: %v", err)
	default:
	}
}

// pause stops requests, so that changes accumulate.
func (s *session) pause() {
	s.t.Helper()
	s.asking.Store(false)
	s.must(s.v.Request(false, image.Rect(0, 0, 1, 1)))
	synctest.Wait()
}

// take returns and removes what was read since.
func (s *session) take() (updates []*rfbtest.Update, messages []any) {
	synctest.Wait()
	updates, messages = s.updates, s.messages
	s.updates, s.messages = nil, nil
	return updates, messages
}

// update is a whole frame on one monitor.
func update(f *screen.Frame) screen.Update {
	return screen.Update{
		Frame: f, Damage: screen.RegionOf(f.Bounds()),
		Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}},
	}
}

// show changes the desktop.
func (s *session) show(f *screen.Frame) { s.apply(update(f)) }

func (s *session) apply(u screen.Update) { s.conn.Invalidate(s.desk.Apply(u)) }

// must takes the result of what the viewer sent. In a bubble it waits until the server has handled
// it, so that what a test does next to the server comes after it.
func (s *session) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	if s.bubble {
		synctest.Wait()
	}
}

// next requests changes everywhere and reads one update.
func (s *session) next() *rfbtest.Update {
	s.t.Helper()
	s.must(s.v.Request(true, s.v.Bounds()))
	u, err := s.v.NextUpdate()
	s.must(err)
	return u
}

// picture calls next until pixels have arrived.
func (s *session) picture() *rfbtest.Update {
	s.t.Helper()
	for {
		if u := s.next(); u.Pixels() {
			return u
		}
	}
}

// same compares the viewer's framebuffer with f.
func (s *session) same(f *screen.Frame) {
	s.t.Helper()
	if err := compare(s.v.Canvas(), f, func(c color.RGBA) color.RGBA { return c }); err != nil {
		s.t.Fatal(err)
	}
}

// compare reports where the viewer's framebuffer differs from f in the viewer's format.
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
