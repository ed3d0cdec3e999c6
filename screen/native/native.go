// Package native opens the display of the operating system that this program runs on. It uses
// screen/x11 on Linux, screen/windows on Windows, and elsewhere screen/portable in builds with the
// tag "portable".
package native

import "lotse/screen"

// Open opens the display. The error says what failed, where, and what to do.
func Open(o screen.Options) (*screen.Desktop, error) { return open(o) }

// WatchdogMain makes this process the watchdog of another one's input if it was started for that,
// and reports whether it was; see watchdog.Main.
func WatchdogMain() bool { return watchdogMain() }

// RaiseWindows brings the windows of a process to the front, on systems where a program must
// request that.
func RaiseWindows(pid int) { raiseWindows(pid) }
