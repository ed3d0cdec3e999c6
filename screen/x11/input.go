//go:build linux

package x11

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/ownwindow"
	"lotse/screen/watchdog"
)

// Events of the core protocol that XTEST injects.
const (
	xKeyPress      = 2
	xKeyRelease    = 3
	xButtonPress   = 4
	xButtonRelease = 5
	xMotionNotify  = 6
)

const (
	// maxBorrowed bounds the keys that are lent to keysyms without a key.
	maxBorrowed = 64
	// borrowGrace is how long a lent key keeps its keysym after the last press:
	// programs look a key up when they get to its event.
	borrowGrace = 500 * time.Millisecond
)

// xButtonOf is the X button of each bit of screen.Buttons.
var xButtonOf = [9]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}

const (
	wheel      = screen.WheelUp | screen.WheelDown | screen.WheelLeft | screen.WheelRight
	allButtons = 1<<len(xButtonOf) - 1
)

// input implements screen.Input by the XTEST extension.
type input struct {
	// Static after openInput.
	l   *link
	xkb *xkbLink
	// xkbEvent is xkb.event for the reading goroutine, 0 until it is known.
	xkbEvent atomic.Uint32
	mapDue   atomic.Bool // the keyboard map changed
	watchdog *watchdog.Watchdog
	own      *ownwindow.Places // this program's own windows, out of reach for remote input
	xi       *xiLink           // nil: the server has no XInput 2

	permission screen.Permission
	pace       pace // of server grabs

	mu sync.Mutex
	// Guarded by mu.
	permit   screen.Permit // of the event that is being injected
	confined *confinement  // of the key event that is being injected; nil: none
	unmapped xproto.Window // a window that is never mapped; 0: not made yet
	keys     *keyMap
	held     []heldKey // in the order of pressing
	buttons  screen.Buttons
	borrowed []borrowedKey // the one used last at the end
}

// heldKey is a key that is down, and for what.
type heldKey struct {
	sym     uint32 // canonical; 0 for a key pressed by its scan code
	keycode byte
}

// borrowedKey is a free keycode with a temporary keysym.
type borrowedKey struct {
	sym     uint32
	keycode byte
	used    time.Time
}

var _ screen.Input = (*input)(nil)

// openInput opens the injection of input. It reaches nothing that is covered.
func openInput(o screen.Options, own *ownwindow.Places) (_ *input, err error) {
	defer recovered(&err)
	in := &input{own: own, watchdog: watchdog.New(o.Watchdog, o.Display, o.Logger)}
	if in.l, err = dialX(o, in.event); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			in.l.close()
		}
	}()
	_, ok, err := in.l.extension("XTEST")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("x11: display %s: the X server has no XTEST extension, without which no input can be injected", in.l.display)
	}
	if in.xkb, err = openXKB(in.l); err != nil {
		return nil, err
	}
	in.xkbEvent.Store(uint32(in.xkb.event))
	in.mapDue.Store(true)
	if in.xi, err = openXI(in.l); errors.Is(err, errNoXI2) {
		in.xi, err = nil, nil
	}
	return in, err
}

// Suspend implements screen.Input.
func (in *input) Suspend(on bool) { in.permission.Suspend(on) }

// event runs on the connection's reading goroutine.
func (in *input) event(ev []byte) {
	if isMapEvent(ev, byte(in.xkbEvent.Load())) {
		in.mapDue.Store(true)
	}
}

// Pointer implements screen.Input.
func (in *input) Pointer(p image.Point, buttons screen.Buttons) (err error) {
	defer recovered(&err)
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.permit = permit
	return in.pointerLocked(p, buttons)
}

func (in *input) pointerLocked(p image.Point, buttons screen.Buttons) error {
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	if !in.permit.Valid() {
		return nil
	}
	if in.own.Contains(p) {
		buttons &= in.buttons // nothing is pressed, and the pointer stays where it is
	} else {
		x, y := min(max(p.X, 0), 32767), min(max(p.Y, 0), 32767)
		xtest.FakeInput(in.l.Conn, xMotionNotify, 0, 0, in.l.root, int16(x), int16(y), 0)
	}
	buttons &= allButtons
	for i, b := range xButtonOf {
		bit := screen.Buttons(1) << i
		was, is := in.buttons&bit != 0, buttons&bit != 0
		if is && !was {
			in.fake(xButtonPress, b)
		}
		if is && !was && bit&wheel != 0 || was && !is && bit&wheel == 0 {
			in.fake(xButtonRelease, b)
		}
	}
	in.buttons = buttons
	return nil
}

