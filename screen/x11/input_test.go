//go:build linux

package x11

import (
	"errors"
	"image"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// The keycodes below are the same on every PC keyboard under an X server on Linux: Shift 50,
// Control 37, AltGr 108, Caps Lock 66, Q 24, A 38, Tab 23, 1 10; 92 is the key that X servers
// reserve for ISO_Level3_Shift.
func TestKeysAndModifiers(t *testing.T) {
	type press struct {
		sym  uint32
		down bool
	}
	const shift, ctrl, caps = keysym.ShiftL, keysym.ControlL, keysym.CapsLock
	for _, c := range []struct {
		name, layout string
		keys         []press
		want         string
		n            int
	}{
		{"plain", "us", []press{{'q', true}, {'q', false}}, "+24 -24", 2},
		{"viewer holds Shift", "us", []press{{shift, true}, {'Q', true}, {'Q', false}, {shift, false}}, "+50 +24/1 -24 -50", 4},
		{"Shift is added", "us", []press{{'Q', true}, {'Q', false}}, "+50 +24/1 -24 -50", 4},
		{"Shift is lifted", "us", []press{{shift, true}, {'q', true}, {'q', false}, {shift, false}}, "+50 -50 +24 -24 +50 -50", 6},
		{"other layout's at", "de", []press{{shift, true}, {'@', true}, {'@', false}, {shift, false}}, "+50 -50 +92 +24/80 -24 -92 +50 -50", 8},
		{"Shift and Tab belong together", "us", []press{{shift, true}, {keysym.Tab, true}, {keysym.Tab, false}, {shift, false}}, "+50 +23/1 -23 -50", 4},
		{"ISO_Left_Tab", "us", []press{{shift, true}, {keysym.ISOLeftTab, true}, {keysym.ISOLeftTab, false}, {shift, false}}, "+50 +23/1 -23 -50", 4},
		{"shortcut", "us", []press{{ctrl, true}, {'a', true}, {'a', false}, {ctrl, false}}, "+37 +38/4 -38 -37", 4},
		{"repeat", "us", []press{{'q', true}, {'q', true}, {'q', true}, {'q', false}}, "+24 -24", 2},
		{"modifiers change in between", "us", []press{{shift, true}, {'!', true}, {shift, false}, {'!', false}}, "+50 +10/1 -50 -10", 4},
		{"release under another name", "us", []press{{shift, true}, {'!', true}, {shift, false}, {'1', false}}, "+50 +10/1 -50 -10", 4},
		{"same key for another keysym", "us", []press{{'1', true}, {shift, true}, {'!', true}, {'!', false}, {'1', false}, {shift, false}}, "+10 +50 -10 +10/1 -10 -50", 6},
		{"Caps Lock, small", "us", []press{{caps, true}, {caps, false}, {'q', true}, {'q', false}, {caps, true}, {caps, false}}, "+66 -66 +50/2 +24/3 -24 -50 +66/2 -66", 8},
		{"Caps Lock, capital", "us", []press{{caps, true}, {caps, false}, {'Q', true}, {'Q', false}, {caps, true}, {caps, false}}, "+66 -66 +24/2 -24 +66/2 -66", 6},
		{"Unicode keysym of Latin-1", "de", []press{{keysym.Unicode + 'ä', true}, {keysym.Unicode + 'ä', false}}, "+48 -48", 2},
		{"legacy and Unicode euro", "de", []press{{0x20ac, true}, {0x20ac, false}, {keysym.Unicode + 0x20ac, true}, {keysym.Unicode + 0x20ac, false}}, "+92 +26/80 -26 -92 +92 +26/80 -26 -92", 8},
		{"dead key itself", "de", []press{{0xfe52, true}, {0xfe52, false}}, "+49 -49", 2},
		{"right Alt where there is AltGr", "de", []press{{keysym.AltR, true}, {keysym.AltR, false}}, "+64 -64", 2},
		{"key pad without Num Lock", "us", []press{{0xffb7, true}, {0xffb7, false}}, "+248 -248", 2},
		{"unknown release", "us", []press{{'q', false}, {keysym.Return, true}, {keysym.Return, false}}, "+36 -36", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := x11test.Xvfb(t, "640x480x24")
			x.Run(t, "setxkbmap", c.layout)
			d := openOn(t, x, screen.Options{})
			li := startListener(t, x)
			for _, k := range c.keys {
				x11test.Key(t, d.Input, k.sym, k.down)
			}
			got := li.take(t, c.n)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if err := d.Input.ReleaseAll(); err != nil {
				t.Fatal(err)
			}
			wantNothingHeld(t, x)
		})
	}
}

