package rfb

import (
	"io"
	"net"
)

// Security is one security type that the server offers; RFC 6143, section 7.2.
type Security interface {
	// Type is the number on the wire.
	Type() byte
	// Handshake authenticates the viewer. An error that is a Refusal is told to
	// the viewer in SecurityResult; any other ends the connection silently.
	Handshake(conn net.Conn) error
}

// Security types; RFC 6143, section 7.2.
const (
	secInvalid = 0
	secNone    = 1
	secVncAuth = 2
)

// NoSecurity is type None: for streams whose ends have authenticated each
// other already, never for an open port.
type NoSecurity struct{}

// Type implements Security.
func (NoSecurity) Type() byte { return secNone }

// Handshake implements Security.
func (NoSecurity) Handshake(net.Conn) error { return nil }

func (c *Conn) securities() []Security {
	if len(c.cfg.Security) == 0 {
		return []Security{NoSecurity{}}
	}
	return c.cfg.Security
}

func readByte(r io.Reader) (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}
