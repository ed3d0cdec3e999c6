//go:build linux

package x11

import (
	"encoding/binary"
	"errors"
	"image"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/program"
)

// While less than the whole desktop is shared, a key must reach a window of the
// share and nothing else. Four conditions are checked for each press, in one step
// with it: the server is grabbed meanwhile, so no program can change anything.
//
//  1. The focus is on a window of the share.
//  2. No other program has grabbed the keyboard.
//  3. The key, as the customer's own layout gives it, is on the allow-list of
//     keysym.StaysInside.
//  4. No other program has a passive grab of the key on the way from the root
//     window to the focus: that is how window managers take short cuts.

// maxFocusDepth bounds the way from the root window to the focus.
const maxFocusDepth = 64

// confinement holds for the key event that is being injected.
type confinement struct {
	path []xproto.Window // from the focus up to the root window
}

// keyWithin presses a key if the focus window belongs to the share, as owns
// tells. Releases always pass: only what was let through went down.
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
		if grabbed, err := in.keyboardGrabbedLocked(); err != nil || grabbed {
			return err
		}
		path, err := in.ancestors(f.Focus)
		if err != nil {
			return err
		}
		in.confined = &confinement{path: path}
		defer func() { in.confined = nil }()
		return in.keyLocked(k)
	})
}

// exclusively runs f, which injects by a permit, with in.mu held, and keeps every other
// program from changing the display meanwhile. It leaves the others as much time as it
// takes.
func (in *input) exclusively(permit screen.Permit, f func() error) error {
	return in.pace.step(func() error { return in.grabbing(permit, f) })
}

func (in *input) grabbing(permit screen.Permit, f func() error) (err error) {
	defer recovered(&err)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.permit = permit
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	xproto.GrabServer(in.l.Conn)
	defer func() {
		xproto.UngrabServer(in.l.Conn)
		_ = in.l.sync() // the grab is not left waiting in a buffer
	}()
	return f()
}

// ancestors lists w and the windows around it, up to the root window.
func (in *input) ancestors(w xproto.Window) ([]xproto.Window, error) {
	path := []xproto.Window{w}
	for w != in.l.root {
		t, err := xproto.QueryTree(in.l.Conn, w).Reply()
		if err != nil {
			return nil, in.l.explain(err)
		}
		if len(path) >= maxFocusDepth || t.Parent == 0 {
			return nil, errors.New("x11: the window with the focus is in no usual place")
		}
		w = t.Parent
		path = append(path, w)
	}
	return path, nil
}

// keyboardGrabbedLocked reports whether another program has grabbed the keyboard.
// It tries to grab the keyboard for a window that is never mapped: the server
// then names the other grab first, else it refuses because of the window. So no
// grab ever takes effect.
func (in *input) keyboardGrabbedLocked() (bool, error) {
	if in.unmapped == 0 {
		id, err := xproto.NewWindowId(in.l.Conn)
		if err != nil {
			return false, in.l.explain(err)
		}
		err = xproto.CreateWindowChecked(in.l.Conn, 0, id, in.l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0,
			xproto.CwOverrideRedirect, []uint32{1}).Check()
		if err != nil {
			return false, in.l.explain(err)
		}
		in.unmapped = id
	}
	r, err := xproto.GrabKeyboard(in.l.Conn, false, in.unmapped, xproto.TimeCurrentTime, xproto.GrabModeAsync, xproto.GrabModeAsync).Reply()
	if err != nil {
		return false, in.l.explain(err)
	}
	if r.Status == xproto.GrabStatusSuccess {
		xproto.UngrabKeyboard(in.l.Conn, xproto.TimeCurrentTime)
		return false, nil
	}
	return r.Status != xproto.GrabStatusNotViewable, nil
}

// mayPressLocked reports whether a key may go down while the given modifiers are
// in effect. Without a confinement every key may.
func (in *input) mayPressLocked(kc byte, group int, mods byte) (bool, error) {
	if in.confined == nil {
		return true, nil
	}
	sym, _ := in.keys.symAt(kc, group, mods)
	if !keysym.StaysInside(sym, in.keys.meaning(mods)) {
		return false, nil
	}
	return in.ungrabbedLocked(kc, mods)
}

