//go:build !linux

package doctor

// othersMayRead: permissions are not looked at.
const othersMayRead = false

// freeBytes is not known here.
func freeBytes(string) (int64, bool) { return 0, false }

// openFiles is not looked at here.
func openFiles() int64 { return 0 }
