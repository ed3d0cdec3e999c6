//go:build linux

package x11

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/ownwindow"
	"lotse/screen/watchdog"
)

// xButtonOf maps each bit of screen.Buttons to its X button.
var xButtonOf = [9]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}

const (
	wheel      = screen.WheelUp | screen.WheelDown | screen.WheelLeft | screen.WheelRight
	allButtons = 1<<len(xButtonOf) - 1
)

// input implements screen.Input by the XTEST extension.
type input struct {
	// Static after openInput.
	l   *link
	own *ownwindow.Places // this program's own windows, which remote input must not reach

	permission screen.Permission
	pace       pace // of server grabs

	mu sync.Mutex
	// Guarded by mu, except where keyboard says otherwise.
	inject   injector
	keyboard keyboard
	grabs    grabs
	confined *confinement // of the key event that is being injected; nil: none
	held     heldKeys
	buttons  screen.Buttons
}

var _ screen.Input = (*input)(nil)

// openInput opens the injection of input. Covered places cannot be reached.
func openInput(o screen.Options, own *ownwindow.Places) (_ *input, err error) {
	defer recovered(&err)
	in := &input{own: own}
	if in.l, err = dialX(o, in.keyboard.event); err != nil {
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
		return nil, fmt.Errorf("x11: display %s: the X server has no XTEST extension, "+
			"without which no input can be injected", in.l.display)
	}
	in.inject = injector{l: in.l, watchdog: watchdog.New(o.Watchdog, o.Display, o.Logger)}
	if err = in.keyboard.open(in.l, in.inject.watchdog); err != nil {
		return nil, err
	}
	in.grabs.l = in.l
	if in.grabs.xi, err = openXI(in.l); errors.Is(err, errNoXI2) {
		in.grabs.xi, err = nil, nil
	}
	return in, err
}

// Suspend implements screen.Input.
func (in *input) Suspend(on bool) { in.permission.Suspend(on) }

// Pointer implements screen.Input.
func (in *input) Pointer(p image.Point, buttons screen.Buttons) (err error) {
	defer recovered(&err)
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
	return in.pointerLocked(p, buttons)
}

func (in *input) pointerLocked(p image.Point, buttons screen.Buttons) error {
	if in.l.isGone() {
		return in.l.explain(errGone)
	}
	if !in.inject.permit.Valid() {
		return nil
	}
	if in.own.Contains(p) {
		buttons &= in.buttons // nothing is pressed, and the pointer does not move
	} else {
		in.inject.motion(p)
	}
	buttons &= allButtons
	for i, b := range xButtonOf {
		bit := screen.Buttons(1) << i
		was, is := in.buttons&bit != 0, buttons&bit != 0
		if is && !was {
			in.inject.event(xButtonPress, b)
		}
		if is && !was && bit&wheel != 0 || was && !is && bit&wheel == 0 {
			in.inject.event(xButtonRelease, b)
		}
	}
	in.buttons = buttons
	return nil
}

// Key implements screen.Input. A keysym that no key can produce is typed with a key that has no
// keysym, for as long as it is needed. A modifier that the keyboard does not have is ignored.
func (in *input) Key(k screen.Key) (err error) {
	defer recovered(&err)
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
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
	if i := in.held.ofSym(sym); i >= 0 {
		return in.repeatLocked(in.held[i].keycode)
	}
	st, err := in.keyboard.state()
	if err != nil {
		return err
	}
	s, ok := in.keyboard.resolve(k.Sym, st, in.held)
	if !ok {
		if keysym.IsModifier(k.Sym) {
			in.l.log.Debug("x11: no such modifier", "keysym", fmt.Sprintf("%#x", k.Sym))
			return nil
		}
		if in.confined != nil && !keysym.StaysInside(k.Sym, in.keyboard.keys.meaning(st.mods)) {
			return nil // before the keyboard's map is changed for it
		}
		if s.keycode, err = in.keyboard.lend(k.Sym, in.held); err != nil {
			return err
		}
	}
	return in.strokeLocked(sym, s, st)
}

// repeatLocked presses a key again that is already down.
func (in *input) repeatLocked(kc byte) error {
	if in.confined != nil {
		st, err := in.keyboard.state()
		if err != nil {
			return err
		}
		if may, err := in.mayPressLocked(kc, st.group, st.mods); err != nil || !may {
			return err
		}
	}
	in.inject.event(xKeyPress, kc)
	return nil
}

