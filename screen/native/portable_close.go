//go:build portable && linux && x11

package native

import "github.com/go-vgo/robotgo"

func closeRobot() { robotgo.Close() }
