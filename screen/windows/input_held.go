//go:build windows

package windows

import (
	"slices"

	"lotse/screen/keysym"
)

// heldKey is a key that is down, and the keysym it was pressed for.
type heldKey struct {
	sym uint32 // canonical; 0 for a key pressed by its scan code
	key injectedKey
}

// heldKeys are the keys that are down, in the order of pressing.
type heldKeys []heldKey

// ofSym returns the index of the key that was pressed for a canonical keysym; -1: none.
func (h heldKeys) ofSym(sym uint32) int {
	return slices.IndexFunc(h, func(k heldKey) bool { return k.sym == sym })
}

// isCommand reports whether modifiers are down that make a key a command.
func (h heldKeys) isCommand() bool {
	var ctrl, alt, right, win bool
	for _, k := range h {
		switch k.key.vk {
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

// shifts returns which of Shift and AltGr are down.
func (h heldKeys) shifts() (mods uint16) {
	for _, k := range h {
		mods |= modifierOf(k.key.vk)
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

// mods returns which modifiers will be down, no matter which device or program pressed them, after
// the lifted keys are released and the added ones pressed. AltGr is the right Alt together with the
// left Control.
func (h heldKeys) mods(lifted, added []uint16) (m keysym.Mods) {
	down := func(vk uint16) bool {
		switch {
		case slices.Contains(added, vk):
			return true
		case slices.Contains(lifted, vk):
			return false
		}
		// The system may not yet report keys that were injected just now.
		return slices.ContainsFunc(h, func(k heldKey) bool { return k.key.vk == vk }) ||
			call(procGetAsyncKeyState, uintptr(vk))&0x8000 != 0
	}
	if down(vkLShift) || down(vkRShift) {
		m |= keysym.Shift
	}
	left, right := down(vkLControl), down(vkRMenu)
	switch {
	case left && right:
		m |= keysym.Level3
	case left:
		m |= keysym.Control
	case right:
		m |= keysym.Alt
	}
	if down(vkRControl) {
		m |= keysym.Control
	}
	if down(vkLMenu) {
		m |= keysym.Alt
	}
	if down(vkLWin) || down(vkRWin) {
		m |= keysym.Others
	}
	return m
}
