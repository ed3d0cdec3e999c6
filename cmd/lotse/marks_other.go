//go:build !windows

package main

import "os"

// obeysEscapes reports whether a terminal obeys escape sequences. Those of these systems do, except
// where TERM says otherwise.
func obeysEscapes(*os.File) bool { return true }
