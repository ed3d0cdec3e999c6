//go:build windows

package windows

import (
	"unsafe"

	"strings"
	"unicode"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
)

// injectedKey is a key in the form that SendInput expects.
type injectedKey struct {
	vk, scan uint16
	extended bool
}

// The virtual keys that are used below.
const (
	vkShift    = 0x10
	vkControl  = 0x11
	vkMenu     = 0x12
	vkPause    = 0x13
	vkCapital  = 0x14
	vkLWin     = 0x5b
	vkRWin     = 0x5c
	vkNumpad0  = 0x60
	vkF1       = 0x70
	vkLShift   = 0xa0
	vkRShift   = 0xa1
	vkLControl = 0xa2
	vkRControl = 0xa3
	vkLMenu    = 0xa4
	vkRMenu    = 0xa5
)

// Values of MapVirtualKeyEx.
const (
	vkToScan   = 0
	scanToVkEx = 3
)

// vkOf maps keysyms that are not characters to virtual keys; extended marks those whose scan code
// has the prefix E0.
const extended = 0x100

var vkOf = map[uint32]uint16{
	keysym.BackSpace: 0x08, keysym.Tab: 0x09, keysym.ISOLeftTab: 0x09, keysym.Linefeed: 0x0d, keysym.Clear: 0x0c, keysym.Return: 0x0d, keysym.Pause: vkPause, keysym.ScrollLock: 0x91,
	keysym.SysReq: 0x2c, keysym.Escape: 0x1b, keysym.Kanji: 0x19, keysym.Muhenkan: 0x1d, keysym.Henkan: 0x1c, keysym.Hiragana: 0x15, keysym.Hangul: 0x15, keysym.HangulHanja: 0x19,
	keysym.Home: extended | 0x24, keysym.Left: extended | 0x25, keysym.Up: extended | 0x26, keysym.Right: extended | 0x27, keysym.Down: extended | 0x28,
	keysym.Prior: extended | 0x21, keysym.Next: extended | 0x22, keysym.End: extended | 0x23, keysym.Select: 0x29, keysym.Print: extended | 0x2c,
	keysym.Insert: extended | 0x2d, keysym.Menu: extended | 0x5d, keysym.Help: 0x2f, keysym.Break: 0x03, keysym.NumLock: extended | 0x90,
	keysym.KPSpace: 0x20, keysym.KPTab: 0x09, keysym.KPEnter: extended | 0x0d, // the number pad, without NumLock
	keysym.KPHome: 0x24, keysym.KPLeft: 0x25, keysym.KPUp: 0x26, keysym.KPRight: 0x27, keysym.KPDown: 0x28, keysym.KPPrior: 0x21, keysym.KPNext: 0x22, keysym.KPEnd: 0x23, keysym.KPBegin: 0x0c,
	keysym.KPInsert: 0x2d, keysym.KPDelete: 0x2e,
	keysym.KPMultiply: 0x6a, keysym.KPAdd: 0x6b, keysym.KPSeparator: 0x6c, keysym.KPSubtract: 0x6d, keysym.KPDecimal: 0x6e, keysym.KPDivide: extended | 0x6f,
	keysym.ShiftL: vkLShift, keysym.ShiftR: vkRShift, keysym.ControlL: vkLControl, keysym.ControlR: extended | vkRControl, keysym.CapsLock: vkCapital,
	keysym.MetaL: vkLMenu, keysym.MetaR: extended | vkRMenu, keysym.AltL: vkLMenu, keysym.AltR: extended | vkRMenu,
	keysym.SuperL: extended | vkLWin, keysym.SuperR: extended | vkRWin,
	keysym.Delete: extended | 0x2e,
	// The keys for sound and the browser, XF86keysym.h.
	0x1008ff11: extended | 0xae, 0x1008ff12: extended | 0xad, 0x1008ff13: extended | 0xaf, 0x1008ff14: extended | 0xb3,
	0x1008ff15: extended | 0xb2, 0x1008ff16: extended | 0xb1, 0x1008ff17: extended | 0xb0, 0x1008ff18: extended | 0xac,
	0x1008ff26: extended | 0xa6, 0x1008ff27: extended | 0xa7,
}

// vkOfSym returns the key of a keysym that is not a character.
func vkOfSym(sym uint32) (vk uint16, ok bool) {
	switch {
	case sym >= keysym.F1 && sym <= keysym.F24: // F1 to F24
		return vkF1 + uint16(sym-keysym.F1), true
	case sym >= keysym.KP0 && sym <= keysym.KP9: // KP_0 to KP_9
		return vkNumpad0 + uint16(sym-keysym.KP0), true
	case sym >= keysym.Unicode || sym >= 0x20 && sym < 0xfd00:
		return 0, false
	}
	vk, ok = vkOf[sym]
	return vk, ok
}

