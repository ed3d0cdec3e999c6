//go:build race && !windows

package x11

// raceDetector: everything takes several times as long.
const raceDetector = true
