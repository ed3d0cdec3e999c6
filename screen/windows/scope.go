//go:build windows

package windows

import (
	"errors"
	"image"
	"sync"

	"lotse/screen"
	"lotse/screen/program"
)

// windowList implements screen.Windows.
type windowList struct {
	o      screen.Options
	screen *wholeScreen
	input  *input
	icons  program.Icons
}

var _ screen.Windows = (*windowList)(nil)

// Choices implements screen.Windows.
func (x *windowList) Choices() (screen.Choices, error) {
	return screen.Choices{Monitors: listMonitors(virtualScreen()), Apps: listApps(&x.icons)}, nil
}

// Open implements screen.Windows.
func (x *windowList) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	x.screen.backdrop.Set(backdrop)
	all := screen.Whole(x.screen, x.input)
	switch s.Kind {
	case screen.ShareScreen:
		return all, nil
	case screen.ShareMonitor:
		for _, m := range listMonitors(virtualScreen()) {
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
	return &scope{appScreen: pictures, in: x.input}, nil
}

// scope is the Scope of some programs.
type scope struct {
	*appScreen
	in *input

	mu sync.Mutex
	// Guarded by mu.
	at      image.Point // of the last event that was passed on
	buttons screen.Buttons
}

var _ screen.Scope = (*scope)(nil)

// Owns implements screen.Scope.
func (s *scope) Owns(owner screen.ClipboardOwner) bool { return s.choice.isChosen(uint32(owner), "") }

// Shown implements screen.Scope.
func (s *scope) Shown() (shown []image.Rectangle, origin image.Point) {
	return s.exposed.shown(), image.Point{}
}

// Key implements screen.Input. A press goes to the foreground window, so that must be a shared one.
func (s *scope) Key(k screen.Key) error { return s.in.keyWithin(k, s.choice.isShared) }

// Suspend implements screen.Input.
func (s *scope) Suspend(on bool) { s.in.Suspend(on) }

// Pointer implements screen.Input. Outside of shared windows the pointer does not move and no
// button is pressed; held buttons are released at the last place.
func (s *scope) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := s.in.permission.Permit()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.in.inject.permit = permit
	if s.mayReach(p.Add(virtualScreen().Min)) {
		s.at, s.buttons = p, buttons
		return s.in.pointerLocked(p, buttons)
	}
	if held := s.buttons & buttons; held != s.buttons {
		s.buttons = held
		return s.in.pointerLocked(s.at, held)
	}
	return nil
}

// ReleaseAll implements screen.Input.
func (s *scope) ReleaseAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buttons = 0
	return s.in.ReleaseAll()
}

// Close implements screen.Scope.
func (s *scope) Close() error {
	return errors.Join(s.ReleaseAll(), s.appScreen.Close())
}
