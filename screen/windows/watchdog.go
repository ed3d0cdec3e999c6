//go:build windows

package windows

import (
	"lotse/screen"
	"lotse/screen/watchdog"
)

// extendedVk adds the prefix to the virtual keys whose scan code has one, because a watchdog.Note
// has space only for the virtual key.
func extendedVk(vk byte) uint16 {
	switch {
	case vk >= 0x21 && vk <= 0x28, vk == 0x2c, vk == 0x2d, vk == 0x2e, vk == vkLWin, vk == vkRWin, vk == 0x5d,
		vk == 0x6f, vk == 0x90, vk == vkRControl, vk == vkRMenu:
		return uint16(vk) | extended
	}
	return uint16(vk)
}

// Release releases what is down, for watchdog.Main.
func Release(_ string, down map[watchdog.Note]bool) error {
	var events []inputEvent
	swapped := metric(smSwapped) != 0
	for n := range down {
		switch n.Kind {
		case watchdog.Key:
			events = append(events, keyOfVk(extendedVk(n.Detail), 0).event(true))
		case watchdog.Button:
			events = append(events, buttonEvent(screen.Buttons(1)<<n.Detail, false, swapped))
		}
	}
	return send(events...)
}
