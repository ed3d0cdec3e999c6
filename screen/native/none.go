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

func check(screen.Options, uint32) (f screen.Findings) {
	f.Fail("display", "Share from the browser: open the gateway's page.", "there is no program for %s yet", runtime.GOOS)
	return f
}

func watchdogMain() bool { return false }

const onlyOne = false

func claim(screen.Options, []string) (raise <-chan struct{}, release func(), first screen.Running) {
	return nil, func() {}, nil
}

func raiseWindows(int) {}
