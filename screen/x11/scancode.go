//go:build linux

package x11

import "lotse/screen"

// Linux numbers keys (input-event-codes.h) like PC XT scan codes without prefix up to F12, and an X
// server on Linux adds 8.
const (
	evdevOffset = 8
	evdevPlain  = 0x58 // F12
)

// evdevOf maps scan codes to Linux key numbers if they differ.
var evdevOf = map[uint32]uint32{
	0x54: 99,                                   // SysRq, as sent by Alt+Print
	0x59: 117, 0x5b: 183, 0x5c: 184, 0x5d: 185, // KP_Equal, F13 to F15
	0x70: 93, 0x73: 89, 0x79: 92, 0x7b: 94, 0x7d: 124, 0x7e: 121, // Japanese, Brazilian keys

	screen.XTExtended | 0x10: 165, // previous track
	screen.XTExtended | 0x19: 163, // next track
	screen.XTExtended | 0x1c: 96,  // KP_Enter
	screen.XTExtended | 0x1d: 97,  // right Control
	screen.XTExtended | 0x20: 113, // mute
	screen.XTExtended | 0x21: 140, // calculator
	screen.XTExtended | 0x22: 164, // play, pause
	screen.XTExtended | 0x24: 166, // stop
	screen.XTExtended | 0x2e: 114, // volume down
	screen.XTExtended | 0x30: 115, // volume up
	screen.XTExtended | 0x32: 172, // home page
	screen.XTExtended | 0x35: 98,  // KP_Divide
	screen.XTExtended | 0x37: 99,  // Print
	screen.XTExtended | 0x38: 100, // right Alt
	screen.XTExtended | 0x46: 119, // Pause
	screen.XTExtended | 0x47: 102, // Home
	screen.XTExtended | 0x48: 103, // Up
	screen.XTExtended | 0x49: 104, // Prior
	screen.XTExtended | 0x4b: 105, // Left
	screen.XTExtended | 0x4d: 106, // Right
	screen.XTExtended | 0x4f: 107, // End
	screen.XTExtended | 0x50: 108, // Down
	screen.XTExtended | 0x51: 109, // Next
	screen.XTExtended | 0x52: 110, // Insert
	screen.XTExtended | 0x53: 111, // Delete
	screen.XTExtended | 0x5b: 125, // left Super
	screen.XTExtended | 0x5c: 126, // right Super
	screen.XTExtended | 0x5d: 127, // Menu
	screen.XTExtended | 0x5e: 116, // power
	screen.XTExtended | 0x5f: 142, // sleep
	screen.XTExtended | 0x63: 143, // wake up
	screen.XTExtended | 0x65: 217, // search
	screen.XTExtended | 0x6a: 158, // back
	screen.XTExtended | 0x69: 159, // forward
	screen.XTExtended | 0x6c: 155, // mail
}

// keycodeOf returns the X keycode of a scan code; 0 if it is unknown.
func keycodeOf(code uint32) byte {
	if n, ok := evdevOf[code]; ok {
		return byte(n + evdevOffset)
	}
	if code == 0 || code > evdevPlain || code == 0x55 {
		return 0
	}
	return byte(code + evdevOffset)
}
