//go:build portable && !linux && !windows

package native

import (
	"lotse/screen"
	"lotse/screen/portable"
)

func open(o screen.Options) (*screen.Desktop, error) { return portable.Open(o) }

// No watchdog: a killed process leaves what it pressed.
func watchdogMain() bool { return false }

func raiseWindows(int) {}
