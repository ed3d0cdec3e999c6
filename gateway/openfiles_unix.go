//go:build unix

package gateway

import "syscall"

// openFilesLimit returns how many files the process may open, and false if that is unknown.
func openFilesLimit() (int64, bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return int64(min(limit.Cur, 1<<62)), true
}
