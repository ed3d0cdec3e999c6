package doctor

import "syscall"

// othersMayRead: permissions of files say who may read them.
const othersMayRead = true

// freeBytes is what may still be written in a folder; false where it is not known.
func freeBytes(folder string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}

// openFiles is how many files this process may open; 0 where there is no bound.
func openFiles() int64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int64(min(l.Cur, 1<<62))
}
