//go:build !linux

package arguments

// overwrite does nothing. Windows shows a command line only to the program's own user and to
// administrators; for other systems no way is known.
func overwrite(argument, masked string) {}
