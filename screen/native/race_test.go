//go:build race && !windows

package native

// raceDetector: everything takes several times as long.
const raceDetector = true