// fake injects one event. Nothing goes down that is not permitted any more.
func (in *input) fake(kind, detail byte) {
	if (kind == xKeyPress || kind == xButtonPress) && !in.permit.Valid() {
		return
	}
	switch kind {
	case xKeyPress, xKeyRelease:
		in.watchdog.Tell(watchdog.Key, detail, kind == xKeyPress)
	case xButtonPress, xButtonRelease:
		in.watchdog.Tell(watchdog.Button, detail, kind == xButtonPress)
	}
	xtest.FakeInput(in.l.Conn, kind, detail, 0, 0, 0, 0, 0)
}

// Key implements screen.Input. A keysym that no key can produce is typed
// through a key that has none, for as long as it is needed. A modifier that
// the keyboard does not have is ignored.
func (in *input) Key(k screen.Key) (err error) {
	defer recovered(&err)
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.permit = permit
	return in.keyLocked(k)
}

func (in *input) keyLocked(k screen.Key) error {
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	if k.Sym == 0 {
		return in.codeLocked(k)
	}
	sym := keysym.Canonical(k.Sym)
	if !k.Down {
		return in.upLocked(sym)
	}
	if i := in.heldIndex(sym); i >= 0 {
		return in.repeatLocked(in.held[i].keycode)
	}
	st, err := in.stateLocked()
	if err != nil {
		return err
	}
	s, ok := in.resolveLocked(k.Sym, st)
	if !ok {
		if keysym.IsModifier(k.Sym) {
			in.l.log.Debug("x11: no such modifier", "keysym", fmt.Sprintf("%#x", k.Sym))
			return nil
		}
		if in.confined != nil && !keysym.StaysInside(k.Sym, in.keys.meaning(st.mods)) {
			return nil // before the keyboard's map is changed for it
		}
		if s.keycode, err = in.borrowLocked(k.Sym); err != nil {
			return err
		}
	}
	return in.strokeLocked(sym, s, st)
}

// stateLocked brings the keyboard map up to date and reads the keyboard's state.
func (in *input) stateLocked() (xkbState, error) {
	if err := in.refreshLocked(); err != nil {
		return xkbState{}, err
	}
	return in.xkb.state()
}

// repeatLocked presses a key again that is down.
func (in *input) repeatLocked(kc byte) error {
	if in.confined != nil {
		st, err := in.stateLocked()
		if err != nil {
			return err
		}
		if may, err := in.mayPressLocked(kc, st.group, st.mods); err != nil || !may {
			return err
		}
	}
	in.fake(xKeyPress, kc)
	return nil
}

// codeLocked presses or releases a key by its place.
func (in *input) codeLocked(k screen.Key) error {
	kc := keycodeOf(k.Code)
	if kc == 0 {
		return fmt.Errorf("x11: unknown scan code %#x", k.Code)
	}
	i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.keycode == kc })
	switch {
	case k.Down && in.confined != nil:
		st, err := in.stateLocked()
		if err != nil {
			return err
		}
		if may, err := in.mayPressLocked(kc, st.group, st.mods); err != nil || !may {
			return err
		}
		fallthrough
	case k.Down:
		in.fake(xKeyPress, kc)
		if i < 0 {
			in.held = append(in.held, heldKey{0, kc})
		}
	case i >= 0:
		in.fake(xKeyRelease, kc)
		in.held = slices.Delete(in.held, i, i+1)
	}
	return nil
}

func (in *input) heldIndex(sym uint32) int {
	return slices.IndexFunc(in.held, func(h heldKey) bool { return h.sym == sym })
}

