// Package peer finds out whose program is at the other end of a connection within this
// computer. A port on the loopback interface is open to every user of the machine: who
// listens there for the present user only wraps his listener with Listen.
//
// Linux and Windows tell the user. On other systems Check returns ErrUnsupported.
package peer

import (
	"errors"
	"fmt"
	"net"
)

// ErrUnsupported means that the system does not tell whose a connection is.
var ErrUnsupported = errors.New("peer: this system does not tell whose program is at the other end")

// ErrOther means that the program at the other end is not this user's, or that it could
// not be found: it may have closed the connection already.
var ErrOther = errors.New("peer: the program at the other end does not belong to this user")

// ErrNotFound is an ErrOther: no program has the socket at the other end. It was closed,
// or the program that listens there has not accepted the connection yet.
var ErrNotFound = fmt.Errorf("%w: it is not found", ErrOther)

// Check returns nil when the other end of a TCP connection that was accepted on the
// loopback interface is a program of the user that this program runs as. Everything else is an
// error that wraps ErrOther, or ErrUnsupported. It does not wait for the other end.
func Check(conn net.Conn) error {
	local, ok1 := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 || !local.IP.IsLoopback() || !remote.IP.IsLoopback() {
		return fmt.Errorf("%w: %v is not on this computer", ErrOther, conn.RemoteAddr())
	}
	return check(local, remote)
}

// Listen returns a listener that closes the connections of other users before anybody
// sees them. It calls refused for the first of them, the second, the fourth, the eighth and
// so on, as another user may connect without end; nil: nobody wants to know. Accept must be
// called by one goroutine at a time. On a system that does not tell whose connections are,
// all of them pass.
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
		// No farewell: it would keep the port busy for as long as the other end likes.
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
		if l.strangers++; l.strangers&(l.strangers-1) == 0 {
			l.refused(err)
		}
	}
}
