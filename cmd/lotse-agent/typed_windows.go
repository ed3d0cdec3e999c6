package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// discardTyped throws away what was typed on standard input and not read yet. It does
// nothing when standard input is no console.
func discardTyped() { _ = windows.FlushConsoleInputBuffer(windows.Handle(os.Stdin.Fd())) }
