package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// discardTyped discards what was typed on standard input and not read yet. It does nothing if
// standard input is not a console.
func discardTyped() { _ = windows.FlushConsoleInputBuffer(windows.Handle(os.Stdin.Fd())) }