func TestReleaseAll(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	x.Run(t, "setxkbmap", "de")
	before := string(x.Run(t, "xmodmap", "-pke"))
	d := openOn(t, x, screen.Options{})
	in := d.Input
	for _, sym := range []uint32{keysym.ShiftL, keysym.ControlL, 'a', keysym.Unicode + 0x3b1, 0x1008ff11} {
		x11test.Key(t, in, sym, true)
	}
	if err := in.Pointer(image.Pt(5, 5), screen.ButtonLeft|screen.ButtonRight|screen.ButtonBack); err != nil {
		t.Fatal(err)
	}
	if string(x.Run(t, "xmodmap", "-pke")) == before {
		t.Fatal("no key was borrowed: the test tests nothing")
	}
	if err := in.ReleaseAll(); err != nil {
		t.Fatal(err)
	}
	wantNothingHeld(t, x)
	if after := string(x.Run(t, "xmodmap", "-pke")); after != before {
		t.Errorf("keyboard map changed:\n%s", diffLines(before, after))
	}
	// Close does the same.
	x11test.Key(t, in, keysym.Unicode+0x3b1, true)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wantNothingHeld(t, x)
	if after := string(x.Run(t, "xmodmap", "-pke")); after != before {
		t.Errorf("keyboard map changed after Close:\n%s", diffLines(before, after))
	}
	if err := d.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := in.Key(screen.Key{Sym: 'a', Down: true}); !errors.Is(err, errGone) {
		t.Errorf("Key after Close: %v", err)
	}
}

// TestBorrowMany types more characters without a key than keys can be lent. A key gets another
// character no earlier than lendGrace after it was used. The test does not rely on the program
// handling its events in that time: it has handled all of them before a key is lent again.
func TestBorrowMany(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	xkb, err := openXKB(l)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := xkb.keyMap()
	if err != nil {
		t.Fatal(err)
	}
	most := min(maxLent, len(keys.freeKeys()))
	ty := x11test.StartTypist(t, x)
	want := ""
	typed := func(from, n int) {
		line := ""
		for r := range n {
			line += string(rune(0x4e00 + from + r))
		}
		x11test.TypeText(t, d.Input, line+"\n")
		want += line + "\n"
		screentest.Eventually(t, "line", func() bool { return len(ty.Content()) >= len(want) })
		if got := ty.Content(); got != want {
			t.Fatalf("typed %q, got %q", want, got)
		}
	}
	typed(0, most)
	typed(most, 8)
	typed(0, 8) // their keys have other characters now
	began := time.Now()
	typed(most+8, most)
	x11test.TypeText(t, d.Input, string(rune(0x4e00)))
	if took := time.Since(began); took < lendGrace {
		t.Errorf("a key was lent again after %v", took)
	}
}

// TestLayoutSwitch changes the map without the input's knowledge.
func TestLayoutSwitch(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	ty := x11test.StartTypist(t, x)
	want := ""
	for _, layout := range []string{"us", "de", "fr", "ru", "us"} {
		x.Run(t, "setxkbmap", layout)
		line := layout + " zyqaw @{} äж\n"
		x11test.TypeText(t, d.Input, line)
		want += line
		screentest.Eventually(t, "line", func() bool { return len(ty.Content()) >= len(want) })
		if got := ty.Content(); got != want {
			t.Fatalf("typed %q, got %q", want, got)
		}
	}
}