// codeLocked presses or releases a key by its scan code.
func (in *input) codeLocked(k screen.Key) error {
	kc := keycodeOf(k.Code)
	if kc == 0 {
		return fmt.Errorf("x11: unknown scan code %#x", k.Code)
	}
	i := in.held.ofCode(kc)
	switch {
	case k.Down && in.confined != nil:
		st, err := in.keyboard.state()
		if err != nil {
			return err
		}
		if may, err := in.mayPressLocked(kc, st.group, st.mods); err != nil || !may {
			return err
		}
		fallthrough
	case k.Down:
		in.inject.event(xKeyPress, kc)
		if i < 0 {
			in.held = append(in.held, heldKey{0, kc})
		}
	case i >= 0:
		in.inject.event(xKeyRelease, kc)
		in.held = slices.Delete(in.held, i, i+1)
	}
	return nil
}

// upLocked releases the key that was pressed for sym. Some viewers send the keysym of a release
// according to the modifiers at that time; then the key with that keysym is released.
func (in *input) upLocked(sym uint32) error {
	i := in.held.ofSym(sym)
	if i < 0 && in.keyboard.keys != nil {
		for _, kc := range in.keyboard.keys.on[sym] {
			i = max(i, slices.IndexFunc(in.held, func(h heldKey) bool {
				return h.keycode == kc && h.sym != 0
			}))
		}
	}
	if i >= 0 {
		in.inject.event(xKeyRelease, in.held[i].keycode)
		in.held = slices.Delete(in.held, i, i+1)
	}
	return nil
}

// strokeLocked presses a key, with other modifiers if necessary. A key that needed other modifiers
// is released at once, because its repeats would use the modifiers in effect then. Nothing is
// injected if a part of it is not allowed.
func (in *input) strokeLocked(sym uint32, s stroke, st xkbState) error {
	lifted, added := in.keyboard.modifierKeys(s, in.held)
	mods := st.mods
	for _, kc := range lifted {
		mods &^= in.keyboard.keys.modsOf(kc)
	}
	for _, kc := range append(slices.Clone(added), s.keycode) {
		if may, err := in.mayPressLocked(kc, st.group, mods); err != nil || !may {
			return err
		}
		mods |= in.keyboard.keys.modsOf(kc)
	}
	if i := in.held.ofCode(s.keycode); i >= 0 {
		in.inject.event(xKeyRelease, s.keycode) // the same key for another keysym
		in.held = slices.Delete(in.held, i, i+1)
	}
	if s.add == 0 && s.sub == 0 {
		in.inject.event(xKeyPress, s.keycode)
		in.held = append(in.held, heldKey{sym, s.keycode})
		return nil
	}
	for _, kc := range lifted {
		in.inject.event(xKeyRelease, kc)
	}
	for _, kc := range added {
		in.inject.event(xKeyPress, kc)
	}
	in.inject.event(xKeyPress, s.keycode)
	in.inject.event(xKeyRelease, s.keycode)
	for _, kc := range slices.Backward(added) {
		in.inject.event(xKeyRelease, kc)
	}
	for _, kc := range lifted {
		in.inject.event(xKeyPress, kc)
	}
	return nil
}

// ReleaseAll implements screen.Input. It may take lendGrace if a keysym without a key was typed
// just before.
func (in *input) ReleaseAll() (err error) {
	defer recovered(&err)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.l.isGone() {
		in.held, in.buttons, in.keyboard.lent = nil, 0, nil
		return in.l.explain(errGone)
	}
	for _, h := range slices.Backward(in.held) {
		in.inject.event(xKeyRelease, h.keycode)
	}
	in.held = nil
	for i, b := range xButtonOf {
		if bit := screen.Buttons(1) << i; in.buttons&bit != 0 && bit&wheel == 0 {
			in.inject.event(xButtonRelease, b)
		}
	}
	in.buttons = 0
	if len(in.keyboard.lent) == 0 {
		return in.l.sync()
	}
	return in.keyboard.takeBack()
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
	in.inject.watchdog.Close()
	return err
}
