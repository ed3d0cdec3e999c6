//go:build portable && !linux && !windows

package native

import (
	"lotse/screen"
	"lotse/screen/portable"
)

func open(o screen.Options) (*screen.Desktop, error) { return portable.Open(o) }

// There is no watchdog: after a killed process its keys stay down.
func watchdogMain() bool { return false }

func raiseWindows(int) {}
