//go:build linux && race

package native

// raceDetector slows looking at pictures down tenfold.
const raceDetector = true
