//go:build !unix

package main

import "os"

// toggleSignals would switch the log to debug, and back; this system has no signal for it.
var toggleSignals []os.Signal
