//go:build linux

package x11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"lotse/screen/keysym"
)

// The X Keyboard Extension: Protocol Specification, appendix D. Requests.
const (
	xkbMinorUseExtension = 0
	xkbMinorSelectEvents = 1
	xkbMinorGetState     = 4
	xkbMinorGetMap       = 8
)

const (
	xkbUseCoreKbd = 0x100

	xkbNewKeyboardNotify = 0 // event types, and bits of a selection
	xkbMapNotify         = 1

	xkbKeyTypes    = 1 << 0 // parts of a map
	xkbKeySyms     = 1 << 1
	xkbModifierMap = 1 << 2
)

// Modifiers of the core protocol that have the same meaning everywhere.
const (
	modShift   = 1 << 0
	modLock    = 1 << 1
	modControl = 1 << 2
)

// Bits of a key's groupInfo.
const (
	groupCount    = 0x0f
	groupClamp    = 0x40
	groupRedirect = 0x80
)

// keyType maps modifiers to the levels of a key.
type keyType struct {
	mask   byte // the modifiers that it depends on
	levels []keyLevel
}

type keyLevel struct {
	mods, preserve byte
	level          int
}

// level returns the level for the modifiers, and which of them were consumed.
func (t *keyType) level(mods byte) (level int, consumed byte) {
	for _, l := range t.levels {
		if l.mods == mods&t.mask {
			return l.level, t.mask &^ l.preserve
		}
	}
	return 0, t.mask
}

// keySyms is one key of the map.
type keySyms struct {
	types [4]byte
	info  byte
	width int
	syms  []uint32 // groups of width
}

// group returns the group of the key for the keyboard's effective group; -1: none.
func (k *keySyms) group(effective int) int {
	n := int(k.info & groupCount)
	switch {
	case n == 0:
		return -1
	case effective < n:
		return effective
	case k.info&groupRedirect != 0:
		if g := int(k.info >> 4 & 3); g < n {
			return g
		}
		return 0
	case k.info&groupClamp != 0:
		return n - 1
	}
	return effective % n
}

// sym returns the keysym at a level of a group; 0 if there is none.
func (k *keySyms) sym(group, level int) uint32 {
	if i := group*k.width + level; group >= 0 && level < k.width && i < len(k.syms) {
		return k.syms[i]
	}
	return 0
}

// empty reports whether the key has no keysym.
func (k *keySyms) empty() bool {
	return !slices.ContainsFunc(k.syms, func(s uint32) bool { return s != 0 })
}

// keyMap is the keyboard map.
type keyMap struct {
	first, last int // keycodes
	types       []keyType
	keys        [256]keySyms
	mods        [256]byte         // modifiers a key sets
	on          map[uint32][]byte // keycodes by canonical keysym
	level3      byte              // the modifier that ISO_Level3_Shift sets, 0: none
	level5      byte
	numLock     byte
	scrollLock  byte
	alt         byte // the modifiers that Alt and Meta set
}

var errShortMap = errors.New("x11: short keyboard map")

