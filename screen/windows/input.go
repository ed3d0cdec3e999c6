//go:build windows

package windows

import (
	"fmt"
	"image"
	"log/slog"
	"slices"
	"sync"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/ownwindow"
	"lotse/screen/watchdog"
)

// input implements screen.Input by SendInput.
type input struct {
	// Static after newInput.
	log *slog.Logger
	own *ownwindow.Places // this program's own windows, which remote input must not reach

	permission screen.Permission

	mu sync.Mutex
	// Guarded by mu.
	inject   injector
	confined confinement // of the key event that is being injected
	held     heldKeys
	buttons  screen.Buttons
	dead     uint32 // the keysym of a dead key that waits for its letter
}

var _ screen.Input = (*input)(nil)

func newInput(o screen.Options, own *ownwindow.Places) *input {
	return &input{
		own: own, log: o.Logger,
		inject: injector{watchdog: watchdog.New(o.Watchdog, "windows", o.Logger)},
	}
}

// Suspend implements screen.Input.
func (in *input) Suspend(on bool) { in.permission.Suspend(on) }

// Pointer implements screen.Input.
func (in *input) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
	return in.pointerLocked(p, buttons)
}

func (in *input) pointerLocked(p image.Point, buttons screen.Buttons) error {
	if !in.inject.permit.Valid() {
		return nil
	}
	all := virtualScreen()
	if all.Empty() {
		return nil
	}
	p.X, p.Y = min(max(p.X, 0), all.Dx()-1), min(max(p.Y, 0), all.Dy()-1)
	// Windows divides all monitors together into 65536 steps, and rounds down.
	steps := func(v, side int) int32 { return int32((v<<16 + side - 1) / side) }
	var events []inputEvent
	if in.own.Contains(p) {
		buttons &= in.buttons // nothing is pressed, and the pointer does not move
	} else {
		events = append(events, mouseEvent{
			kind: inputMouse, X: steps(p.X, all.Dx()), Y: steps(p.Y, all.Dy()),
			flags: mouseMove | mouseAbsolute | mouseVirtualDesk, extra: ownMark,
		}.event())
	}
	buttons &= allButtons
	swapped := metric(smSwapped) != 0
	for i := range 9 {
		bit := screen.Buttons(1) << i
		if was, is := in.buttons&bit != 0, buttons&bit != 0; was != is && (is || bit&wheel == 0) {
			in.inject.tellButton(bit, is)
			events = append(events, buttonEvent(bit, is, swapped))
		}
	}
	in.buttons = buttons
	return in.inject.press(events...)
}

// Key implements screen.Input. Characters are typed with the customer's layout; one that is on none
// of its keys is injected as a Unicode character. A key without a character is pressed by its scan
// code if that is known.
func (in *input) Key(k screen.Key) error {
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
	return in.keyLocked(k)
}

func (in *input) keyLocked(k screen.Key) error {
	switch k.Sym {
	case 0:
		return in.codeLocked(k, 0)
	case keysym.ISOLevel3, keysym.ModeSwitch:
		// The advisor's AltGr produces his characters, and the customer's layout has its own way to
		// produce each. On a layout without AltGr the key is Alt, which opens menus.
		return nil
	}
	sym := keysym.Canonical(k.Sym)
	if !k.Down {
		return in.upLocked(sym)
	}
	if i := in.held.ofSym(sym); i >= 0 { // a repeat
		if k := in.held[i].key; in.confined.mayPress(k, 0, in.held.mods(nil, nil)) {
			return in.inject.press(k.event(false))
		}
		return nil
	}
	layout := layoutNow()
	if vk, ok := vkOfSym(sym); ok {
		return in.pressLocked(sym, keyOfVk(vk, layout), 0)
	}
	if d, ok := deadSyms[sym]; ok {
		if key, need, dead, ok := charKey(d.alone, layout); ok && dead {
			return in.strokeLocked(sym, key, need)
		}
		in.dead = sym
		return nil
	}
	if sym >= keysym.Unicode {
		return in.charLocked(sym, rune(sym-keysym.Unicode), layout)
	}
	if k.Code != 0 {
		return in.codeLocked(k, sym)
	}
	if !keysym.IsModifier(k.Sym) {
		in.log.Debug("windows: keysym without a key", "keysym", fmt.Sprintf("%#x", k.Sym))
	}
	return nil
}

// charLocked types a character.
func (in *input) charLocked(sym uint32, r rune, layout uintptr) error {
	if in.dead != 0 {
		text := compose(in.dead, r)
		in.dead = 0
		return in.typeLocked(text)
	}
	key, need, dead, ok := charKey(r, layout)
	if in.held.isCommand() {
		// A shortcut names a key, not a character. In layouts of other scripts it is the key of the
		// Latin letter.
		if !ok && r < 0x80 {
			upper := r
			if r >= 'a' && r <= 'z' {
				upper -= 'a' - 'A'
			}
			key, need, ok = keyOfVk(uint16(upper), layout), 0, upper >= '0' && upper <= 'Z'
		}
		if ok {
			return in.strokeLocked(sym, key, need|in.held.shifts())
		}
	}
	if !ok || dead {
		return in.typeLocked(string(r))
	}
	if flipsWithCaps(r) && call(procGetKeyState, vkCapital)&1 != 0 {
		need ^= needShift
	}
	return in.strokeLocked(sym, key, need)
}

