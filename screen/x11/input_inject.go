//go:build linux

package x11

import (
	"image"

	"github.com/jezek/xgb/xtest"

	"lotse/screen"
	"lotse/screen/watchdog"
)

// Events of the core protocol that are injected with XTEST.
const (
	xKeyPress      = 2
	xKeyRelease    = 3
	xButtonPress   = 4
	xButtonRelease = 5
	xMotionNotify  = 6
)

// injector injects single events with XTEST. It must not be used concurrently.
type injector struct {
	l        *link
	watchdog *watchdog.Watchdog
	permit   screen.Permit // for the event that is being injected
}

// motion moves the pointer to p.
func (j *injector) motion(p image.Point) {
	x, y := min(max(p.X, 0), 32767), min(max(p.Y, 0), 32767)
	xtest.FakeInput(j.l.Conn, xMotionNotify, 0, 0, j.l.root, int16(x), int16(y), 0)
}

// event injects one event. It drops a press that is no longer permitted.
func (j *injector) event(kind, detail byte) {
	if (kind == xKeyPress || kind == xButtonPress) && !j.permit.Valid() {
		return
	}
	switch kind {
	case xKeyPress, xKeyRelease:
		j.watchdog.Tell(watchdog.Key, detail, kind == xKeyPress)
	case xButtonPress, xButtonRelease:
		j.watchdog.Tell(watchdog.Button, detail, kind == xButtonPress)
	}
	xtest.FakeInput(j.l.Conn, kind, detail, 0, 0, 0, 0, 0)
}
