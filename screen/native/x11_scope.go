//go:build linux

package native

import (
	"image"
	"sync"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// x11Windows implements screen.Windows.
type x11Windows struct {
	o      Options
	screen screen.Screen
	input  *x11Input
	icons  iconCache
}

var _ screen.Windows = (*x11Windows)(nil)

// Choices implements screen.Windows.
func (x *x11Windows) Choices() (c screen.Choices, err error) {
	defer recovered(&err)
	l, err := dialX(x.o, func([]byte) {})
	if err != nil {
		return c, err
	}
	defer l.close()
	a, err := openApps(l)
	if err != nil {
		return c, err
	}
	if c.Apps, err = a.list(&x.icons); err != nil {
		return c, err
	}
	c.Monitors, err = monitorsOf(l)
	return c, err
}

// Open implements screen.Windows.
func (x *x11Windows) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	all := screen.Whole(x.screen, x.input)
	switch s.Kind {
	case screen.ShareScreen:
		return all, nil
	case screen.ShareMonitor:
		l, err := dialX(x.o, func([]byte) {})
		if err != nil {
			return nil, err
		}
		defer l.close()
		monitors, err := monitorsOf(l)
		if err != nil {
			return nil, err
		}
		for _, m := range monitors {
			if m.ID == s.Monitor {
				return screen.Crop(all, s.Monitor, x.input.focusIn), nil
			}
		}
		return nil, screen.ErrNothingShared
	}
	if len(s.Apps) == 0 {
		return nil, screen.ErrNothingShared
	}
	pictures, err := openAppScreen(x.o, s, backdrop)
	if err != nil {
		return nil, err
	}
	return &appScope{appScreen: pictures, in: x.input}, nil
}

// appScope is the Scope of some programs.
type appScope struct {
	*appScreen
	in *x11Input

	mu sync.Mutex
	// Guarded by mu.
	at      image.Point // of the last event that was passed on
	buttons screen.Buttons
}

var _ screen.Scope = (*appScope)(nil)

// Owns implements screen.Scope.
func (s *appScope) Owns(owner screen.ClipboardOwner) bool { return s.isBase(xproto.Window(owner)) }

// Key implements screen.Input. A press reaches the window that has the focus, so
// that must be a shared one; nothing else can happen on the display in between.
func (s *appScope) Key(k screen.Key) error {
	if !k.Down {
		return s.in.Key(k) // what went down was let through
	}
	return s.in.while(func() (bool, error) {
		focus, err := xproto.GetInputFocus(s.in.l.Conn).Reply()
		if err != nil {
			return false, err
		}
		return s.isBase(focus.Focus), nil
	}, func() error { return s.in.keyLocked(k) })
}

// Pointer implements screen.Input. Outside of shared windows the pointer does
// not move and no button goes down; what is held is let go where it was last.
func (s *appScope) Pointer(p image.Point, buttons screen.Buttons) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	over := false
	err := s.in.while(func() (bool, error) {
		r, err := xproto.TranslateCoordinates(s.in.l.Conn, s.in.l.root, s.in.l.root, int16(p.X), int16(p.Y)).Reply()
		if err != nil {
			return false, err
		}
		over = s.isTop(r.Child)
		return over, nil
	}, func() error { return s.in.pointerLocked(p, buttons) })
	if err != nil {
		return err
	}
	if over {
		s.at, s.buttons = p, buttons
		return nil
	}
	if held := s.buttons & buttons; held != s.buttons {
		s.buttons = held
		return s.in.Pointer(s.at, held)
	}
	return nil
}

// ReleaseAll implements screen.Input.
func (s *appScope) ReleaseAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buttons = 0
	return s.in.ReleaseAll()
}

// Close implements screen.Scope.
func (s *appScope) Close() error {
	err := s.ReleaseAll()
	if e := s.appScreen.Close(); err == nil {
		err = e
	}
	return err
}

// while does something if it may be done, and keeps every other program from
// changing the display between the two.
func (in *x11Input) while(may func() (bool, error), do func() error) (err error) {
	defer recovered(&err)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	xproto.GrabServer(in.l.Conn)
	defer func() {
		xproto.UngrabServer(in.l.Conn)
		_ = in.l.sync() // the grab is not left waiting in a buffer
	}()
	ok, err := may()
	if err != nil || !ok {
		return in.l.explain(err)
	}
	return do()
}

// focusIn reports whether the window that gets the keys can be seen in r.
func (in *x11Input) focusIn(r image.Rectangle) (seen bool) {
	var err error
	defer recovered(&err)
	f, err := xproto.GetInputFocus(in.l.Conn).Reply()
	if err != nil || f.Focus <= 1 {
		return false
	}
	g, err := xproto.GetGeometry(in.l.Conn, xproto.Drawable(f.Focus)).Reply()
	if err != nil {
		return false
	}
	t, err := xproto.TranslateCoordinates(in.l.Conn, f.Focus, in.l.root, 0, 0).Reply()
	if err != nil {
		return false
	}
	at := image.Pt(int(t.DstX), int(t.DstY))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(int(g.Width), int(g.Height)))}.Overlaps(r)
}
