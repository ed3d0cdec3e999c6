//go:build windows

package windows

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"sync"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/ownwindow"
	"lotse/screen/watchdog"
)

// ownMark is the extra information of every event that this program injects.
const ownMark = 0x4c6f7473

// Flags of SendInput's events.
const (
	inputMouse, inputKeyboard = 0, 1

	keyExtended, keyUp, keyUnicode, keyScan = 1, 2, 4, 8

	mouseMove, mouseWheel, mouseWheelX                = 0x0001, 0x0800, 0x1000
	mouseVirtualDesk, mouseAbsolute                   = 0x4000, 0x8000
	mouseXDown, mouseXUp                              = 0x0080, 0x0100
	wheelNotch                                        = 120
	mouseLeft, mouseRight, mouseMiddle                = 0x0002, 0x0008, 0x0020 // down; up is the next bit
	wheel                                             = screen.WheelUp | screen.WheelDown | screen.WheelLeft | screen.WheelRight
	allButtons                         screen.Buttons = 1<<9 - 1
)

// mouseEvent and keyEvent are INPUT with its two kinds.
type mouseEvent struct {
	kind                    uint32
	_                       uint32
	X, Y                    int32
	data, flags, time, gap2 uint32
	extra                   uintptr
}

type keyEvent struct {
	kind        uint32
	_           uint32
	vk, scan    uint16
	flags, time uint32
	_           uint32
	extra       uintptr
	_           uint64
}

type inputEvent [40]byte

func (e mouseEvent) event() inputEvent { return *(*inputEvent)(unsafe.Pointer(&e)) }
func (e keyEvent) event() inputEvent   { return *(*inputEvent)(unsafe.Pointer(&e)) }

// send injects events, with nothing between them. A desktop that takes none now
// is no error: Notices tells of it.
func send(events ...inputEvent) error {
	if len(events) == 0 {
		return nil
	}
	n, _, err := procSendInput.Call(uintptr(len(events)), uintptr(unsafe.Pointer(&events[0])), unsafe.Sizeof(events[0]))
	if int(n) == len(events) || errors.Is(err, windows.ERROR_ACCESS_DENIED) || isHidden() {
		return nil
	}
	return fmt.Errorf("windows: SendInput: %w", err)
}

func (k injectedKey) event(up bool) inputEvent {
	e := keyEvent{kind: inputKeyboard, vk: k.vk, scan: k.scan, extra: ownMark}
	if k.extended {
		e.flags |= keyExtended
	}
	if up {
		e.flags |= keyUp
	}
	if k.vk == 0 {
		e.flags |= keyScan
	}
	return e.event()
}

// unicodeEvents types text that no key has.
func unicodeEvents(text string) []inputEvent {
	var out []inputEvent
	for _, unit := range utf16.Encode([]rune(text)) {
		for _, flags := range []uint32{keyUnicode, keyUnicode | keyUp} {
			out = append(out, keyEvent{kind: inputKeyboard, scan: unit, flags: flags, extra: ownMark}.event())
		}
	}
	return out
}

// input implements screen.Input by SendInput.
type input struct {
	// Static after newInput.
	log      *slog.Logger
	watchdog *watchdog.Watchdog
	own      *ownwindow.Places // this program's own windows, out of reach for remote input

	permission screen.Permission

	mu sync.Mutex
	// Guarded by mu.
	permit   screen.Permit // of the event that is being injected
	confined bool          // the key event that is being injected must stay inside a share
	held     []heldKey     // in the order of pressing
	buttons  screen.Buttons
	dead     uint32 // a dead key's keysym that waits for its letter
}

// heldKey is a key that is down, and for what.
type heldKey struct {
	sym uint32 // canonical; 0 for a key pressed by its scan code
	key injectedKey
}

var _ screen.Input = (*input)(nil)

func newInput(o screen.Options, own *ownwindow.Places) *input {
	return &input{own: own, log: o.Logger, watchdog: watchdog.New(o.Watchdog, "windows", o.Logger)}
}

