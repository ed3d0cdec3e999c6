//go:build race

package native

// raceDetector slows looking at pictures down tenfold.
const raceDetector = true
