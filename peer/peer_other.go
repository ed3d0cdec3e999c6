//go:build !linux && !windows

package peer

import "net"

// Supported: no way is known on this system.
const Supported = false

func check(local, remote *net.TCPAddr) error { return ErrUnsupported }
