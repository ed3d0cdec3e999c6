//go:build !race && !windows

package x11

const raceDetector = false
