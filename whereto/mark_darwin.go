package whereto

import "golang.org/x/sys/unix"

// readMark reads the list of addresses that browsers set. It was never run on a Mac; its parser is
// tested on every system.
func readMark(path string) mark {
	var buf [maxMark]byte
	n, err := unix.Getxattr(path, "com.apple.metadata:kMDItemWhereFroms", buf[:])
	if err != nil {
		return mark{}
	}
	return parseWhereFroms(buf[:n])
}
