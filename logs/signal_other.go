//go:build !unix

package logs

import "os"

// toggleSignals would switch the log to debug and back, but this system has no signal for that.
var toggleSignals []os.Signal
