//go:build linux && !race

package native

const raceDetector = false
