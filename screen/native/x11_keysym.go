//go:build linux

package native

// hasLevel reports whether the keysym is meant as it is, so that modifiers may
// be changed to produce it: characters, dead keys, the number pad's digits.
// The others are keys whose modifiers are part of the message: Shift+Tab.
func hasLevel(sym uint32) bool {
	return canonical(sym) >= symUnicode || sym >= symDeadFirst && sym <= symDeadLast ||
		sym >= symKPFirst && sym <= symKPLast
}

// similar is the keysym to use when sym is on no key; 0: none.
func similar(sym uint32) uint32 {
	// The number pad's KP_Home to KP_Delete, in order.
	pad := [...]uint32{0xff50, 0xff51, 0xff52, 0xff53, 0xff54, 0xff55, 0xff56, 0xff57, 0xff58, 0xff63, 0xffff}
	switch {
	case sym >= symKPHome && sym <= symKPDel:
		return pad[sym-symKPHome]
	case sym == symMetaL:
		return symAltL
	case sym == symAltR, sym == symMetaR:
		return symAltL
	case sym == symShiftR:
		return symShiftL
	case sym == symSuperR:
		return symSuperL
	case sym == symModeSwitch:
		return symISOLevel3
	case sym == symISOLevel3:
		return symModeSwitch
	}
	return 0
}
