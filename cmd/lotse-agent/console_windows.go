package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// The program is built without a console, so that no console window appears when it is clicked.
// If it is started from a console or with pipes, its output must still appear there.

// attachParent is ATTACH_PARENT_PROCESS.
const attachParent = ^uintptr(0)

// silent means that nobody sees what is written to standard error.
var silent bool

// attachConsole joins the console of the parent process, unless this program got its own
// handles, such as a pipe or a file.
func attachConsole() {
	given := func(f *os.File) bool {
		kind, err := windows.GetFileType(windows.Handle(f.Fd()))
		return err == nil && kind != windows.FILE_TYPE_UNKNOWN
	}
	if given(os.Stdout) && given(os.Stderr) {
		return
	}
	attach := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")
	if ok, _, _ := attach.Call(attachParent); ok == 0 {
		silent = !given(os.Stderr)
		return
	}
	for _, c := range []struct {
		file **os.File
		name string
		mode int
	}{{&os.Stdin, "CONIN$", os.O_RDWR}, {&os.Stdout, "CONOUT$", os.O_RDWR}, {&os.Stderr, "CONOUT$", os.O_RDWR}} {
		if given(*c.file) {
			continue
		}
		if f, err := os.OpenFile(c.name, c.mode, 0); err == nil {
			*c.file = f
		}
	}
}

// showFailure shows text in a window if nobody sees standard error.
func showFailure(text string) {
	if !silent {
		return
	}
	words, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return
	}
	title, _ := windows.UTF16PtrFromString("Lotse")
	_, _ = windows.MessageBox(0, words, title, windows.MB_OK|windows.MB_ICONERROR)
}
