//go:build windows

package windows

import (
	"image"
	"runtime"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/program"
)

// While less than the whole desktop is shared, a key must reach a window of the
// share and nothing else. Windows has no way to keep other programs still while
// input is injected. So the window in front is looked at before the press and
// again after it, and everything is released when it changed in between. What the
// system itself would do with a key decides the allow-list of keysym.StaysInside;
// short cuts that another program has registered are found by trying to register
// them.

// keyWithin presses a key if the window in front belongs to the share, as owns
// tells. Releases always pass: only what was let through went down.
func (in *input) keyWithin(k screen.Key, owns func(window uintptr) bool) error {
	permit := in.permission.Permit()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.inject.permit = permit
	if !k.Down {
		return in.keyLocked(k)
	}
	if !owns(uintptr(windows.GetForegroundWindow())) {
		return nil
	}
	// A hot key belongs to the thread that registers it; see isRegistered.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	in.confined = true
	defer func() { in.confined = false }()
	err := in.keyLocked(k)
	if !owns(uintptr(windows.GetForegroundWindow())) {
		return in.releaseAllLocked()
	}
	return err
}

// keyInRect presses a key if the window in front is mostly inside r, a monitor
// that is shared.
func (in *input) keyInRect(k screen.Key, r image.Rectangle) error {
	return in.keyWithin(k, func(window uintptr) bool {
		if window == 0 {
			return false
		}
		at, ok := frameRect(window)
		return ok && program.MostlyInside(at.Sub(virtualScreen().Min), r)
	})
}

// confinement says that the key event which is being injected must stay inside a share.
type confinement bool

// mayPress reports whether a key may go down with these modifiers. Without
// a confinement every key may. text is the character that the layout writes by it,
// 0 when that was not looked up: AltGr then counts as Control and Alt, which is
// what it is to a program that is looking for short cuts.
func (c confinement) mayPress(k injectedKey, text uint32, mods keysym.Mods) bool {
	if !c {
		return true
	}
	sym := text
	if sym == 0 {
		sym = symOfVk(k, layoutNow())
		if mods&keysym.Level3 != 0 && !keysym.IsModifier(sym) {
			mods = mods&^keysym.Level3 | keysym.Control | keysym.Alt
		}
	}
	if !keysym.StaysInside(sym, mods) {
		return false
	}
	return keysym.IsModifier(sym) || !isRegistered(k.vk, mods)
}

// mayType is mayPress for text that is typed without a key.
func (c confinement) mayType(text string, mods keysym.Mods) bool {
	if !c {
		return true
	}
	for _, r := range text {
		if !keysym.StaysInside(keysym.Unicode+uint32(r), mods) {
			return false
		}
	}
	return true
}

// symOfVk names a key by what the layout has on it, whatever a viewer called it; 0:
// nothing that is known.
func symOfVk(k injectedKey, layout uintptr) uint32 {
	vk := k.vk
	switch {
	case vk >= vkNumpad0 && vk <= vkNumpad0+9:
		return keysym.KPLast - 9 + uint32(vk-vkNumpad0)
	case vk >= vkF1 && vk < vkF1+24:
		return keysym.F1 + uint32(vk-vkF1)
	}
	if k.extended {
		if sym := vkSyms[extended|vk]; sym != 0 {
			return sym
		}
	}
	if sym := vkSyms[vk]; sym != 0 {
		return sym
	}
	const vkToChar = 2
	// The top bit marks a dead key.
	if c := uint32(call(procMapVirtualKeyEx, uintptr(vk), vkToChar, layout)) & 0xffff; c != 0 {
		return keysym.Unicode + c
	}
	return 0
}

// vkSyms is vkOf the other way round. Of several names for a key the smallest
// stands for it.
var vkSyms = func() map[uint16]uint32 {
	m := map[uint16]uint32{}
	for sym, vk := range vkOf {
		if have := m[vk]; have == 0 || sym < have {
			m[vk] = sym
		}
	}
	return m
}()

// isRegistered reports whether a program has registered a key with these
// modifiers for itself. The thread must be locked.
func isRegistered(vk uint16, mods keysym.Mods) bool {
	const modAlt, modControl, modShift = 1, 2, 4
	var flags uintptr
	for _, m := range []struct {
		mod  keysym.Mods
		flag uintptr
	}{{keysym.Alt, modAlt}, {keysym.Control, modControl}, {keysym.Shift, modShift}, {keysym.Level3, modAlt | modControl}} {
		if mods&m.mod != 0 {
			flags |= m.flag
		}
	}
	const probe = 0x4c4f // any identifier of this thread
	if call(procRegisterHotKey, 0, probe, flags, uintptr(vk)) == 0 {
		return true
	}
	call(procUnregisterHotKey, 0, probe)
	return false
}
