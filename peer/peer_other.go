//go:build !linux && !windows

package peer

import "net"

// Supported: it is not known how this system would tell.
const Supported = false

func check(local, remote *net.TCPAddr) error { return ErrUnsupported }
