package keysym

import "unicode"

// Mods is the set of modifiers in effect while a key is pressed.
type Mods uint8

// The modifiers. Others is any modifier without a usual meaning for a program, such as Super and
// Hyper, or one that could not be identified.
const (
	Shift Mods = 1 << iota
	Control
	Alt
	Level3 // AltGr
	Others
)

// StaysInside reports whether a key press can be meant for the window with the focus. It is an
// allow-list for shares of less than the whole desktop: text, moving the cursor, editing, a
// program's own function keys and shortcuts. Everything else belongs to the desktop: task
// switchers, run dialogs, start menus, workspaces, consoles, screenshots, multimedia keys, layout
// switches.
//
// sym is the keysym that the customer's own keyboard layout gives for the key in this state, not
// the name that the viewer sent. mods are all modifiers in effect, no matter which device or
// program holds them. The caller must also make sure that the focus is inside the share and that no
// other program has grabbed the key.
func StaysInside(sym uint32, mods Mods) bool {
	if mods&Others != 0 {
		return false
	}
	command := mods & (Control | Alt)
	if r, ok := Rune(sym); ok {
		return textStays(r, command)
	}
	switch {
	case sym == ShiftL, sym == ShiftR, sym == ControlL, sym == ControlR, sym == AltL, sym == AltR, sym == MetaL, sym == MetaR,
		sym == ISOLevel3, sym == ISOLevel5, sym == ModeSwitch:
		return true
	case sym == CapsLock, sym == ShiftLock, sym == NumLock, sym == Menu, sym == MultiKey, sym >= DeadFirst && sym <= DeadLast:
		return command == 0
	case sym >= F1 && sym <= F24:
		return command == 0 || sym == F4 && command != Control|Alt // closes the window or the tab
	case sym == Escape:
		return command == 0
	case sym == Tab, sym == ISOLeftTab, sym == KPTab, sym == Insert, sym == Delete:
		return command&Alt == 0
	case sym == BackSpace, sym == Return, sym == KPEnter, sym >= Home && sym <= Begin:
		return command != Control|Alt
	case sym == KPSpace:
		return command == 0
	case sym >= KPHome && sym <= KPDelete, sym >= KPFirst && sym <= KPEqual:
		return command&Alt == 0
	}
	return false
}

// textStays is StaysInside for characters. Some viewers send AltGr as Control and Alt together.
// AltGr types symbols, so symbols are allowed with both, while letters and digits with both are
// shortcuts of the desktop.
func textStays(r rune, command Mods) bool {
	if !unicode.IsGraphic(r) {
		return false
	}
	switch command {
	case 0:
		return true
	case Control | Alt:
		return !unicode.IsSpace(r) && !(r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)))
	}
	return !unicode.IsSpace(r)
}
