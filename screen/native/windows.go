//go:build windows

package native

import (
	"lotse/screen"
	"lotse/screen/watchdog"
	"lotse/screen/windows"
)

func open(o screen.Options) (*screen.Desktop, error) { return windows.Open(o) }

func check(o screen.Options, hotkey uint32) screen.Findings { return windows.Check(o, hotkey) }

const onlyOne = true

func claim(o screen.Options, wishes []string) (raise <-chan struct{}, release func(), first screen.Running) {
	return windows.Claim(o, wishes)
}

func watchdogMain() bool { return watchdog.Main(windows.Release) }

func raiseWindows(pid int) { windows.Raise(pid) }
