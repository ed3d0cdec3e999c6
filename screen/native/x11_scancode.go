//go:build linux

package native

// Linux numbers keys (input-event-codes.h) like PC XT scan codes without prefix up
// to F12, and an X server on Linux adds 8.
const (
	evdevOffset = 8
	evdevPlain  = 0x58 // F12
)

// evdevOf maps scan codes to Linux key numbers where they differ.
var evdevOf = map[uint32]uint32{
	0x54: 99,                                   // SysRq, as Alt+Print sends it
	0x59: 117, 0x5b: 183, 0x5c: 184, 0x5d: 185, // KP_Equal, F13 to F15
	0x70: 93, 0x73: 89, 0x79: 92, 0x7b: 94, 0x7d: 124, 0x7e: 121, // Japanese, Brazilian keys

	xtPrefixed | 0x10: 165, // previous track
	xtPrefixed | 0x19: 163, // next track
	xtPrefixed | 0x1c: 96,  // KP_Enter
	xtPrefixed | 0x1d: 97,  // right Control
	xtPrefixed | 0x20: 113, // mute
	xtPrefixed | 0x21: 140, // calculator
	xtPrefixed | 0x22: 164, // play, pause
	xtPrefixed | 0x24: 166, // stop
	xtPrefixed | 0x2e: 114, // volume down
	xtPrefixed | 0x30: 115, // volume up
	xtPrefixed | 0x32: 172, // home page
	xtPrefixed | 0x35: 98,  // KP_Divide
	xtPrefixed | 0x37: 99,  // Print
	xtPrefixed | 0x38: 100, // right Alt
	xtPrefixed | 0x46: 119, // Pause
	xtPrefixed | 0x47: 102, // Home
	xtPrefixed | 0x48: 103, // Up
	xtPrefixed | 0x49: 104, // Prior
	xtPrefixed | 0x4b: 105, // Left
	xtPrefixed | 0x4d: 106, // Right
	xtPrefixed | 0x4f: 107, // End
	xtPrefixed | 0x50: 108, // Down
	xtPrefixed | 0x51: 109, // Next
	xtPrefixed | 0x52: 110, // Insert
	xtPrefixed | 0x53: 111, // Delete
	xtPrefixed | 0x5b: 125, // left Super
	xtPrefixed | 0x5c: 126, // right Super
	xtPrefixed | 0x5d: 127, // Menu
	xtPrefixed | 0x5e: 116, // power
	xtPrefixed | 0x5f: 142, // sleep
	xtPrefixed | 0x63: 143, // wake up
	xtPrefixed | 0x65: 217, // search
	xtPrefixed | 0x6a: 158, // back
	xtPrefixed | 0x69: 159, // forward
	xtPrefixed | 0x6c: 155, // mail
}

// keycodeOf returns the X keycode of a scan code, 0 when it is unknown.
func keycodeOf(code uint32) byte {
	if n, ok := evdevOf[code]; ok {
		return byte(n + evdevOffset)
	}
	if code == 0 || code > evdevPlain || code == 0x55 {
		return 0
	}
	return byte(code + evdevOffset)
}