// typeLocked types text that is on no key.
func (in *input) typeLocked(text string) error {
	if !in.confined.mayType(text, in.held.mods(nil, nil)) {
		return nil
	}
	return in.inject.press(unicodeEvents(text)...)
}

// strokeLocked presses a key, with other modifiers if necessary. A key that needed other modifiers
// is released at once, because its repeats would use the modifiers in effect then.
func (in *input) strokeLocked(sym uint32, k injectedKey, need uint16) error {
	have := in.held.shifts()
	if have == need {
		return in.pressLocked(sym, k, sym)
	}
	var before, after []inputEvent
	var changed [2][]uint16 // the keys to release and to press for it
	change := func(k injectedKey, down bool) {
		before = append(before, k.event(!down))
		after = append(after, k.event(down))
		to := &changed[0]
		if down {
			to = &changed[1]
		}
		*to = append(*to, k.vk)
	}
	for _, h := range in.held {
		if m := modifierOf(h.key.vk); m != 0 && need&m != m {
			change(h.key, false)
		}
	}
	if need&^have&needShift != 0 {
		change(keyOfVk(vkLShift, 0), true)
	}
	if need&^have&needAltGr != 0 {
		change(keyOfVk(vkLControl, 0), true)
		change(keyOfVk(extended|vkRMenu, 0), true)
	}
	if !in.confined.mayPress(k, sym, in.held.mods(changed[0], changed[1])) {
		return nil
	}
	slices.Reverse(after)
	events := append(before, k.event(false), k.event(true))
	return in.inject.press(append(events, after...)...)
}

// pressLocked presses a key and leaves it down.
func (in *input) pressLocked(sym uint32, k injectedKey, text uint32) error {
	if !in.confined.mayPress(k, text, in.held.mods(nil, nil)) {
		return nil
	}
	if i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.key == k }); i >= 0 {
		in.held = slices.Delete(in.held, i, i+1) // the same key for another keysym
		if err := send(k.event(true)); err != nil {
			return err
		}
	}
	in.held = append(in.held, heldKey{sym, k})
	in.inject.watchdog.Tell(watchdog.Key, byte(k.vk), true)
	return in.inject.press(k.event(false))
}

// codeLocked presses or releases a key by its scan code.
func (in *input) codeLocked(k screen.Key, sym uint32) error {
	key, ok := keyOfCode(k.Code, layoutNow())
	if !ok {
		return fmt.Errorf("windows: unknown scan code %#x", k.Code)
	}
	i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.key.scan == key.scan && h.key.extended == key.extended })
	switch {
	case k.Down && i >= 0:
		if !in.confined.mayPress(key, 0, in.held.mods(nil, nil)) {
			return nil
		}
		return in.inject.press(key.event(false))
	case k.Down:
		return in.pressLocked(sym, key, 0)
	case i >= 0:
		return in.letGoLocked(i)
	}
	return nil
}

// upLocked releases the key that was pressed for sym. Some viewers send the keysym of a release
// according to the modifiers at that time; then the key with that keysym is released.
func (in *input) upLocked(sym uint32) error {
	i := in.held.ofSym(sym)
	if i < 0 && sym >= keysym.Unicode {
		if key, _, _, ok := charKey(rune(sym-keysym.Unicode), layoutNow()); ok {
			i = slices.IndexFunc(in.held, func(h heldKey) bool { return h.key == key && h.sym != 0 })
		}
	}
	if i < 0 {
		return nil
	}
	return in.letGoLocked(i)
}

func (in *input) letGoLocked(i int) error {
	k := in.held[i].key
	in.held = slices.Delete(in.held, i, i+1)
	in.inject.watchdog.Tell(watchdog.Key, byte(k.vk), false)
	return send(k.event(true))
}

// ReleaseAll implements screen.Input.
func (in *input) ReleaseAll() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.releaseAllLocked()
}

func (in *input) releaseAllLocked() error {
	var events []inputEvent
	for _, h := range slices.Backward(in.held) {
		in.inject.watchdog.Tell(watchdog.Key, byte(h.key.vk), false)
		events = append(events, h.key.event(true))
	}
	in.held, in.dead = nil, 0
	swapped := metric(smSwapped) != 0
	for i := range 9 {
		if bit := screen.Buttons(1) << i; in.buttons&bit != 0 && bit&wheel == 0 {
			in.inject.tellButton(bit, false)
			events = append(events, buttonEvent(bit, false, swapped))
		}
	}
	in.buttons = 0
	return send(events...)
}

// close releases everything.
func (in *input) close() error {
	err := in.ReleaseAll()
	in.inject.watchdog.Close()
	return err
}
