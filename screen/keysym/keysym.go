// Package keysym contains the X11 keysyms with which RFB names keys (RFC 6143, section 7.5.4; X
// Window System Protocol, appendix A, and keysymdef.h). It maps the different names of one
// character to one, and determines which keys may be pressed while less than the whole desktop is
// shared. It does not depend on an operating system.
package keysym

// Keysyms of X11/keysymdef.h.
const (
	BackSpace   = 0xff08
	Tab         = 0xff09
	Linefeed    = 0xff0a
	Clear       = 0xff0b
	Return      = 0xff0d
	Pause       = 0xff13
	ScrollLock  = 0xff14
	SysReq      = 0xff15
	Escape      = 0xff1b
	MultiKey    = 0xff20 // Compose
	Kanji       = 0xff21
	Muhenkan    = 0xff22
	Henkan      = 0xff23
	Hiragana    = 0xff27 // Hiragana_Katakana
	Hangul      = 0xff31
	HangulHanja = 0xff34
	Home        = 0xff50
	Left        = 0xff51
	Up          = 0xff52
	Right       = 0xff53
	Down        = 0xff54
	Prior       = 0xff55 // Page Up
	Next        = 0xff56 // Page Down
	End         = 0xff57
	Begin       = 0xff58
	Select      = 0xff60
	Print       = 0xff61
	Insert      = 0xff63
	Menu        = 0xff67
	Help        = 0xff6a
	Break       = 0xff6b
	ModeSwitch  = 0xff7e
	NumLock     = 0xff7f
	Delete      = 0xffff

	KPSpace     = 0xff80
	KPTab       = 0xff89
	KPEnter     = 0xff8d
	KPHome      = 0xff95
	KPLeft      = 0xff96
	KPUp        = 0xff97
	KPRight     = 0xff98
	KPDown      = 0xff99
	KPPrior     = 0xff9a
	KPNext      = 0xff9b
	KPEnd       = 0xff9c
	KPBegin     = 0xff9d
	KPInsert    = 0xff9e
	KPDelete    = 0xff9f
	KPMultiply  = 0xffaa
	KPAdd       = 0xffab
	KPSeparator = 0xffac
	KPSubtract  = 0xffad
	KPDecimal   = 0xffae
	KPDivide    = 0xffaf
	KP0         = 0xffb0
	KP9         = 0xffb9
	KPFirst     = KPMultiply
	KPLast      = KP9
	KPEqual     = 0xffbd

	F1  = 0xffbe
	F4  = 0xffc1
	F12 = 0xffc9
	F24 = 0xffd5

	ShiftL    = 0xffe1
	ShiftR    = 0xffe2
	ControlL  = 0xffe3
	ControlR  = 0xffe4
	CapsLock  = 0xffe5
	ShiftLock = 0xffe6
	MetaL     = 0xffe7
	MetaR     = 0xffe8
	AltL      = 0xffe9
	AltR      = 0xffea
	SuperL    = 0xffeb
	SuperR    = 0xffec
	HyperL    = 0xffed
	HyperR    = 0xffee

	ISOFirst       = 0xfe01 // ISO_Lock
	ISOLevel3      = 0xfe03 // AltGr
	ISOLevel5      = 0xfe11
	ISOLast        = 0xfe13 // ISO_Level5_Lock
	ISOLeftTab     = 0xfe20 // Shift and Tab
	EuroSign       = 0x20ac
	DeadGrave      = 0xfe50
	DeadAcute      = 0xfe51
	DeadCircumflex = 0xfe52
	DeadTilde      = 0xfe53
	DeadDiaeresis  = 0xfe57
	DeadAboveRing  = 0xfe58
	DeadCaron      = 0xfe5a
	DeadCedilla    = 0xfe5b
	DeadFirst      = DeadGrave
	DeadLast       = 0xfe93

	// Unicode is added to a character to name it directly.
	Unicode = 0x01000000
)

// Canonical maps all keysyms of one character to one value, Unicode plus the character. It returns
// other keysyms unchanged.
func Canonical(sym uint32) uint32 {
	switch {
	case sym >= 0x20 && sym <= 0x7e, sym >= 0xa0 && sym <= 0xff:
		return Unicode + sym
	case sym >= Unicode:
		return sym
	}
	if r, ok := legacy[sym]; ok {
		return Unicode + uint32(r)
	}
	return sym
}

// Rune returns the character that a keysym names; ok is false for keys without a character.
func Rune(sym uint32) (r rune, ok bool) {
	if c := Canonical(sym); c >= Unicode && c <= Unicode+0x10ffff {
		return rune(c - Unicode), true
	}
	return 0, false
}

// IsModifier reports whether the keysym changes the meaning of other keys.
func IsModifier(sym uint32) bool {
	return sym >= ShiftL && sym <= HyperR || sym == NumLock || sym == ModeSwitch ||
		sym >= ISOFirst && sym <= ISOLast
}