// TestLayoutSwitchInBetween changes the map after the input has looked whether it changed, and
// before it presses the key.
func TestLayoutSwitchInBetween(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	xkb, err := openXKB(l)
	if err != nil {
		t.Fatal(err)
	}
	var armed atomic.Bool
	display := proxyX(t, x, func(request []byte) {
		if request[0] == xkb.major && request[1] == xkbMinorGetState && armed.Swap(false) {
			c := exec.Command("setxkbmap", "de")
			c.Env = append(os.Environ(), "DISPLAY="+x.Display)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("setxkbmap: %v, %s", err, out)
			}
		}
	})
	d, err := Open(screen.Options{Display: display, NoShm: true, Logger: screentest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ty := x11test.StartTypist(t, x)
	x.Run(t, "setxkbmap", "us")
	x11test.TypeText(t, d.Input, "z\n")
	screentest.Eventually(t, "the first line", func() bool { return ty.Content() == "z\n" })
	armed.Store(true)
	x11test.TypeText(t, d.Input, "z\n")
	screentest.Eventually(t, "the second line", func() bool { return len(ty.Content()) >= len("z\nz\n") })
	if got := ty.Content(); got != "z\nz\n" {
		t.Errorf("typed %q", got)
	}
}

func TestButtons(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	li := startListener(t, x)
	at := image.Pt(100, 100)
	for _, b := range []screen.Buttons{
		screen.ButtonLeft, 0, screen.ButtonMiddle | screen.ButtonRight, screen.ButtonRight, 0,
		screen.WheelUp, 0, screen.WheelDown, 0, screen.WheelLeft, 0, screen.WheelRight, 0,
		screen.ButtonBack, 0, screen.ButtonForward, 0, 1 << 15,
	} {
		if err := d.Input.Pointer(at, b); err != nil {
			t.Fatal(err)
		}
	}
	const want = "press 1 release 1 press 2 press 3 release 2 release 3 " +
		"press 4 release 4 press 5 release 5 press 6 release 6 press 7 release 7 press 8 release 8 press 9 release 9"
	if got := li.take(t, 18); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestScanCodes(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	m := keyMapOf(t, x)
	for code, sym := range map[uint32]uint32{
		0x01: keysym.Escape, 0x02: '1', 0x0e: keysym.BackSpace, 0x0f: keysym.Tab, 0x10: 'q', 0x1c: keysym.Return, 0x1d: keysym.ControlL, 0x2a: keysym.ShiftL,
		0x36: keysym.ShiftR, 0x38: keysym.AltL, 0x39: ' ', 0x3a: keysym.CapsLock, 0x3b: keysym.F1, 0x44: 0xffc7, 0x45: keysym.NumLock, 0x46: keysym.ScrollLock,
		0x47: keysym.KPHome, 0x53: keysym.KPDelete, 0x56: '<', 0x57: 0xffc8, 0x58: keysym.F12,
		0x9c: keysym.KPEnter, 0x9d: keysym.ControlR, 0xb5: keysym.KPDivide, 0xb7: keysym.Print, 0xb8: keysym.AltR, 0xc6: keysym.Pause, 0xc7: keysym.Home, 0xc8: keysym.Up, 0xc9: keysym.Prior,
		0xcb: keysym.Left, 0xcd: keysym.Right, 0xcf: keysym.End, 0xd0: keysym.Down, 0xd1: keysym.Next, 0xd2: keysym.Insert, 0xd3: 0xffff, 0xdb: keysym.SuperL, 0xdc: keysym.SuperR, 0xdd: keysym.Menu,
	} {
		if got := m.keys[keycodeOf(code)].sym(0, 0); got != sym {
			t.Errorf("scan code %#x: keysym %#x, want %#x", code, got, sym)
		}
	}
	d := openOn(t, x, screen.Options{})
	li := startListener(t, x)
	for _, down := range []bool{true, false} {
		if err := d.Input.Key(screen.Key{Code: 0xcb, Down: down}); err != nil {
			t.Fatal(err)
		}
	}
	if got := li.take(t, 2); got != "+113 -113" {
		t.Errorf("got %s", got)
	}
	if err := d.Input.Key(screen.Key{Code: 0xffff, Down: true}); err == nil {
		t.Error("unknown scan code: no error")
	}
}

func TestKeysymNames(t *testing.T) {
	for sym, r := range map[uint32]rune{
		'a': 'a', 0xe4: 'ä', 0x1a1: 'Ą', 0x1b9: 'š', 0x1c0: 'Ŕ', 0x1e8: 'č', 0x1ff: '˙', 0x2a1: 'Ħ', 0x2a9: 'İ', 0x2b9: 'ı', 0x2fd: 'ŭ', 0x2fe: 'ŝ',
		0x3a2: 'ĸ', 0x3bd: 'Ŋ', 0x3bf: 'ŋ', 0x3c0: 'Ā', 0x3e0: 'ā', 0x3fe: 'ū', 0x6a1: 'ђ', 0x6b0: '№', 0x6c0: 'ю', 0x6d1: 'я', 0x6ff: 'Ъ',
		0x7a1: 'Ά', 0x7af: '―', 0x7b1: 'ά', 0x7c1: 'Α', 0x7d9: 'Ω', 0x7e1: 'α', 0x7f3: 'ς', 0x7f9: 'ω', 0xce0: 'א', 0xcfa: 'ת',
		0xda1: 'ก', 0xdda: 'ฺ', 0xddf: '฿', 0xdf9: '๙', 0x5c7: 'ا', 0x5ea: 'ي', 0x5f2: 'ْ', 0x13be: 'Ÿ', 0x20ac: '€', 0xad3: '”', 0xafe: '„',
	} {
		if got := keysym.Canonical(sym); got != keysym.Unicode+uint32(r) {
			t.Errorf("keysym %#x is %q, want %q", sym, rune(got-keysym.Unicode), r)
		}
	}
	if keysym.Canonical(keysym.Return) != keysym.Return {
		t.Error("Return is no character")
	}
}
