// Package native opens the display of the operating system that this program runs on. It uses
// screen/x11 on Linux, screen/windows on Windows, and elsewhere screen/portable in builds with the
// tag "portable".
package native

import "lotse/screen"

// Open opens the display. The error says what failed, where, and what to do.
func Open(o screen.Options) (*screen.Desktop, error) { return open(o) }

// Check looks for what can be done on the display of this computer, part by part. hotkey is
// the keysym of the key that takes control back. It does not type, click, show a window or
// change the clipboard.
func Check(o screen.Options, hotkey uint32) screen.Findings { return check(o, hotkey) }

// OnlyOne means that only one program can run on a display at a time, and later ones must end.
const OnlyOne = onlyOne

// Claim makes this program the one on the display that later starts ask for its panel, until
// release is called; then raise receives a value. wishes say what the program was started for. If
// another program is that one, first is not nil, and the caller must close it. Where the system
// has no such thing, raise and first are nil.
func Claim(o screen.Options, wishes []string) (raise <-chan struct{}, release func(), first screen.Running) {
	return claim(o, wishes)
}

// WatchdogMain makes this process the watchdog of another one's input if that is what it
// was started for, and reports whether it was; see watchdog.Main.
func WatchdogMain() bool { return watchdogMain() }

// RaiseWindows brings the windows of a process to the front, on systems where a program must
// request that.
func RaiseWindows(pid int) { raiseWindows(pid) }
