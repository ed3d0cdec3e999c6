//go:build portable && !(linux && x11)

package native

func closeRobot() {}
