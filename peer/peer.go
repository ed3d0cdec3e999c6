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

// Check returns nil when the other end of a TCP connection that was accepted on the
// loopback interface is a program of the user that this program runs as. Everything else is an error that
// wraps ErrOther, or ErrUnsupported. It does not wait for the other end.
func Check(conn net.Conn) error {
	local, ok1 := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 || !local.IP.IsLoopback() || !remote.IP.IsLoopback() {
		return fmt.Errorf("%w: %v is not on this computer", ErrOther, conn.RemoteAddr())
	}
	return check(local, remote)
}

// Listen returns a listener that closes the connections of other users before anybody
// sees them, and tells refused of each; nil: nobody wants to know. On a system that does
// not tell whose they are it passes all.
func Listen(l net.Listener, refused func(error)) net.Listener {
	if refused == nil {
		refused = func(error) {}
	}
	return &listener{l, refused}
}

type listener struct {
	net.Listener
	refused func(error)
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
		l.refused(err)
	}
}
