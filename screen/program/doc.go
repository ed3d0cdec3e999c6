// Package program is about the programs whose windows a customer may share: which ones
// were chosen, and their icons. It knows no operating system.
package program
