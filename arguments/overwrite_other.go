//go:build !linux

package arguments

// overwrite does nothing. Windows shows a command line only to the program's own user and to
// administrators. No way to overwrite it is known for other systems.
func overwrite(argument, masked string) {}
