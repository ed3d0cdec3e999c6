//go:build linux

package x11

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/jezek/xgb/xproto"

	"lotse/screen/keysym"
	"lotse/screen/watchdog"
)

const (
	// maxLent is the maximum number of keys lent to keysyms without a key.
	maxLent = 64
	// lendGrace is how long a lent key keeps its keysym after the last press, because programs look
	// the keysym up only when they handle the event.
	lendGrace = 500 * time.Millisecond
	// mapTries is how often the map is read for one key if it changes again and again.
	mapTries = 4
)

// keyboard is the server's keyboard map, kept up to date, and the keys lent to keysyms that are not
// in the map. It must not be used concurrently, except for event.
type keyboard struct {
	l        *link
	xkb      *xkbLink
	watchdog *watchdog.Watchdog // records lent keys
	// xkbEvent is xkb.event for the reading goroutine; 0 until it is known.
	xkbEvent atomic.Uint32
	due      atomic.Bool // the map changed
	keys     *keyMap     // nil: not read yet
	lent     []lentKey   // the most recently used last
}

// lentKey is a free keycode with a temporary keysym.
type lentKey struct {
	sym     uint32
	keycode byte
	used    time.Time
}

// open starts XKB on l.
func (k *keyboard) open(l *link, w *watchdog.Watchdog) (err error) {
	k.l, k.watchdog = l, w
	if k.xkb, err = openXKB(l); err != nil {
		return err
	}
	k.xkbEvent.Store(uint32(k.xkb.event))
	k.due.Store(true)
	return nil
}

// event runs on the connection's reading goroutine.
func (k *keyboard) event(ev []byte) {
	if isMapEvent(ev, byte(k.xkbEvent.Load())) {
		k.due.Store(true)
	}
}

// state updates the keyboard map and reads the keyboard's state. The map is the one that the server
// had when it answered with the state: what it reports before that answer has arrived by then.
func (k *keyboard) state() (st xkbState, err error) {
	for range mapTries {
		if err = k.refresh(); err != nil {
			return st, err
		}
		if st, err = k.xkb.state(); err != nil || !k.due.Load() {
			return st, err
		}
	}
	return st, nil
}

// refresh reads the keyboard map if it changed.
func (k *keyboard) refresh() error {
	if !k.due.Swap(false) {
		return nil
	}
	m, err := k.xkb.keyMap()
	if err != nil {
		k.due.Store(true)
		return err
	}
	k.keys = m
	// Another program may have replaced the whole map.
	k.lent = slices.DeleteFunc(k.lent, func(b lentKey) bool {
		return m.keys[b.keycode].sym(0, 0) != b.sym
	})
	return nil
}

// resolve returns how to type sym with the present map, while other keys are down.
func (k *keyboard) resolve(sym uint32, st xkbState, down heldKeys) (stroke, bool) {
	var held byte
	for _, h := range down {
		held |= k.keys.modsOf(h.keycode)
	}
	want := keysym.Canonical(sym)
	i := slices.IndexFunc(k.lent, func(b lentKey) bool { return keysym.Canonical(b.sym) == want })
	if i >= 0 {
		b := k.lent[i]
		b.used = time.Now()
		k.lent = append(slices.Delete(k.lent, i, i+1), b)
		return stroke{keycode: b.keycode}, true
	}
	s, ok := k.keys.find(sym, st, held)
	if other := similar(sym); !ok && other != 0 {
		s, ok = k.keys.find(other, st, held)
	}
	return s, ok
}

// lend puts sym on a key without keysyms. It may take lendGrace.
func (k *keyboard) lend(sym uint32, down heldKeys) (byte, error) {
	free := k.keys.freeKeys()
	var kc byte
	switch {
	case len(k.lent) < maxLent && len(free) > 0:
		kc = free[0]
	case len(k.lent) > 0:
		i := slices.IndexFunc(k.lent, func(b lentKey) bool { return down.ofCode(b.keycode) < 0 })
		if i < 0 {
			return 0, errors.New("x11: too many keys are down")
		}
		b := k.lent[i]
		k.lent = slices.Delete(k.lent, i, i+1)
		time.Sleep(lendGrace - time.Since(b.used))
		kc = b.keycode
	default:
		return 0, fmt.Errorf("x11: keysym %#x is on no key, and no key is free to lend", sym)
	}
	if err := k.set(kc, sym); err != nil {
		return 0, err
	}
	k.lent = append(k.lent, lentKey{sym, kc, time.Now()})
	return kc, nil
}

// set changes the keysym of a key, here and on the server. The same keysym on both levels makes it
// independent of Shift.
func (k *keyboard) set(kc byte, sym uint32) error {
	if sym != 0 {
		k.watchdog.Tell(watchdog.LentKey, kc, true)
	} else {
		defer k.watchdog.Tell(watchdog.LentKey, kc, false)
	}
	err := xproto.ChangeKeyboardMappingChecked(k.l.Conn, 1, xproto.Keycode(kc), 2,
		[]xproto.Keysym{xproto.Keysym(sym), xproto.Keysym(sym)}).Check()
	if err != nil {
		return k.l.explain(err)
	}
	// The map is correct until the server's notification makes it be read again.
	if k.keys.keys[kc] = (keySyms{}); sym != 0 {
		k.keys.keys[kc] = keySyms{info: 1, width: 1, syms: []uint32{sym}}
	}
	k.due.Store(true)
	return nil
}

// modifierKeys returns the keys to release and to press for a stroke's other modifiers.
func (k *keyboard) modifierKeys(s stroke, down heldKeys) (lifted, added []byte) {
	for _, h := range down {
		if k.keys.modsOf(h.keycode)&s.sub != 0 {
			lifted = append(lifted, h.keycode)
		}
	}
	for _, m := range []struct {
		mask byte
		sym  uint32
	}{
		{modShift, keysym.ShiftL},
		{k.keys.level3, keysym.ISOLevel3},
		{k.keys.level5, keysym.ISOLevel5},
	} {
		if kc := k.modifierKey(m.sym); s.add&m.mask != 0 && kc != 0 {
			added = append(added, kc)
		}
	}
	return lifted, added
}

// modifierKey returns the key to press for a modifier, 0: none.
func (k *keyboard) modifierKey(sym uint32) byte {
	l := k.keys.on[sym]
	for _, kc := range l {
		if k.keys.keys[kc].sym(0, 0) == sym {
			return kc
		}
	}
	if len(l) > 0 {
		return l[0]
	}
	return 0
}

// takeBack removes the keysyms from the lent keys. It may take lendGrace.
func (k *keyboard) takeBack() (err error) {
	if err := k.refresh(); err != nil { // forgets keys that other programs have changed
		return err
	}
	if n := len(k.lent); n > 0 {
		time.Sleep(lendGrace - time.Since(k.lent[n-1].used))
	}
	for _, b := range k.lent {
		err = errors.Join(err, k.set(b.keycode, 0))
	}
	k.lent = nil
	return err
}

func isLower(r rune) bool { return unicode.IsLower(r) && unicode.ToUpper(r) != r }
