//go:build !windows

package native

// RaiseWindows brings the windows of a process to the front; here nobody needs it.
func RaiseWindows(int) {}