// upLocked releases the key that was pressed for sym. Some viewers name the
// keysym of the release by the modifiers of that moment; then the key on which
// that keysym is goes up.
func (in *input) upLocked(sym uint32) error {
	i := in.heldIndex(sym)
	if i < 0 && in.keys != nil {
		for _, kc := range in.keys.on[sym] {
			i = max(i, slices.IndexFunc(in.held, func(h heldKey) bool { return h.keycode == kc && h.sym != 0 }))
		}
	}
	if i >= 0 {
		in.fake(xKeyRelease, in.held[i].keycode)
		in.held = slices.Delete(in.held, i, i+1)
	}
	return nil
}

// refreshLocked reads the keyboard map if it changed.
func (in *input) refreshLocked() error {
	if !in.mapDue.Swap(false) {
		return nil
	}
	m, err := in.xkb.keyMap()
	if err != nil {
		in.mapDue.Store(true)
		return err
	}
	in.keys = m
	// Somebody else may have replaced the whole map.
	in.borrowed = slices.DeleteFunc(in.borrowed, func(b borrowedKey) bool {
		return m.keys[b.keycode].sym(0, 0) != b.sym
	})
	return nil
}

// resolveLocked finds how to type sym with the map as it is.
func (in *input) resolveLocked(sym uint32, st xkbState) (stroke, bool) {
	var held byte
	for _, h := range in.held {
		held |= in.keys.modsOf(h.keycode)
	}
	if i := slices.IndexFunc(in.borrowed, func(b borrowedKey) bool { return keysym.Canonical(b.sym) == keysym.Canonical(sym) }); i >= 0 {
		b := in.borrowed[i]
		b.used = time.Now()
		in.borrowed = append(slices.Delete(in.borrowed, i, i+1), b)
		return stroke{keycode: b.keycode}, true
	}
	s, ok := in.keys.find(sym, st, held)
	if other := similar(sym); !ok && other != 0 {
		s, ok = in.keys.find(other, st, held)
	}
	return s, ok
}

// borrowLocked puts sym on a key that has none.
func (in *input) borrowLocked(sym uint32) (byte, error) {
	free := in.keys.freeKeys()
	var kc byte
	switch {
	case len(in.borrowed) < maxBorrowed && len(free) > 0:
		kc = free[0]
	case len(in.borrowed) > 0:
		i := slices.IndexFunc(in.borrowed, func(b borrowedKey) bool { return !in.isDown(b.keycode) })
		if i < 0 {
			return 0, errors.New("x11: too many keys are down")
		}
		b := in.borrowed[i]
		in.borrowed = slices.Delete(in.borrowed, i, i+1)
		time.Sleep(borrowGrace - time.Since(b.used))
		kc = b.keycode
	default:
		return 0, fmt.Errorf("x11: keysym %#x is on no key, and no key is free to lend", sym)
	}
	if err := in.setKeyLocked(kc, sym); err != nil {
		return 0, err
	}
	in.borrowed = append(in.borrowed, borrowedKey{sym, kc, time.Now()})
	return kc, nil
}

func (in *input) isDown(kc byte) bool {
	return slices.ContainsFunc(in.held, func(h heldKey) bool { return h.keycode == kc })
}

// setKeyLocked changes what is on a key, here and on the server. The same
// keysym on both levels makes it independent of Shift.
func (in *input) setKeyLocked(kc byte, sym uint32) error {
	if sym != 0 {
		in.watchdog.Tell(watchdog.LentKey, kc, true)
	} else {
		defer in.watchdog.Tell(watchdog.LentKey, kc, false)
	}
	err := xproto.ChangeKeyboardMappingChecked(in.l.Conn, 1, xproto.Keycode(kc), 2,
		[]xproto.Keysym{xproto.Keysym(sym), xproto.Keysym(sym)}).Check()
	if err != nil {
		return in.l.explain(err)
	}
	// The map is right until the server's notice makes it be read again.
	if in.keys.keys[kc] = (keySyms{}); sym != 0 {
		in.keys.keys[kc] = keySyms{info: 1, width: 1, syms: []uint32{sym}}
	}
	in.mapDue.Store(true)
	return nil
}

