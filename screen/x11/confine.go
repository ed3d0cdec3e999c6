//go:build linux

package x11

import (
	"errors"
	"image"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/program"
)

// While less than the whole desktop is shared, a key must reach only a window of the share. Four
// conditions are checked for each press. The server is grabbed during the checks and the press, so
// no other program can change anything in between.
//
//  1. The focus is on a window of the share.
//  2. No other program has grabbed the keyboard.
//  3. The key, in the customer's own layout, is on the allow-list of keysym.StaysInside.
//  4. No other program has a passive grab of the key on the path from the root window to the
//     focus, which is how window managers implement shortcuts.

// maxFocusDepth is the maximum length of the path from the root window to the focus.
const maxFocusDepth = 64

// confinement applies to the key event that is being injected.
type confinement struct {
	path []xproto.Window // from the focus up to the root window
}

// keyWithin presses a key if owns reports that the focus window belongs to the share. Releases
// always pass, because only permitted keys were pressed.
func (in *input) keyWithin(k screen.Key, owns func(focus xproto.Window) (bool, error)) error {
	if !k.Down {
		return in.Key(k)
	}
	return in.exclusively(in.permission.Permit(), func() error {
		f, err := xproto.GetInputFocus(in.l.Conn).Reply()
		if err != nil || f.Focus <= xproto.InputFocusPointerRoot {
			return in.l.explain(err)
		}
		ok, err := owns(f.Focus)
		if err != nil || !ok {
			return in.l.explain(err)
		}
		if grabbed, err := in.grabs.keyboardGrabbed(); err != nil || grabbed {
			return err
		}
		path, err := in.l.ancestors(f.Focus)
		if err != nil {
			return err
		}
		in.confined = &confinement{path: path}
		defer func() { in.confined = nil }()
		return in.keyLocked(k)
	})
}

// exclusively runs f, which injects with a permit, while in.mu is held and no other program can
// change the display. Afterwards it leaves the display to other programs for as long as f took.
func (in *input) exclusively(permit screen.Permit, f func() error) error {
	return in.pace.step(func() error { return in.grabbing(permit, f) })
}

func (in *input) grabbing(permit screen.Permit, f func() error) (err error) {
	defer recovered(&err)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	xproto.GrabServer(in.l.Conn)
	defer func() {
		xproto.UngrabServer(in.l.Conn)
		_ = in.l.sync() // so that the ungrab does not wait in a buffer
	}()
	return f()
}

// ancestors returns w and its ancestors up to the root window.
func (l *link) ancestors(w xproto.Window) ([]xproto.Window, error) {
	path := []xproto.Window{w}
	for w != l.root {
		t, err := xproto.QueryTree(l.Conn, w).Reply()
		if err != nil {
			return nil, l.explain(err)
		}
		if len(path) >= maxFocusDepth || t.Parent == 0 {
			return nil, errors.New("x11: the window with the focus is in no usual place")
		}
		w = t.Parent
		path = append(path, w)
	}
	return path, nil
}

// mayPressLocked reports whether a key may be pressed while the given modifiers are in effect.
// Without a confinement it always may.
func (in *input) mayPressLocked(kc byte, group int, mods byte) (bool, error) {
	if in.confined == nil {
		return true, nil
	}
	sym, _ := in.keyboard.keys.symAt(kc, group, mods)
	if !keysym.StaysInside(sym, in.keyboard.keys.meaning(mods)) {
		return false, nil
	}
	return in.grabs.isFree(in.confined.path, kc, mods, in.keyboard.keys.locks())
}

// meaning converts modifiers of the core protocol to their meaning on this keyboard. Locks have no
// meaning of their own.
func (m *keyMap) meaning(mods byte) (out keysym.Mods) {
	for _, known := range []struct {
		mask byte
		mod  keysym.Mods
	}{
		{modShift, keysym.Shift}, {modControl, keysym.Control}, {m.alt, keysym.Alt}, {m.level3 | m.level5, keysym.Level3},
		{m.locks(), 0},
	} {
		if mods&known.mask != 0 {
			out |= known.mod
		}
		mods &^= known.mask
	}
	if mods != 0 {
		out |= keysym.Others
	}
	return out
}

// locks returns the modifiers of the lock keys: Caps, Num and Scroll Lock.
func (m *keyMap) locks() byte { return modLock | m.numLock | m.scrollLock }

// rectOf returns where a window is on the display.
func (l *link) rectOf(w xproto.Window) (image.Rectangle, error) {
	size := xproto.GetGeometry(l.Conn, xproto.Drawable(w))
	at := xproto.TranslateCoordinates(l.Conn, w, l.root, 0, 0)
	g, err := size.Reply()
	if err != nil {
		return image.Rectangle{}, err
	}
	t, err := at.Reply()
	if err != nil {
		return image.Rectangle{}, err
	}
	corner := image.Pt(int(t.DstX), int(t.DstY))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(int(g.Width), int(g.Height)))}, nil
}

// keyInRect presses a key if the window with the focus is mostly inside r, a shared monitor.
func (in *input) keyInRect(k screen.Key, r image.Rectangle) error {
	return in.keyWithin(k, func(focus xproto.Window) (bool, error) {
		at, err := in.l.rectOf(focus)
		return err == nil && program.MostlyInside(at, r), err
	})
}
