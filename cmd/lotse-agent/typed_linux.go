package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// discardTyped discards what was typed on standard input and not read yet. It does nothing if
// standard input is not a terminal.
func discardTyped() { _ = unix.IoctlSetInt(int(os.Stdin.Fd()), unix.TCFLSH, unix.TCIFLUSH) }
