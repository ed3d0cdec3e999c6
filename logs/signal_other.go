//go:build !unix

package logs

import "os"

// toggleSignals is empty: this system has no signal for switching the log to debug and back.
var toggleSignals []os.Signal
