package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// discardTyped throws away what was typed on standard input and not read yet. It does
// nothing when standard input is no terminal.
func discardTyped() { _ = unix.IoctlSetInt(int(os.Stdin.Fd()), unix.TCFLSH, unix.TCIFLUSH) }
