//go:build windows

package native

import (
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procFindWindow = user32.NewProc("FindWindowW")

// readerProgram tells tests outside of this package (e2e) what they cannot see:
// the text in notepad, without touching it, and which keys are down.
func readerProgram() error {
	return serve(func(q string) string {
		switch q {
		case "keys":
			down := []string{}
			for vk := range uintptr(0xff) {
				if vk > 6 && call(procGetAsyncKeyState, vk)&0x8000 != 0 {
					down = append(down, fmt.Sprintf("%#x", vk))
				}
			}
			return strings.Join(down, " ")
		case "notepad":
			const wmGetText = 0x000d
			frame := call(procFindWindow, uintptr(unsafe.Pointer(winString("Notepad"))), 0)
			edit := call(procFindWindowEx, frame, 0, uintptr(unsafe.Pointer(winString("Edit"))), 0)
			if frame == 0 || edit == 0 {
				return "none"
			}
			var text [4096]uint16
			call(procSendMessage, edit, wmGetText, uintptr(len(text)), uintptr(unsafe.Pointer(&text[0])))
			b, _ := json.Marshal(windows.UTF16ToString(text[:]))
			return string(b)
		}
		return "?"
	})
}
