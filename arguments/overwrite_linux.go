package arguments

import "unsafe"

// overwrite overwrites an argument with masked. The kernel reads a process's command line from
// that process's memory. The runtime does not copy the arguments from there, so argument is
// still the kernel's source.
func overwrite(argument, masked string) {
	if argument != masked && len(argument) == len(masked) {
		copy(unsafe.Slice(unsafe.StringData(argument), len(argument)), masked)
	}
}
