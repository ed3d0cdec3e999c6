//go:build linux

package x11

import "slices"

// heldKey is a key that is down, and the keysym it was pressed for.
type heldKey struct {
	sym     uint32 // canonical; 0 for a key pressed by its scan code
	keycode byte
}

// heldKeys are the keys that are down, in the order of pressing.
type heldKeys []heldKey

// ofSym returns the index of the key that was pressed for a canonical keysym; -1: none.
func (h heldKeys) ofSym(sym uint32) int {
	return slices.IndexFunc(h, func(k heldKey) bool { return k.sym == sym })
}

// ofCode returns the index of a key by its keycode; -1: it is not down.
func (h heldKeys) ofCode(kc byte) int {
	return slices.IndexFunc(h, func(k heldKey) bool { return k.keycode == kc })
}
