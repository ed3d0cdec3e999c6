//go:build linux

package x11

import (
	"image"
	"sync"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/program"
)

// windowList implements screen.Windows.
type windowList struct {
	o      screen.Options
	screen *rootScreen
	input  *input
	marks  *marker
	icons  program.Icons
}

var _ screen.Windows = (*windowList)(nil)

// Choices implements screen.Windows.
func (x *windowList) Choices() (c screen.Choices, err error) {
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
func (x *windowList) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	x.screen.backdrop.Set(backdrop)
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
				return screen.Crop(all, s.Monitor, x.input.keyInRect), nil
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
	pictures.canvas.isMark = x.marks.isOwn
	return &appScope{appScreen: pictures, in: x.input}, nil
}

// appScope is the Scope of some programs.
type appScope struct {
	*appScreen
	in *input

	mu sync.Mutex
	// Guarded by mu.
	at      image.Point // of the last event that was passed on
	buttons screen.Buttons
}

var _ screen.Scope = (*appScope)(nil)

// Owns implements screen.Scope.
func (s *appScope) Owns(owner screen.ClipboardOwner) bool {
	return s.owners.isBase(xproto.Window(owner))
}

// Shown implements screen.Scope.
func (s *appScope) Shown() (shown []image.Rectangle, origin image.Point) {
	if open := s.canvas.open.Load(); open != nil {
		shown = *open
	}
	return shown, image.Point{}
}

// Key implements screen.Input. A press goes to the window that has the focus, so that must be a
// shared one.
func (s *appScope) Key(k screen.Key) error {
	return s.in.keyWithin(k, func(focus xproto.Window) (bool, error) { return s.owners.isBase(focus), nil })
}

// Suspend implements screen.Input.
func (s *appScope) Suspend(on bool) { s.in.Suspend(on) }

// Pointer implements screen.Input. Outside of shared windows the pointer does not move and no
// button is pressed; held buttons are released at the last place. While Alt or a modifier of the
// desktop is down, no button is pressed either, because window managers use them to move windows
// and to change workspaces.
func (s *appScope) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := s.in.permission.Permit()
	s.mu.Lock()
	defer s.mu.Unlock()
	over := false
	err := s.in.exclusively(permit, func() error {
		r, err := xproto.TranslateCoordinates(s.in.l.Conn, s.in.l.root, s.in.l.root, int16(p.X), int16(p.Y)).Reply()
		if err != nil {
			return s.in.l.explain(err)
		}
		if over = s.owners.isTop(r.Child); !over {
			return nil
		}
		if buttons&^s.buttons != 0 {
			st, err := s.in.keyboard.state()
			if err != nil {
				return err
			}
			if s.in.keyboard.keys.meaning(st.mods)&(keysym.Alt|keysym.Others) != 0 {
				buttons &= s.buttons
			}
		}
		return s.in.pointerLocked(p, buttons)
	})
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
