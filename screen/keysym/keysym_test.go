package keysym

import "testing"

func TestCanonical(t *testing.T) {
	for sym, want := range map[uint32]uint32{
		'a': Unicode + 'a', 0xe4: Unicode + 'ä', Unicode + 'ä': Unicode + 'ä', 0x20ac: Unicode + '€', 0x1a3: Unicode + 'Ł',
		0x6c1: Unicode + 'а', 0x7e1: Unicode + 'α', Tab: Tab, F1: F1, 0x7f: 0x7f,
	} {
		if got := Canonical(sym); got != want {
			t.Errorf("%#x: %#x, want %#x", sym, got, want)
		}
	}
}

func TestStaysInside(t *testing.T) {
	type row struct {
		sym  uint32
		mods Mods
	}
	stays := []row{
		{'a', 0}, {'A', Shift}, {'@', Level3}, {Unicode + 'ß', 0}, {' ', 0}, {' ', Shift}, {0x20ac, Level3}, {Unicode + 0x1f600, 0},
		{'c', Control}, {'v', Control | Shift}, {'+', Control}, {'f', Alt}, {'1', Alt}, {'@', Control | Alt}, {'{', Control | Alt},
		{Tab, 0}, {Tab, Shift}, {ISOLeftTab, Shift}, {Tab, Control}, {Return, 0}, {Return, Control}, {Return, Alt}, {Escape, 0},
		{Home, Control}, {Left, Shift | Control}, {Left, Alt}, {Prior, Control}, {Delete, Control}, {BackSpace, Control}, {Insert, Shift},
		{F1, 0}, {F12, Shift}, {F4, Alt}, {F4, Control}, {0xffb5, 0}, {KPEnter, 0}, {KPHome, Shift}, {Menu, 0}, {0xfe51, 0},
		{ShiftL, 0}, {ControlL, Alt}, {AltL, Control}, {ISOLevel3, 0}, {CapsLock, 0}, {NumLock, 0},
	}
	leaves := []row{
		{Tab, Alt}, {ISOLeftTab, Alt | Shift}, {Escape, Alt}, {Escape, Control}, {Escape, Control | Shift}, {' ', Alt}, {' ', Control}, {KPSpace, Alt},
		{F1, Alt}, {F1 + 1, Alt}, {F1, Control}, {F12, Control | Alt}, {F4, Control | Alt}, {'t', Control | Alt}, {'1', Control | Alt}, {' ', Control | Alt},
		{Left, Control | Alt}, {Delete, Control | Alt}, {BackSpace, Control | Alt}, {Return, Control | Alt}, {Delete, Alt}, {KPDelete, Control | Alt},
		{'a', Others}, {'a', Others | Shift}, {Return, Others}, {ShiftL, Others},
		{SuperL, 0}, {SuperR, 0}, {HyperL, 0}, {0xff61, 0}, {0xff61, Alt}, {0xff15, 0}, {Pause, 0}, {0xff6b, Control}, {0xff67 - 1, 0},
		{0x1008ff11, 0}, {0x1008ff4a, 0}, {0x1008fe01, Control | Alt}, {0xfe08, 0}, {0xfed5, 0}, {0xff2a, 0},
		{Unicode + 0x1b, 0}, {Unicode + 9, 0}, {Unicode + 0x7f, 0}, {Unicode + 0x200b, 0}, {Unicode + 0x202e, 0}, {Unicode + ' ', Alt}, {Unicode + 0x3000, Alt},
		{Unicode + 0xffffff, 0}, {0, 0}, {0xffffffff, 0},
	}
	for _, r := range stays {
		if !StaysInside(r.sym, r.mods) {
			t.Errorf("%#x with %05b should stay inside", r.sym, r.mods)
		}
	}
	for _, r := range leaves {
		if StaysInside(r.sym, r.mods) {
			t.Errorf("%#x with %05b leaves the share", r.sym, r.mods)
		}
	}
}

// FuzzStaysInside: nothing that only a desktop uses is allowed, whatever its name.
func FuzzStaysInside(f *testing.F) {
	f.Add(uint32(Tab), uint8(Alt))
	f.Fuzz(func(t *testing.T, sym uint32, m uint8) {
		mods := Mods(m)
		if !StaysInside(sym, mods) {
			return
		}
		switch _, text := Rune(sym); {
		case mods&Others != 0:
			t.Fatal("an unknown modifier passes")
		case mods&(Control|Alt) == Control|Alt && !text && !IsModifier(sym):
			t.Fatalf("%#x with Control and Alt passes", sym)
		case sym >= 0x10000000 && sym < 0x20000000, sym == SuperL, sym == SuperR:
			t.Fatalf("%#x passes", sym)
		}
	})
}
