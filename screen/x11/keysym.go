//go:build linux

package x11

import "lotse/screen/keysym"

// hasLevel reports whether only the keysym matters, so that modifiers may be changed to produce it:
// characters, dead keys, the number pad's digits. For other keys the modifiers are part of the
// message, as in Shift+Tab.
func hasLevel(sym uint32) bool {
	return keysym.Canonical(sym) >= keysym.Unicode || sym >= keysym.DeadFirst && sym <= keysym.DeadLast ||
		sym >= keysym.KPFirst && sym <= keysym.KPEqual
}

// similar returns the keysym to use if sym is on no key; 0: none.
func similar(sym uint32) uint32 {
	// The number pad's KP_Home to KP_Delete, in order.
	pad := [...]uint32{keysym.Home, keysym.Left, keysym.Up, keysym.Right, keysym.Down, keysym.Prior, keysym.Next, keysym.End, keysym.Begin, keysym.Insert, keysym.Delete}
	switch {
	case sym >= keysym.KPHome && sym <= keysym.KPDelete:
		return pad[sym-keysym.KPHome]
	case sym == keysym.MetaL:
		return keysym.AltL
	case sym == keysym.AltR, sym == keysym.MetaR:
		return keysym.AltL
	case sym == keysym.ShiftR:
		return keysym.ShiftL
	case sym == keysym.SuperR:
		return keysym.SuperL
	case sym == keysym.ModeSwitch:
		return keysym.ISOLevel3
	case sym == keysym.ISOLevel3:
		return keysym.ModeSwitch
	}
	return 0
}
