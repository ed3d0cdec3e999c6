//go:build windows

package windows

import (
	"fmt"
	"image"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

// inputDesktop returns the name of the desktop that has mouse and keyboard. It is empty if this
// program may not know it: Windows then shows the lock screen or a question of its own.
func inputDesktop() string {
	const readObjects = 1
	h := call(procOpenInputDesktop, 0, 0, readObjects)
	if h == 0 {
		return ""
	}
	defer call(procCloseDesktop, h)
	const objectName = 2
	var name [64]uint16
	var n uint32
	if call(procGetUserObjectInformation, h, objectName, uintptr(unsafe.Pointer(&name[0])), unsafe.Sizeof(name), uintptr(unsafe.Pointer(&n))) == 0 {
		return ""
	}
	return windows.UTF16ToString(name[:])
}

// isHidden reports whether Windows shows something that programs may not see.
func isHidden() bool { return inputDesktop() != "Default" }

// monitorInfo is MONITORINFOEXW.
type monitorInfo struct {
	Size          uint32
	Monitor, Work rectAPI
	Flags         uint32
	Device        [32]uint16
}

var (
	monitorsMu sync.Mutex
	// Guarded by monitorsMu.
	monitorsFound []monitorInfo
)

// monitorSeen is a callback. Go can create only a limited number of them, so all calls use this
// one.
var monitorSeen = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(monitor, _, _, _ uintptr) uintptr {
		m := monitorInfo{Size: uint32(unsafe.Sizeof(monitorInfo{}))}
		if call(procGetMonitorInfo, monitor, uintptr(unsafe.Pointer(&m))) != 0 {
			monitorsFound = append(monitorsFound, m)
		}
		return 1
	})
})

// listMonitors returns the layout in coordinates relative to all's top left corner.
func listMonitors(all image.Rectangle) []screen.Monitor {
	monitorsMu.Lock()
	monitorsFound = nil
	call(procEnumDisplayMonitors, 0, 0, monitorSeen(), 0)
	found := monitorsFound
	monitorsMu.Unlock()
	var out []screen.Monitor
	for i, m := range found {
		name := windows.UTF16ToString(m.Device[:])
		r := m.Monitor.rect().Intersect(all).Sub(all.Min)
		if r.Empty() {
			continue
		}
		// \\.\DISPLAY3 is the third; its number does not change while it is connected.
		id := uint32(i + 1)
		var n uint32
		if _, err := fmt.Sscanf(name, `\\.\DISPLAY%d`, &n); err == nil && n > 0 {
			id, name = n, fmt.Sprintf("DISPLAY%d", n)
		}
		out = append(out, screen.Monitor{ID: id, Name: name, Rect: r})
	}
	if len(out) == 0 {
		out = []screen.Monitor{{ID: 1, Name: "screen", Rect: image.Rectangle{Max: all.Size()}}}
	}
	return out
}

// lastInput returns when mouse or keyboard were last used, by a device or a program, in the
// system's milliseconds.
func lastInput() uint32 {
	info := struct{ size, at uint32 }{size: 8}
	call(procGetLastInputInfo, uintptr(unsafe.Pointer(&info)))
	return info.at
}
