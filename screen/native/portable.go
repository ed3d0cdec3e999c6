//go:build portable && !linux && !windows

package native

import (
	"lotse/screen"
	"lotse/screen/portable"
)

func open(o screen.Options) (*screen.Desktop, error) { return portable.Open(o) }

func check(o screen.Options, _ uint32) (f screen.Findings) {
	d, err := portable.Open(o)
	if err != nil {
		f.Fail("display", "Start it as the user who is logged in.", "%s", err)
		return f
	}
	defer d.Close()
	size, monitors, _, err := screen.Captured(d.Screen)
	if err != nil {
		f.Fail("capture", "Without it nothing can be shown.", "%s", err)
		return f
	}
	f.Warn("capture", "This build uses libraries for any system: the whole screen only, and no hot key.",
		"%d x %d, monitors: %d", size.X, size.Y, monitors)
	return f
}

// No watchdog: a killed process leaves what it pressed.
func watchdogMain() bool { return false }

const onlyOne = false

func claim(screen.Options, []string) (raise <-chan struct{}, release func(), first screen.Running) {
	return nil, func() {}, nil
}

func raiseWindows(int) {}
