//go:build !linux

package arguments

// overwrite does nothing: Windows shows a command line to the program's own user and to
// administrators only, and of other systems it is not known.
func overwrite(argument, masked string) {}
