//go:build race

package seal

// raceFactor is how many times slower arithmetic is with the race detector.
const raceFactor = 10
