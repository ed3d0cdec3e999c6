//go:build !race && !windows

package native

const raceDetector = false
