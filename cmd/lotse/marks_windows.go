package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// obeysEscapes makes a console obey escape sequences. It returns false for consoles that cannot:
// those of Windows before version 10.
func obeysEscapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	const escapes = windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&escapes != 0 || windows.SetConsoleMode(console, mode|escapes) == nil
}
