package doctor

import "syscall"

// othersMayRead: file permissions show who may read a file.
const othersMayRead = true

// freeBytes returns how much may still be written to a folder; false if unknown.
func freeBytes(folder string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}

// openFiles returns how many files this process may open; 0 if there is no limit.
func openFiles() int64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int64(min(l.Cur, 1<<62))
}
