//go:build windows

package native

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

// guardSignals are those that the first process gets and its guard outlives.
var guardSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// guardProcess keeps the console's events from the guard, and a console from it.
func guardProcess() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

// extendedVk are the keys whose scan code has a prefix, of which note holds only
// the virtual key.
func extendedVk(vk byte) uint16 {
	switch {
	case vk >= 0x21 && vk <= 0x28, vk == 0x2c, vk == 0x2d, vk == 0x2e, vk == vkLWin, vk == vkRWin, vk == 0x5d,
		vk == 0x6f, vk == 0x90, vk == vkRControl, vk == vkRMenu:
		return uint16(vk) | extended
	}
	return uint16(vk)
}

// letGo releases what is down.
func letGo(_ Options, down map[note]bool) error {
	var events []inputEvent
	swapped := metric(smSwapped) != 0
	for n := range down {
		switch n.kind {
		case guardKey:
			events = append(events, keyOfVk(extendedVk(n.detail), 0).event(true))
		case guardButton:
			events = append(events, buttonEvent(screen.Buttons(1)<<n.detail, false, swapped))
		}
	}
	return send(events...)
}
