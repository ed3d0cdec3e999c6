//go:build linux

package x11

import (
	"slices"
	"testing"
	"time"

	"lotse/screen/keysym"
)

// testKeyboard has A on key 38, Shift on key 50, and a lent key 200 with a euro sign.
func testKeyboard() *keyboard {
	m := &keyMap{first: 8, last: 255, on: map[uint32][]byte{}}
	m.types = []keyType{{mask: modShift, levels: []keyLevel{{mods: modShift, level: 1}}}}
	m.keys[38] = keySyms{info: 1, width: 2, syms: []uint32{'a', 'A'}}
	m.keys[50] = keySyms{info: 1, width: 1, syms: []uint32{keysym.ShiftL}}
	m.mods[50] = modShift
	m.index()
	return &keyboard{keys: m, lent: []lentKey{{0x20ac | keysym.Unicode, 200, time.Time{}}}}
}

func TestKeyboardResolve(t *testing.T) {
	k := testKeyboard()
	if s, ok := k.resolve('a', xkbState{}, nil); !ok || s != (stroke{keycode: 38}) {
		t.Errorf("a: %+v, %v", s, ok)
	}
	if s, ok := k.resolve(0x20ac|keysym.Unicode, xkbState{}, nil); !ok || s.keycode != 200 {
		t.Errorf("the lent key is not used: %+v, %v", s, ok)
	}
	if k.lent[0].used.IsZero() {
		t.Error("the use of a lent key is not noted")
	}
	if s, ok := k.resolve(0x20ad|keysym.Unicode, xkbState{}, nil); ok {
		t.Errorf("a keysym without a key is on %+v", s)
	}
}

func TestKeyboardModifierKeys(t *testing.T) {
	k := testKeyboard()
	down := heldKeys{{keysym.Canonical(keysym.ShiftL), 50}, {0, 38}}
	lifted, added := k.modifierKeys(stroke{keycode: 38, sub: modShift}, down)
	if !slices.Equal(lifted, []byte{50}) || added != nil {
		t.Errorf("without Shift: lifted %v, added %v", lifted, added)
	}
	lifted, added = k.modifierKeys(stroke{keycode: 38, add: modShift}, nil)
	if lifted != nil || !slices.Equal(added, []byte{50}) {
		t.Errorf("with Shift: lifted %v, added %v", lifted, added)
	}
}

func TestHeldKeys(t *testing.T) {
	h := heldKeys{{'a', 38}, {0, 39}}
	if h.ofSym('a') != 0 || h.ofSym('b') != -1 || h.ofCode(39) != 1 || h.ofCode(40) != -1 {
		t.Error("a key is not found, or one that is not there")
	}
}
