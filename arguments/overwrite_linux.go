package arguments

import "unsafe"

// overwrite writes masked over an argument. The runtime does not copy the arguments that
// the kernel put into this process's memory, and the kernel reads them from there when
// somebody asks for the command line.
func overwrite(argument, masked string) {
	if argument != masked && len(argument) == len(masked) {
		copy(unsafe.Slice(unsafe.StringData(argument), len(argument)), masked)
	}
}
