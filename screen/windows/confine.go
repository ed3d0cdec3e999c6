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

// While less than the whole desktop is shared, a key must reach only a window of the share. Windows
// cannot stop other programs while input is injected. Therefore the foreground window is checked
// before the press and again after it, and everything is released if it changed in between. The
// allow-list of keysym.StaysInside excludes keys that the system itself handles. Shortcuts that
// another program has registered are detected by trying to register them.

// keyWithin presses a key if owns reports that the foreground window belongs to the share. Releases
// always pass, because only permitted keys were pressed.
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

// keyInRect presses a key if the foreground window is mostly inside r, a shared monitor.
func (in *input) keyInRect(k screen.Key, r image.Rectangle) error {
	return in.keyWithin(k, func(window uintptr) bool {
		if window == 0 {
			return false
		}
		at, ok := frameRect(window)
		return ok && program.MostlyInside(at.Sub(virtualScreen().Min), r)
	})
}

// confinement means that the key event being injected must stay inside a share.
type confinement bool

// mayPress reports whether a key may be pressed with these modifiers. Without a confinement it
// always may. text is the character that the layout produces, or 0 if it was not determined. Then
// AltGr counts as Control and Alt, as it does for a program that checks for shortcuts.
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

// symOfVk returns the keysym that the layout gives to a key, whatever the viewer called it; 0:
// unknown.
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
	// The highest bit marks a dead key.
	if c := uint32(call(procMapVirtualKeyEx, uintptr(vk), vkToChar, layout)) & 0xffff; c != 0 {
		return keysym.Unicode + c
	}
	return 0
}

// vkSyms is the inverse of vkOf. Of several keysyms for a key it contains the smallest.
var vkSyms = func() map[uint16]uint32 {
	m := map[uint16]uint32{}
	for sym, vk := range vkOf {
		if have := m[vk]; have == 0 || sym < have {
			m[vk] = sym
		}
	}
	return m
}()

// isRegistered reports whether a program has registered a key with these modifiers as a hot key.
// The caller must have locked the thread.
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
	const probe = 0x4c4f // any identifier in this thread
	if call(procRegisterHotKey, 0, probe, flags, uintptr(vk)) == 0 {
		return true
	}
	call(procUnregisterHotKey, 0, probe)
	return false
}
