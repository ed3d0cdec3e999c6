//go:build windows

package windows

import (
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	procSetForeground   = user32.NewProc("SetForegroundWindow")
	procShowWindowAsync = user32.NewProc("ShowWindowAsync")
)

const swRestore = 9

// How often, and at what interval, bringing a window to the front is retried: the desktop may be
// busy opening or restoring a window.
const (
	raiseTries = 8
	raisePause = 120 * time.Millisecond
)

// Raise brings the windows of a process and of its descendants to the front, and restores minimised
// ones. The system allows this only if the foreground program permits it; otherwise it flashes the
// windows in the task bar.
func Raise(process int) {
	for range raiseTries {
		front := uintptr(0)
		family := familyOf(uint32(process))
		order, _ := topWindows()
		for _, w := range slices.Backward(order) { // the foremost one last
			if !family[processIDOf(w)] || !isApp(w, classOf(w)) {
				continue
			}
			if front = w; call(procIsIconic, w) != 0 {
				call(procShowWindowAsync, w, swRestore) // does not wait for the other program
			}
		}
		if front != 0 {
			call(procSetForeground, front)
		}
		time.Sleep(raisePause)
		if front != 0 && call(procIsIconic, front) == 0 && uintptr(windows.GetForegroundWindow()) == front {
			return
		}
	}
}

// familyOf returns a process and its descendants.
func familyOf(process uint32) map[uint32]bool {
	family := map[uint32]bool{process: true}
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return family
	}
	defer windows.CloseHandle(snapshot)
	// A parent may follow its child in the list.
	for range 3 {
		e := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
		for err := windows.Process32First(snapshot, &e); err == nil; err = windows.Process32Next(snapshot, &e) {
			if family[e.ParentProcessID] {
				family[e.ProcessID] = true
			}
		}
	}
	return family
}
