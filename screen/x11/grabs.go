//go:build linux

package x11

import (
	"encoding/binary"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// grabs determines which keys other programs have grabbed. It must not be used concurrently, and
// only while the server is grabbed.
type grabs struct {
	l        *link
	xi       *xiLink       // nil: the server has no XInput 2
	unmapped xproto.Window // a window that is never mapped; 0: not made yet
}

// keyboardGrabbed reports whether another program has grabbed the keyboard. It tries to grab the
// keyboard for a window that is never mapped. The server then reports an existing grab first, and
// otherwise refuses because of the window. Its own grab therefore never takes effect.
func (g *grabs) keyboardGrabbed() (bool, error) {
	if g.unmapped == 0 {
		id, err := xproto.NewWindowId(g.l.Conn)
		if err != nil {
			return false, g.l.explain(err)
		}
		err = xproto.CreateWindowChecked(g.l.Conn, 0, id, g.l.root, 0, 0, 1, 1, 0,
			xproto.WindowClassInputOnly, 0, xproto.CwOverrideRedirect, []uint32{1}).Check()
		if err != nil {
			return false, g.l.explain(err)
		}
		g.unmapped = id
	}
	r, err := xproto.GrabKeyboard(g.l.Conn, false, g.unmapped, xproto.TimeCurrentTime,
		xproto.GrabModeAsync, xproto.GrabModeAsync).Reply()
	if err != nil {
		return false, g.l.explain(err)
	}
	if r.Status == xproto.GrabStatusSuccess {
		xproto.UngrabKeyboard(g.l.Conn, xproto.TimeCurrentTime)
		return false, nil
	}
	return r.Status != xproto.GrabStatusNotViewable, nil
}

// isFree reports whether no other program has a passive grab of the key with these modifiers, with
// or without the locks, on a window of path. It tries to grab the key there itself, with the core
// protocol and with XInput 2, whose grabs are independent.
func (g *grabs) isFree(path []xproto.Window, kc, mods, locks byte) (bool, error) {
	sets := []uint16{uint16(mods)}
	if plain := mods &^ locks; plain != mods {
		sets = append(sets, uint16(plain))
	}
	c := g.l.Conn
	var core []xproto.GrabKeyCookie
	var xi []*xgb.Cookie
	for _, w := range path {
		for _, set := range sets {
			core = append(core, xproto.GrabKeyChecked(c, false, w, set, xproto.Keycode(kc),
				xproto.GrabModeAsync, xproto.GrabModeAsync))
		}
		if g.xi != nil {
			xi = append(xi, g.l.request(g.xi.passiveGrab(w, kc, sets), true))
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
	for _, w := range path {
		for _, set := range sets {
			xproto.UngrabKey(c, xproto.Keycode(kc), w, set)
		}
		if g.xi != nil {
			g.l.request(g.xi.passiveUngrab(w, kc, sets), false)
		}
	}
	if g.l.isGone() {
		return false, g.l.explain(errGone)
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

// passiveGrab returns the request to grab a key of any device on a window.
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

// passiveGrabbed reads the reply to passiveGrab, which lists the sets of modifiers that could not
// be grabbed.
func passiveGrabbed(reply []byte, sets int) bool {
	return len(reply) >= xHead && sets > 0 && binary.LittleEndian.Uint16(reply[8:]) == 0
}

// passiveUngrab returns the request that undoes passiveGrab.
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