// Suspend implements screen.Input.
func (in *input) Suspend(on bool) { in.permission.Suspend(on) }

// press injects events that bring something down, if that is still permitted.
func (in *input) press(events ...inputEvent) error {
	if !in.permit.Valid() {
		return nil
	}
	return send(events...)
}

// Pointer implements screen.Input.
func (in *input) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.permit = permit
	return in.pointerLocked(p, buttons)
}

func (in *input) pointerLocked(p image.Point, buttons screen.Buttons) error {
	if !in.permit.Valid() {
		return nil
	}
	all := virtualScreen()
	if all.Empty() {
		return nil
	}
	p.X, p.Y = min(max(p.X, 0), all.Dx()-1), min(max(p.Y, 0), all.Dy()-1)
	// Windows counts 65536 steps across all monitors, and rounds down.
	steps := func(v, side int) int32 { return int32((v<<16 + side - 1) / side) }
	var events []inputEvent
	if in.own.Contains(p) {
		buttons &= in.buttons // nothing is pressed, and the pointer stays where it is
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
			in.tellButton(bit, is)
			events = append(events, buttonEvent(bit, is, swapped))
		}
	}
	in.buttons = buttons
	return in.press(events...)
}

func (in *input) tellButton(bit screen.Buttons, down bool) {
	if bit&wheel != 0 {
		return
	}
	for i := range 9 {
		if bit == 1<<i {
			in.watchdog.Tell(watchdog.Button, byte(i), down)
		}
	}
}

// buttonEvent presses or releases a button, or turns the wheel by a notch.
func buttonEvent(bit screen.Buttons, down, swapped bool) inputEvent {
	e := mouseEvent{kind: inputMouse, extra: ownMark}
	press := func(flag uint32) {
		if e.flags = flag; !down {
			e.flags = flag << 1
		}
	}
	turn := func(flag uint32, by int32) { e.flags, e.data = flag, uint32(by) }
	// Windows exchanges the buttons of left-handed people once more.
	left, right := uint32(mouseLeft), uint32(mouseRight)
	if swapped {
		left, right = right, left
	}
	switch bit {
	case screen.ButtonLeft:
		press(left)
	case screen.ButtonRight:
		press(right)
	case screen.ButtonMiddle:
		press(mouseMiddle)
	case screen.ButtonBack:
		press(mouseXDown)
		e.data = 1
	case screen.ButtonForward:
		press(mouseXDown)
		e.data = 2
	case screen.WheelUp:
		turn(mouseWheel, wheelNotch)
	case screen.WheelDown:
		turn(mouseWheel, -wheelNotch)
	case screen.WheelLeft:
		turn(mouseWheelX, -wheelNotch)
	case screen.WheelRight:
		turn(mouseWheelX, wheelNotch)
	}
	return e.event()
}

// Key implements screen.Input. Characters are typed by the customer's layout; one
// that is on no key of it is typed as it is. A key without a character goes by
// its place where that is known.
func (in *input) Key(k screen.Key) error {
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.permit = permit
	return in.keyLocked(k)
}

