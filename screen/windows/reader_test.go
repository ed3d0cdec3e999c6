//go:build windows

package windows

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procFindWindow = user32.NewProc("FindWindowW")

// readerProgram reports to tests outside of this package (e2e) what they cannot see: the text in
// notepad, without changing it, and which keys are down.
func readerProgram() error {
	return serve(func(q string) string {
		if name, ok := strings.CutPrefix(q, "windows "); ok {
			return windowsSeen(name)
		}
		switch q {
		case "keys": // and buttons, which are 1 to 6 except 3, which is a key
			down := []string{}
			for vk := range uintptr(0xff) {
				if vk > 0 && call(procGetAsyncKeyState, vk)&0x8000 != 0 {
					down = append(down, fmt.Sprintf("%#x", vk))
				}
			}
			return strings.Join(down, " ")
		case "notepad":
			const wmGetText = 0x000d
			frame := call(procFindWindow, uintptr(unsafe.Pointer(utf16Ptr("Notepad"))), 0)
			edit := call(procFindWindowEx, frame, 0, uintptr(unsafe.Pointer(utf16Ptr("Edit"))), 0)
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

// windowsSeen returns the visible windows of the programs with a file name.
func windowsSeen(name string) string {
	found := []string{}
	order, _ := topWindows()
	for _, w := range order {
		if styleOf(w, gwlStyle)&wsVisible == 0 {
			continue
		}
		if p, ok := processOf(processIDOf(w)); ok && strings.EqualFold(p.Name, name) {
			found = append(found, classOf(w))
		}
	}
	return strings.Join(found, " ")
}

// browserProgram simulates a browser that opens a window: it records its arguments, keeps a file
// open in its profile, and exits when it is closed. With window set it has one, minimised, and
// records when that has come to the front.
func browserProgram(window bool) error {
	note := os.Getenv("LOTSE_PUPPET_NOTE")
	for _, arg := range os.Args[1:] {
		if dir, ok := strings.CutPrefix(arg, "--user-data-dir="); ok {
			f, err := os.Create(filepath.Join(dir, "lock"))
			if err != nil {
				return err
			}
			defer f.Close()
		}
	}
	if err := os.WriteFile(note+".new", []byte(strings.Join(os.Args[1:], "\n")), 0o600); err != nil {
		return err
	}
	if err := os.Rename(note+".new", note); err != nil {
		return err
	}
	looked := func() error { return nil }
	if window {
		const minimize = 6
		w, err := colourWindow(ownColour, image.Rect(100, 100, 400, 300), nil)
		if err != nil {
			return err
		}
		call(procShowWindow, w, minimize)
		pump(100 * time.Millisecond)
		looked = func() error {
			pump(0)
			if call(procIsIconic, w) != 0 || uintptr(windows.GetForegroundWindow()) != w {
				return nil
			}
			return os.WriteFile(note+".front", nil, 0o600)
		}
		if err := os.WriteFile(note+".minimised", nil, 0o600); err != nil {
			return err
		}
	}
	for {
		if _, err := os.Stat(note + ".close"); err == nil {
			return nil
		}
		if err := looked(); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
