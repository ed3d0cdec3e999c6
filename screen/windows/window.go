//go:build windows

package windows

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// windowClass is the class of this program's own windows.
const windowClass = "LotseWindow"

// handler handles a window's message. If done is false, the system handles it.
type handler func(window uintptr, what uint32, w, l uintptr) (result uintptr, done bool)

var (
	windowsMu sync.Mutex
	// Guarded by windowsMu.
	handlers = map[uintptr]handler{}
)

// registerClass registers the class. A callback is never freed, so all windows use the same one.
var registerClass = sync.OnceValue(func() error {
	class := struct {
		size, style             uint32
		proc                    uintptr
		extraClass, extraWindow int32
		instance                uintptr
		icon, cursor, brush     uintptr
		menuName, name          *uint16
		smallIcon               uintptr
	}{name: utf16Ptr(windowClass), instance: moduleHandle()}
	class.size = uint32(unsafe.Sizeof(class))
	class.proc = windows.NewCallback(func(window, what, w, l uintptr) uintptr {
		windowsMu.Lock()
		h := handlers[window]
		windowsMu.Unlock()
		if h != nil {
			if result, done := h(window, uint32(what), w, l); done {
				return result
			}
		}
		return call(procDefWindowProc, window, what, w, l)
	})
	class.cursor = call(procLoadCursor, 0, 32512) // the arrow
	_, err := truth(procRegisterClassEx, uintptr(unsafe.Pointer(&class)))
	return err
})

// makeWindow creates a hidden window on the calling thread.
func makeWindow(parent, style, exStyle uintptr, h handler) (uintptr, error) {
	if err := registerClass(); err != nil {
		return 0, err
	}
	window, err := truth(procCreateWindowEx, exStyle, uintptr(unsafe.Pointer(utf16Ptr(windowClass))), uintptr(unsafe.Pointer(utf16Ptr("Lotse"))), style,
		0, 0, 0, 0, parent, 0, moduleHandle(), 0)
	if err != nil {
		return 0, err
	}
	windowsMu.Lock()
	handlers[window] = h
	windowsMu.Unlock()
	return window, nil
}

// dropWindow destroys a window of the calling thread.
func dropWindow(window uintptr) {
	call(procDestroyWindow, window)
	windowsMu.Lock()
	delete(handlers, window)
	windowsMu.Unlock()
}