// ungrabbedLocked reports whether no other program has a passive grab of the key
// with these modifiers, with or without the locks, on the way to the focus. It
// tries to grab the key there itself, by the core protocol and by XInput 2, whose
// grabs do not know each other.
func (in *input) ungrabbedLocked(kc byte, mods byte) (bool, error) {
	sets := []uint16{uint16(mods)}
	if plain := mods &^ (modLock | in.keys.numLock | in.keys.scrollLock); plain != mods {
		sets = append(sets, uint16(plain))
	}
	c := in.l.Conn
	var core []xproto.GrabKeyCookie
	var xi []*xgb.Cookie
	for _, w := range in.confined.path {
		for _, set := range sets {
			core = append(core, xproto.GrabKeyChecked(c, false, w, set, xproto.Keycode(kc), xproto.GrabModeAsync, xproto.GrabModeAsync))
		}
		if in.xi != nil {
			xi = append(xi, in.l.request(in.xi.passiveGrab(w, kc, sets), true))
		}
	}
	free := true
	for _, cookie := range core {
		free = cookie.Check() == nil && free
	}
	for _, cookie := range xi {
		reply, err := cookie.Reply()
		free = err == nil && passiveGrabbed(reply, len(sets)) && free
	}
	for _, w := range in.confined.path {
		for _, set := range sets {
			xproto.UngrabKey(c, xproto.Keycode(kc), w, set)
		}
		if in.xi != nil {
			in.l.request(in.xi.passiveUngrab(w, kc, sets), false)
		}
	}
	if in.l.isGone() {
		return false, in.l.explain(errGone)
	}
	return free, nil
}

// X Input Extension 2, XIPassiveGrabDevice and XIPassiveUngrabDevice.
const (
	xiMinorPassiveGrab   = 54
	xiMinorPassiveUngrab = 55
	xiGrabKeycode        = 1
	xiKeyPressMask       = 1 << 2
)

// passiveGrab is the request to grab a key of any device on a window.
func (x *xiLink) passiveGrab(w xproto.Window, kc byte, sets []uint16) []byte {
	b := []byte{x.major, xiMinorPassiveGrab, 0, 0}
	for _, v := range []uint32{xproto.TimeCurrentTime, uint32(w), xproto.CursorNone, uint32(kc)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, xiAllDevices)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(sets)))
	b = binary.LittleEndian.AppendUint16(b, 1) // words of mask
	b = append(b, xiGrabKeycode, xproto.GrabModeAsync, xproto.GrabModeAsync, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, xiKeyPressMask)
	for _, set := range sets {
		b = binary.LittleEndian.AppendUint32(b, uint32(set))
	}
	return b
}

// passiveGrabbed reads the reply to passiveGrab: it lists the sets of modifiers
// that could not be grabbed.
func passiveGrabbed(reply []byte, sets int) bool {
	return len(reply) >= xHead && sets > 0 && binary.LittleEndian.Uint16(reply[8:]) == 0
}

// passiveUngrab undoes passiveGrab.
func (x *xiLink) passiveUngrab(w xproto.Window, kc byte, sets []uint16) []byte {
	b := []byte{x.major, xiMinorPassiveUngrab, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(w))
	b = binary.LittleEndian.AppendUint32(b, uint32(kc))
	b = binary.LittleEndian.AppendUint16(b, xiAllDevices)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(sets)))
	b = append(b, xiGrabKeycode, 0, 0, 0)
	for _, set := range sets {
		b = binary.LittleEndian.AppendUint32(b, uint32(set))
	}
	return b
}

// meaning says what the modifiers of the core protocol mean on this keyboard.
// Locks have no meaning of their own.
func (m *keyMap) meaning(mods byte) (out keysym.Mods) {
	for _, known := range []struct {
		mask byte
		mod  keysym.Mods
	}{
		{modShift, keysym.Shift}, {modControl, keysym.Control}, {m.alt, keysym.Alt}, {m.level3 | m.level5, keysym.Level3},
		{modLock | m.numLock | m.scrollLock, 0},
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

// rectOf returns where a window is on the display.
func (in *input) rectOf(w xproto.Window) (image.Rectangle, error) {
	size := xproto.GetGeometry(in.l.Conn, xproto.Drawable(w))
	at := xproto.TranslateCoordinates(in.l.Conn, w, in.l.root, 0, 0)
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

// keyInRect presses a key if the window with the focus is mostly inside r, a
// monitor that is shared.
func (in *input) keyInRect(k screen.Key, r image.Rectangle) error {
	return in.keyWithin(k, func(focus xproto.Window) (bool, error) {
		at, err := in.rectOf(focus)
		return err == nil && program.MostlyInside(at, r), err
	})
}
