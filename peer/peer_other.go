//go:build !linux && !windows

package peer

import "net"

// Supported is false: no way to learn the user is known on this system.
const Supported = false

func check(local, remote *net.TCPAddr) error { return ErrUnsupported }
