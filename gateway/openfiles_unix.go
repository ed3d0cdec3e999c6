//go:build unix

package gateway

import "syscall"

// openFilesLimit is how many files the process may have open; false where it is not known.
func openFilesLimit() (int64, bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return int64(min(limit.Cur, 1<<62)), true
}
