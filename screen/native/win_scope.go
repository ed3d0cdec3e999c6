//go:build windows

package native

import (
	"errors"
	"image"
	"sync"

	"lotse/screen"
)

// winWindows implements screen.Windows.
type winWindows struct {
	o      Options
	screen *winScreen
	input  *winInput
	icons  iconCache
}

var _ screen.Windows = (*winWindows)(nil)

// Choices implements screen.Windows.
func (x *winWindows) Choices() (screen.Choices, error) {
	return screen.Choices{Monitors: listMonitors(virtualScreen()), Apps: listApps(&x.icons)}, nil
}

// Open implements screen.Windows.
func (x *winWindows) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	x.screen.setBackdrop(backdrop)
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
	pictures, err := openWinShare(x.o, s, backdrop)
	if err != nil {
		return nil, err
	}
	return &winScope{winShare: pictures, in: x.input}, nil
}

// winScope is the Scope of some programs.
type winScope struct {
	*winShare
	in *winInput

	mu sync.Mutex
	// Guarded by mu.
	at      image.Point // of the last event that was passed on
	buttons screen.Buttons
}

var _ screen.Scope = (*winScope)(nil)

// Owns implements screen.Scope.
func (s *winScope) Owns(owner screen.ClipboardOwner) bool { return s.isChosen(uint32(owner), "") }

// Key implements screen.Input. A press reaches the window in front, so that must
// be a shared one.
func (s *winScope) Key(k screen.Key) error { return s.in.keyWithin(k, s.isShared) }

// Suspend implements screen.Input.
func (s *winScope) Suspend(on bool) { s.in.Suspend(on) }

// Pointer implements screen.Input. Outside of shared windows the pointer does
// not move and no button goes down; what is held is let go where it was last.
func (s *winScope) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := s.in.permission.Permit()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.in.permit = permit
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
func (s *winScope) ReleaseAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buttons = 0
	return s.in.ReleaseAll()
}

// Close implements screen.Scope.
func (s *winScope) Close() error {
	return errors.Join(s.ReleaseAll(), s.winShare.Close())
}
