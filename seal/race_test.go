//go:build race

package seal

// raceFactor is by how much the race detector slows arithmetic.
const raceFactor = 10
