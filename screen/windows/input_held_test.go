//go:build windows

package windows

import "testing"

func TestHeldKeys(t *testing.T) {
	key := func(vk uint16) heldKey { return heldKey{sym: uint32(vk), key: injectedKey{vk: vk}} }
	for _, test := range []struct {
		name    string
		held    heldKeys
		command bool
		shifts  uint16
	}{
		{"nothing", nil, false, 0},
		{"Shift", heldKeys{key(vkLShift)}, false, needShift},
		{"Control", heldKeys{key(vkLControl)}, true, 0},
		{"Alt and Shift", heldKeys{key(vkLMenu), key(vkRShift)}, true, needShift},
		{"AltGr", heldKeys{key(vkLControl), key(vkRMenu)}, false, needAltGr},
		{"Windows and AltGr", heldKeys{key(vkRWin), key(vkRMenu)}, true, needAltGr},
	} {
		if command := test.held.isCommand(); command != test.command {
			t.Errorf("%s: a command is %v", test.name, command)
		}
		if shifts := test.held.shifts(); shifts != test.shifts {
			t.Errorf("%s: %#x", test.name, shifts)
		}
		if n := len(test.held); n > 0 && test.held.ofSym(test.held[n-1].sym) != n-1 {
			t.Errorf("%s: the last key is not found", test.name)
		}
	}
}
