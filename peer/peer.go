// Package peer determines which user's program is at the other end of a connection within this
// computer. Every user of the machine can connect to a port on the loopback interface. A program
// that wants only its own user's connections wraps its listener with Listen.
//
// Linux and Windows report the user. On other systems Check returns ErrUnsupported.
package peer

import (
	"errors"
	"fmt"
	"net"
)

// ErrUnsupported means that the system does not report the user of a connection.
var ErrUnsupported = errors.New("peer: this system does not tell whose program is at the other end")

// ErrOther means that the program at the other end does not belong to this user, or was not
// found. It may have closed the connection already.
var ErrOther = errors.New("peer: the program at the other end does not belong to this user")

// ErrNotFound wraps ErrOther. It means that no program has the socket at the other end: the
// socket was closed, or the listening program there has not accepted the connection yet.
var ErrNotFound = fmt.Errorf("%w: it is not found", ErrOther)

// Check returns nil if the other end of a TCP connection accepted on the loopback interface belongs
// to a program of this program's user. Otherwise the error wraps ErrOther, or is ErrUnsupported.
// Check does not wait for the other end.
func Check(conn net.Conn) error {
	local, ok1 := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 || !local.IP.IsLoopback() || !remote.IP.IsLoopback() {
		return fmt.Errorf("%w: %v is not on this computer", ErrOther, conn.RemoteAddr())
	}
	return check(local, remote)
}

// Listen returns a listener that closes other users' connections before Accept returns them. It
// calls refused for the first of them, the second, the fourth, the eighth and so on, because
// another user may connect without end. refused may be nil. Accept must not be called
// concurrently. On a system that does not report users, the listener accepts all connections.
func Listen(l net.Listener, refused func(error)) net.Listener {
	if refused == nil {
		refused = func(error) {}
	}
	return &listener{Listener: l, refused: refused}
}

type listener struct {
	net.Listener
	refused func(error)

	strangers uint64 // Owned by the caller of Accept.
}

// Accept returns the next connection of this user.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		err = Check(conn)
		if err == nil || errors.Is(err, ErrUnsupported) {
			return conn, nil
		}
		// Close without a handshake, because the other end could delay a handshake and so keep
		// the port busy.
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
		if l.strangers++; l.strangers&(l.strangers-1) == 0 {
			l.refused(err)
		}
	}
}
