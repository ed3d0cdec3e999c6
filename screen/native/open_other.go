//go:build !linux && !windows && !portable

package native

import (
	"fmt"
	"runtime"
)

func open(Options) (*Desktop, error) {
	return nil, fmt.Errorf("native: no capture for %s in this build: build with -tags portable, or run on Linux with X11", runtime.GOOS)
}