// parseKeyMap parses the reply to GetMap for types, symbols and modifier map.
func parseKeyMap(b []byte) (*keyMap, error) {
	const head = 40
	if len(b) < head {
		return nil, errShortMap
	}
	m := &keyMap{first: int(b[10]), last: int(b[11]), on: map[uint32][]byte{}}
	nTypes, firstSym, nSyms, nMods := int(b[15]), int(b[17]), int(b[20]), int(b[33])
	if m.first < 8 || m.last < m.first || firstSym+nSyms > 256 {
		return nil, fmt.Errorf("x11: keyboard map of keys %d to %d", firstSym, firstSym+nSyms)
	}
	b = b[head:]
	var err error
	for range nTypes {
		var t keyType
		if t, b, err = parseKeyType(b); err != nil {
			return nil, err
		}
		m.types = append(m.types, t)
	}
	for kc := firstSym; kc < firstSym+nSyms; kc++ {
		if len(b) < 8 {
			return nil, errShortMap
		}
		k := &m.keys[kc]
		k.types, k.info, k.width = [4]byte(b), b[4], int(b[5])
		n := int(binary.LittleEndian.Uint16(b[6:]))
		b = b[8:]
		if len(b) < 4*n {
			return nil, errShortMap
		}
		k.syms = make([]uint32, n)
		for i := range k.syms {
			k.syms[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		b = b[4*n:]
	}
	for range nMods {
		if len(b) < 2 {
			return nil, errShortMap
		}
		m.mods[b[0]] = b[1]
		b = b[2:]
	}
	m.index()
	return m, nil
}

func parseKeyType(b []byte) (t keyType, rest []byte, err error) {
	if len(b) < 8 {
		return t, nil, errShortMap
	}
	t.mask = b[0]
	n, preserves := int(b[5]), b[6] != 0
	b = b[8:]
	if len(b) < 8*n {
		return t, nil, errShortMap
	}
	active := make([]bool, n)
	for i := range n {
		// active, mask of all modifiers, level, real and virtual ones.
		e := b[8*i:]
		active[i] = e[0] != 0
		t.levels = append(t.levels, keyLevel{mods: e[1], level: int(e[2])})
	}
	b = b[8*n:]
	if preserves {
		if len(b) < 4*n {
			return t, nil, errShortMap
		}
		for i := range n {
			t.levels[i].preserve = b[4*i]
		}
		b = b[4*n:]
	}
	i := -1
	t.levels = slices.DeleteFunc(t.levels, func(keyLevel) bool { i++; return !active[i] })
	return t, b, nil
}

// index fills in the fields that are derived from the map.
func (m *keyMap) index() {
	for kc := m.first; kc <= m.last; kc++ {
		for _, s := range m.keys[kc].syms {
			if s == 0 {
				continue
			}
			c := keysym.Canonical(s)
			if l := m.on[c]; len(l) == 0 || l[len(l)-1] != byte(kc) {
				m.on[c] = append(l, byte(kc))
			}
			switch s {
			case keysym.AltL, keysym.AltR, keysym.MetaL, keysym.MetaR:
				m.alt |= m.mods[kc]
			}
			for sym, mask := range map[uint32]*byte{
				keysym.ISOLevel3: &m.level3, keysym.ISOLevel5: &m.level5, keysym.NumLock: &m.numLock, keysym.ScrollLock: &m.scrollLock,
			} {
				if s == sym && *mask == 0 {
					*mask = m.mods[kc]
				}
			}
		}
	}
}

// modsOf returns the modifiers that a key sets while it is down.
func (m *keyMap) modsOf(kc byte) byte {
	mods := m.mods[kc]
	switch m.keys[kc].sym(0, 0) {
	case keysym.ISOLevel3: // often set through a virtual modifier, which is not in the map
		mods |= m.level3
	case keysym.ISOLevel5:
		mods |= m.level5
	}
	return mods
}

// symAt returns the keysym that a key produces in a state.
func (m *keyMap) symAt(kc byte, group int, mods byte) (sym uint32, consumed byte) {
	k := &m.keys[kc]
	g := k.group(group)
	if g < 0 || int(k.types[g&3]) >= len(m.types) {
		return 0, 0
	}
	level, consumed := m.types[k.types[g&3]].level(mods)
	return k.sym(g, level), consumed
}

// stroke is a way to type a keysym.
type stroke struct {
	keycode  byte
	add, sub byte // modifiers to change for it
}

// find returns how to type sym in the given state. held are the modifiers that can be released.
func (m *keyMap) find(sym uint32, st xkbState, held byte) (stroke, bool) {
	want := keysym.Canonical(sym)
	if !hasLevel(sym) {
		for _, kc := range m.on[want] {
			k := &m.keys[kc]
			if k.sym(k.group(st.group), 0) == sym {
				return stroke{keycode: kc}, true
			}
		}
	}
	if !keysym.IsModifier(sym) {
		if s, ok := m.findLevel(want, st, held); ok {
			return s, true
		}
	}
	if !hasLevel(sym) {
		if l := m.on[want]; len(l) > 0 {
			return stroke{keycode: l[0]}, true
		}
	}
	return stroke{}, false
}

// findLevel searches for the smallest change of Shift and the level shifts with which a key
// produces the keysym.
func (m *keyMap) findLevel(want uint32, st xkbState, held byte) (best stroke, ok bool) {
	control := byte(modShift)
	if len(m.on[keysym.ISOLevel3]) > 0 {
		control |= m.level3
	}
	if len(m.on[keysym.ISOLevel5]) > 0 {
		control |= m.level5
	}
	cost := 1 << 10
	for _, kc := range m.on[want] {
		// All subsets of control.
		for sub := control; ; sub = (sub - 1) & control {
			mods := st.mods&^control | sub
			got, consumed := m.symAt(kc, st.group, mods)
			if keysym.Canonical(got) == want && !capitalised(got, mods&^consumed) {
				s := stroke{keycode: kc, add: sub &^ st.mods, sub: st.mods & control &^ sub}
				c := bits.OnesCount8(s.add) + bits.OnesCount8(s.sub) + 8*bits.OnesCount8(s.sub&^held)
				if c < cost {
					best, ok, cost = s, true, c
				}
			}
			if sub == 0 {
				break
			}
		}
	}
	return best, ok
}

// capitalised reports whether programs would capitalise the keysym because Caps Lock is on and the
// key's type did not consume it.
func capitalised(sym uint32, left byte) bool {
	if left&modLock == 0 {
		return false
	}
	c := keysym.Canonical(sym)
	return c >= keysym.Unicode && isLower(rune(c-keysym.Unicode))
}

// freeKeys returns the keycodes without keysyms, from the last.
func (m *keyMap) freeKeys() []byte {
	var free []byte
	for kc := m.last; kc >= m.first; kc-- {
		if m.keys[kc].empty() && m.mods[kc] == 0 {
			free = append(free, byte(kc))
		}
	}
	return free
}

// xkbState is the keyboard's state: modifiers and group in effect.
type xkbState struct {
	mods  byte
	group int
}

// xkbLink is a connection with XKB.
type xkbLink struct {
	*link
	major, event byte
}

// openXKB starts the extension and selects events about map changes.
func openXKB(l *link) (*xkbLink, error) {
	ext, ok, err := l.extension("XKEYBOARD")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("x11: display %s: the X server has no XKEYBOARD extension, without which keys cannot be typed", l.display)
	}
	r, err := l.ask([]byte{ext.major, xkbMinorUseExtension, 0, 0, 1, 0, 0, 0}, xHead)
	if err != nil {
		return nil, err
	}
	if r[1] == 0 {
		return nil, fmt.Errorf("x11: display %s: the X server refuses version 1.0 of XKEYBOARD", l.display)
	}
	x := &xkbLink{link: l, major: ext.major, event: ext.firstEvent}
	const which = 1<<xkbNewKeyboardNotify | 1<<xkbMapNotify
	b := []byte{x.major, xkbMinorSelectEvents, 0, 0}
	for _, v := range []uint16{xkbUseCoreKbd, which, 0, which, 0xff, 0xff} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return x, l.explain(l.request(b, false).Check())
}

// isMapEvent reports whether ev is a change of the keyboard map.
func isMapEvent(ev []byte, xkbEvent byte) bool {
	const mappingNotify = 34 // of the core protocol
	kind := ev[0] &^ xSentFlag
	return kind == mappingNotify || xkbEvent != 0 && kind == xkbEvent && ev[1] <= xkbMapNotify
}

// state requests the keyboard's state.
func (x *xkbLink) state() (st xkbState, err error) {
	b := []byte{x.major, xkbMinorGetState, 0, 0}
	b = binary.LittleEndian.AppendUint16(b, xkbUseCoreKbd)
	r, err := x.ask(b, xHead)
	if err != nil {
		return st, err
	}
	return xkbState{mods: r[8], group: int(r[12])}, nil
}

// keyMap requests the keyboard map.
func (x *xkbLink) keyMap() (*keyMap, error) {
	b := make([]byte, 28)
	b[0], b[1] = x.major, xkbMinorGetMap
	binary.LittleEndian.PutUint16(b[4:], xkbUseCoreKbd)
	binary.LittleEndian.PutUint16(b[6:], xkbKeyTypes|xkbKeySyms|xkbModifierMap)
	r, err := x.ask(b, 40)
	if err != nil {
		return nil, err
	}
	return parseKeyMap(r)
}
