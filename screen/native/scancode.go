//go:build linux || windows

package native

// xtPrefixed marks a scan code with the prefix E0. QEMU's extended key event
// carries PC XT scan codes and sets bit 7 for those with the prefix.
const xtPrefixed = 0x80
