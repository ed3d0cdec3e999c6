// Package program deals with the programs whose windows a customer may share: which ones were
// chosen, and their icons. It does not depend on an operating system.
package program
