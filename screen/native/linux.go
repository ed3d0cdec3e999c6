//go:build linux

package native

import (
	"lotse/screen"
	"lotse/screen/watchdog"
	"lotse/screen/x11"
)

func open(o screen.Options) (*screen.Desktop, error) { return x11.Open(o) }

func check(o screen.Options, hotkey uint32) screen.Findings { return x11.Check(o, hotkey) }

const onlyOne = false

func claim(o screen.Options, wishes []string) (raise <-chan struct{}, release func(), first screen.Running) {
	return x11.Claim(o, wishes)
}

func watchdogMain() bool { return watchdog.Main(x11.Release) }

func raiseWindows(int) {}