func (in *input) keyLocked(k screen.Key) error {
	switch k.Sym {
	case 0:
		return in.codeLocked(k, 0)
	case keysym.ISOLevel3, keysym.ModeSwitch:
		// The advisor's AltGr makes his characters, the customer's layout has its own
		// way to each. Where it has no AltGr the key is Alt, which opens menus.
		return nil
	}
	sym := keysym.Canonical(k.Sym)
	if !k.Down {
		return in.upLocked(sym)
	}
	if i := in.heldIndex(sym); i >= 0 { // a repeat
		if k := in.held[i].key; in.mayPressLocked(k, 0, in.modsLocked(nil, nil)) {
			return in.press(k.event(false))
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
	if in.isCommandLocked() {
		// A short cut means a key. Layouts of other scripts have it under its letter.
		if !ok && r < 0x80 {
			upper := r
			if r >= 'a' && r <= 'z' {
				upper -= 'a' - 'A'
			}
			key, need, ok = keyOfVk(uint16(upper), layout), 0, upper >= '0' && upper <= 'Z'
		}
		if ok {
			return in.strokeLocked(sym, key, need|in.downLocked())
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

// typeLocked types text that no key has.
func (in *input) typeLocked(text string) error {
	if !in.mayTypeLocked(text) {
		return nil
	}
	return in.press(unicodeEvents(text)...)
}

// isCommandLocked reports whether modifiers are down that make a key a command.
func (in *input) isCommandLocked() bool {
	var ctrl, alt, right, win bool
	for _, h := range in.held {
		switch h.key.vk {
		case vkLControl, vkRControl:
			ctrl = true
		case vkLMenu:
			alt = true
		case vkRMenu:
			right = true
		case vkLWin, vkRWin:
			win = true
		}
	}
	return win || (ctrl || alt) && !right
}

// downLocked is what of Shift and AltGr is down.
func (in *input) downLocked() (mods uint16) {
	for _, h := range in.held {
		mods |= modifierOf(h.key.vk)
	}
	return mods
}

func modifierOf(vk uint16) uint16 {
	switch vk {
	case vkLShift, vkRShift:
		return needShift
	case vkRMenu:
		return needAltGr
	}
	return 0
}

// strokeLocked presses a key, with other modifiers if need be. A key that needed
// others is released at once, as its repeats would come out under those of later.
func (in *input) strokeLocked(sym uint32, k injectedKey, need uint16) error {
	have := in.downLocked()
	if have == need {
		return in.pressLocked(sym, k, sym)
	}
	var before, after []inputEvent
	var changed [2][]uint16 // what goes up for it, and what goes down
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
	if !in.mayPressLocked(k, sym, in.modsLocked(changed[0], changed[1])) {
		return nil
	}
	slices.Reverse(after)
	events := append(before, k.event(false), k.event(true))
	return in.press(append(events, after...)...)
}

// pressLocked presses a key and keeps it down.
func (in *input) pressLocked(sym uint32, k injectedKey, text uint32) error {
	if !in.mayPressLocked(k, text, in.modsLocked(nil, nil)) {
		return nil
	}
	if i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.key == k }); i >= 0 {
		in.held = slices.Delete(in.held, i, i+1) // the same key for another keysym
		if err := send(k.event(true)); err != nil {
			return err
		}
	}
	in.held = append(in.held, heldKey{sym, k})
	in.watchdog.Tell(watchdog.Key, byte(k.vk), true)
	return in.press(k.event(false))
}

// codeLocked presses or releases a key by its place.
func (in *input) codeLocked(k screen.Key, sym uint32) error {
	key, ok := keyOfCode(k.Code, layoutNow())
	if !ok {
		return fmt.Errorf("windows: unknown scan code %#x", k.Code)
	}
	i := slices.IndexFunc(in.held, func(h heldKey) bool { return h.key.scan == key.scan && h.key.extended == key.extended })
	switch {
	case k.Down && i >= 0:
		if !in.mayPressLocked(key, 0, in.modsLocked(nil, nil)) {
			return nil
		}
		return in.press(key.event(false))
	case k.Down:
		return in.pressLocked(sym, key, 0)
	case i >= 0:
		return in.letGoLocked(i)
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
	in.watchdog.Tell(watchdog.Key, byte(k.vk), false)
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
		in.watchdog.Tell(watchdog.Key, byte(h.key.vk), false)
		events = append(events, h.key.event(true))
	}
	in.held, in.dead = nil, 0
	swapped := metric(smSwapped) != 0
	for i := range 9 {
		if bit := screen.Buttons(1) << i; in.buttons&bit != 0 && bit&wheel == 0 {
			in.tellButton(bit, false)
			events = append(events, buttonEvent(bit, false, swapped))
		}
	}
	in.buttons = 0
	return send(events...)
}

// close releases everything.
func (in *input) close() error {
	err := in.ReleaseAll()
	in.watchdog.Close()
	return err
}
