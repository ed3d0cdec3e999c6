//go:build portable && linux && x11

package portable

import "github.com/go-vgo/robotgo"

func closeRobot() { robotgo.Close() }
