//go:build portable && !(linux && x11)

package portable

func closeRobot() {}
