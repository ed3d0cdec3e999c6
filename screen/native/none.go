//go:build !portable && !linux && !windows

package native

import (
	"fmt"
	"runtime"

	"lotse/screen"
)

func open(screen.Options) (*screen.Desktop, error) {
	return nil, fmt.Errorf("native: no capture for %s in this build: build with -tags portable, or run on Linux with X11", runtime.GOOS)
}

func watchdogMain() bool { return false }

func raiseWindows(int) {}
