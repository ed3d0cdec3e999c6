//go:build unix

package tried

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn reports whether a file belongs to the user of this program.
func isOwn(s fs.FileInfo) bool {
	st, ok := s.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
