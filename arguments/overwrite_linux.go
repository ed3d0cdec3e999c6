package arguments

import "unsafe"

// overwrite overwrites an argument with masked. The runtime does not copy the arguments that the
// kernel put into this process's memory, and the kernel reads them from there when somebody
// requests the command line.
func overwrite(argument, masked string) {
	if argument != masked && len(argument) == len(masked) {
		copy(unsafe.Slice(unsafe.StringData(argument), len(argument)), masked)
	}
}
