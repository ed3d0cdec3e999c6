//go:build !linux

package doctor

// othersMayRead: permissions are not checked.
const othersMayRead = false

// freeBytes is not implemented on this system.
func freeBytes(string) (int64, bool) { return 0, false }

// openFiles is not implemented on this system.
func openFiles() int64 { return 0 }
