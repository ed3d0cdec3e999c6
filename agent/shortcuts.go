package agent

import "lotse/screen"

// modifiers are those that a viewer holds down.
type modifiers uint8

const (
	modAlt modifiers = 1 << iota
	modControl
	modSuper
)

// X11 keysyms, X11/keysymdef.h.
const (
	symTab, symEscape, symSpace, symPrint = 0xff09, 0xff1b, 0x20, 0xff61
	symF1, symF2, symF3, symF12           = 0xffbe, 0xffbf, 0xffc0, 0xffc9
	symControlL, symControlR              = 0xffe3, 0xffe4
	symMetaL, symMetaR                    = 0xffe7, 0xffe8
	symAltL, symAltR                      = 0xffe9, 0xffea
	symSuperL, symSuperR                  = 0xffeb, 0xffec
	symHyperL, symHyperR, symMenu         = 0xffed, 0xffee, 0xff67
	symISOLeftTab                         = 0xfe20
	symXF86First, symXF86Last             = 0x1008ff01, 0x1008ffff
)

// XT scan codes as in the QEMU extended key event, for keys without a keysym.
const (
	codeLeftSuper, codeRightSuper = 0xdb, 0xdc
)

func modifierOf(k screen.Key) modifiers {
	switch k.Sym {
	case symAltL, symAltR, symMetaL, symMetaR:
		return modAlt
	case symControlL, symControlR:
		return modControl
	case symSuperL, symSuperR, symHyperL, symHyperR:
		return modSuper
	}
	if k.Code == codeLeftSuper || k.Code == codeRightSuper {
		return modSuper
	}
	return 0
}

// note follows what is held.
func (m *modifiers) note(k screen.Key) {
	if k.Down {
		*m |= modifierOf(k)
	} else {
		*m &^= modifierOf(k)
	}
}

// leaves reports whether the press of k belongs to the desktop, not to the
// programs that are shared: task switcher, run dialog, start menu, other work
// spaces and consoles, screenshots, the keys of multimedia keyboards.
func (m modifiers) leaves(k screen.Key) bool {
	mod := modifierOf(k)
	function := k.Sym >= symF1 && k.Sym <= symF12
	switch {
	case mod == modSuper || m&modSuper != 0:
		return true
	case k.Sym == symPrint || k.Sym >= symXF86First && k.Sym <= symXF86Last:
		return true
	case m&modAlt != 0 && m&modControl != 0 && mod == 0:
		return !isAltGrText(k.Sym)
	case m&modAlt != 0:
		switch k.Sym {
		case symTab, symISOLeftTab, symEscape, symSpace:
			return true
		}
		return function && k.Sym != symF1+3 // Alt+F4 closes the program itself
	case m&modControl != 0:
		return k.Sym == symEscape
	}
	return false
}

// isAltGrText: some viewers send AltGr as Control and Alt; what it types is text.
func isAltGrText(sym uint32) bool {
	letter := sym >= 'a' && sym <= 'z' || sym >= 'A' && sym <= 'Z' || sym >= '0' && sym <= '9'
	return sym > ' ' && sym < 0xff00 && !letter
}
