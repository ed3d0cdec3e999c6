package whereto

import "golang.org/x/sys/unix"

// readMark reads the extended attributes that browsers set; freedesktop.org, "Guidelines for
// extended attributes".
func readMark(path string) mark {
	return mark{file: attribute(path, "user.xdg.origin.url"), page: attribute(path, "user.xdg.referrer.url")}
}

func attribute(path, name string) string {
	var buf [maxMark]byte
	n, err := unix.Getxattr(path, name, buf[:])
	if err != nil {
		return ""
	}
	return string(buf[:n])
}
