//go:build race

package native

// raceDetector: everything takes several times as long.
const raceDetector = true