// strokeLocked presses a key, with other modifiers if need be. A key that
// needed other modifiers is released at once, because its repeats would come out
// under the modifiers of that later moment. Nothing is injected when a part of it
// is not allowed.
func (in *input) strokeLocked(sym uint32, s stroke, st xkbState) error {
	lifted, added := in.modifierKeysLocked(s)
	mods := st.mods
	for _, kc := range lifted {
		mods &^= in.keys.modsOf(kc)
	}
	for _, kc := range append(slices.Clone(added), s.keycode) {
		if may, err := in.mayPressLocked(kc, st.group, mods); err != nil || !may {
			return err
		}
		mods |= in.keys.modsOf(kc)
	}
	if i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.keycode == s.keycode }); i >= 0 {
		in.fake(xKeyRelease, s.keycode) // the same key for another keysym
		in.held = slices.Delete(in.held, i, i+1)
	}
	if s.add == 0 && s.sub == 0 {
		in.fake(xKeyPress, s.keycode)
		in.held = append(in.held, heldKey{sym, s.keycode})
		return nil
	}
	for _, kc := range lifted {
		in.fake(xKeyRelease, kc)
	}
	for _, kc := range added {
		in.fake(xKeyPress, kc)
	}
	in.fake(xKeyPress, s.keycode)
	in.fake(xKeyRelease, s.keycode)
	for _, kc := range slices.Backward(added) {
		in.fake(xKeyRelease, kc)
	}
	for _, kc := range lifted {
		in.fake(xKeyPress, kc)
	}
	return nil
}

// modifierKeysLocked lists the keys to release and to press for a stroke's other
// modifiers.
func (in *input) modifierKeysLocked(s stroke) (lifted, added []byte) {
	for _, h := range in.held {
		if in.keys.modsOf(h.keycode)&s.sub != 0 {
			lifted = append(lifted, h.keycode)
		}
	}
	for _, m := range []struct {
		mask byte
		sym  uint32
	}{{modShift, keysym.ShiftL}, {in.keys.level3, keysym.ISOLevel3}, {in.keys.level5, keysym.ISOLevel5}} {
		if kc := in.modifierKey(m.sym); s.add&m.mask != 0 && kc != 0 {
			added = append(added, kc)
		}
	}
	return lifted, added
}

// modifierKey returns the key to press for a modifier, 0: none.
func (in *input) modifierKey(sym uint32) byte {
	l := in.keys.on[sym]
	for _, kc := range l {
		if in.keys.keys[kc].sym(0, 0) == sym {
			return kc
		}
	}
	if len(l) > 0 {
		return l[0]
	}
	return 0
}

// ReleaseAll implements screen.Input. It may take borrowGrace when a keysym was
// typed just now that had no key.
func (in *input) ReleaseAll() (err error) {
	defer recovered(&err)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.l.isGone() {
		in.held, in.buttons, in.borrowed = nil, 0, nil
		return in.l.explain(errGone)
	}
	for _, h := range slices.Backward(in.held) {
		in.fake(xKeyRelease, h.keycode)
	}
	in.held = nil
	for i, b := range xButtonOf {
		if bit := screen.Buttons(1) << i; in.buttons&bit != 0 && bit&wheel == 0 {
			in.fake(xButtonRelease, b)
		}
	}
	in.buttons = 0
	if len(in.borrowed) == 0 {
		return in.l.sync()
	}
	if err := in.refreshLocked(); err != nil { // forgets keys that others have changed
		return err
	}
	if n := len(in.borrowed); n > 0 {
		time.Sleep(borrowGrace - time.Since(in.borrowed[n-1].used))
	}
	for _, b := range in.borrowed {
		err = errors.Join(err, in.setKeyLocked(b.keycode, 0))
	}
	in.borrowed = nil
	return err
}

// close releases everything and ends the connection.
func (in *input) close() error {
	var err error
	if !in.l.isGone() {
		_ = in.l.wire.SetDeadline(time.Now().Add(closeTimeout))
		err = in.ReleaseAll()
		if errors.Is(err, errGone) {
			err = nil // nothing is left to release
		}
	}
	in.l.close()
	in.watchdog.Close()
	return err
}

func isLower(r rune) bool { return unicode.IsLower(r) && unicode.ToUpper(r) != r }