// keyOfVk adds the scan code to a virtual key.
func keyOfVk(vk uint16, layout uintptr) injectedKey {
	k := injectedKey{vk: vk &^ extended, extended: vk&extended != 0}
	k.scan = uint16(call(procMapVirtualKeyEx, uintptr(k.vk), vkToScan, layout)) & 0xff
	switch k.vk {
	case vkPause:
		k.scan = 0x45
	case 0x2c: // Print
		k.scan = 0x37
	}
	return k
}

// keyOfCode returns the key with a scan code.
func keyOfCode(code uint32, layout uintptr) (k injectedKey, ok bool) {
	if code == 0 || code > 0xff {
		return k, false
	}
	if code == screen.XTExtended|0x46 {
		return keyOfVk(vkPause, layout), true
	}
	k = injectedKey{scan: uint16(code &^ screen.XTExtended), extended: code&screen.XTExtended != 0}
	at := uintptr(k.scan)
	if k.extended {
		at |= 0xe000
	}
	k.vk = uint16(call(procMapVirtualKeyEx, at, scanToVkEx, layout))
	return k, true
}

// layoutNow returns the keyboard layout of the foreground window, which receives the keys.
func layoutNow() uintptr {
	thread, _ := windows.GetWindowThreadProcessId(windows.GetForegroundWindow(), nil)
	return call(procGetKeyboardLayout, uintptr(thread))
}

// Modifiers as in VkKeyScanEx, and two more.
const (
	needShift = 1
	needCtrl  = 2
	needAlt   = 4
	needAltGr = needCtrl | needAlt
)

// charKey returns the key of a character in a layout. dead: it waits for another key.
func charKey(r rune, layout uintptr) (k injectedKey, need uint16, dead, ok bool) {
	if r > 0xffff {
		return k, 0, false, false
	}
	found := uint16(call(procVkKeyScanEx, uintptr(r), layout))
	need = found >> 8
	if found == 0xffff || need > needShift|needAltGr || need&needAltGr == needCtrl || need&needAltGr == needAlt {
		return k, 0, false, false
	}
	k = keyOfVk(found&0xff, layout)
	return k, need, isDead(k, need, layout), true
}

// isDead determines what a key produces in the layout without changing the layout's state.
func isDead(k injectedKey, need uint16, layout uintptr) bool {
	var state [256]byte
	for _, m := range []struct{ bit, vk uint16 }{{needShift, vkShift}, {needCtrl, vkControl}, {needAlt, vkMenu}} {
		if need&m.bit != 0 {
			state[m.vk] = 0x80
		}
	}
	const keepState = 4
	var text [8]uint16
	n := call(procToUnicodeEx, uintptr(k.vk), uintptr(k.scan), uintptr(unsafe.Pointer(&state[0])), uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)), keepState, layout)
	return int32(n) < 0
}

// deadSyms are the dead keys: the character of each in layouts that have it, and what it makes of
// letters in layouts without it.
var deadSyms = map[uint32]struct {
	alone rune
	makes string
}{
	keysym.DeadGrave:      {'`', "aàeèiìoòuùAÀEÈIÌOÒUÙ"},
	keysym.DeadAcute:      {'´', "aáeéiíoóuúyýAÁEÉIÍOÓUÚYÝcćnńsśzźCĆNŃSŚZŹ"},
	keysym.DeadCircumflex: {'^', "aâeêiîoôuûAÂEÊIÎOÔUÛ"},
	keysym.DeadTilde:      {'~', "aãnñoõAÃNÑOÕ"},
	keysym.DeadDiaeresis:  {'¨', "aäeëiïoöuüyÿAÄEËIÏOÖUÜ"},
	keysym.DeadAboveRing:  {'°', "aåuůAÅUŮ"},
	keysym.DeadCaron:      {'ˇ', "cčsšzžrřeěnňCČSŠZŽRŘEĚNŇ"},
	keysym.DeadCedilla:    {'¸', "cçsşCÇSŞ"},
}

// compose returns what a dead key and a letter produce together.
func compose(dead uint32, r rune) string {
	d := deadSyms[dead]
	letters := []rune(d.makes)
	for i := 0; i+1 < len(letters); i += 2 {
		if letters[i] == r {
			return string(letters[i+1])
		}
	}
	if r == ' ' {
		return string(d.alone)
	}
	return string(d.alone) + string(r)
}

// flipsWithCaps reports whether CapsLock changes the character.
func flipsWithCaps(r rune) bool {
	return unicode.IsLetter(r) && strings.ToUpper(string(r)) != strings.ToLower(string(r))
}
