package rfb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// The client's side of RFC 6143, section 7.1, up to SecurityResult and no byte further, for a relay
// that connects to a server on behalf of a viewer. It supports only the security type None, because
// the connection is inside a seal.

// ClientSecurity exchanges versions with a server and chooses None. The caller then reads the
// SecurityResult with ReadResult. If the server refuses with a reason, the error is a Refusal.
func ClientSecurity(conn net.Conn) error {
	var b [len(versionMessage)]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return fmt.Errorf("rfb: no version from the server: %w", err)
	}
	minor, err := parseVersion(b[:])
	if err != nil {
		return err
	}
	if minor < minor38 {
		return fmt.Errorf("rfb: the server speaks 3.%d only, want 3.8", minor)
	}
	if _, err := io.WriteString(conn, versionMessage); err != nil {
		return err
	}
	n, err := readByte(conn)
	if err != nil {
		return fmt.Errorf("rfb: no security types from the server: %w", err)
	}
	if n == 0 {
		return readReason(conn)
	}
	types := make([]byte, n)
	if _, err := io.ReadFull(conn, types); err != nil {
		return fmt.Errorf("rfb: no security types from the server: %w", err)
	}
	for _, t := range types {
		if t == secNone {
			_, err := conn.Write([]byte{secNone})
			return err
		}
	}
	return errors.New("rfb: the server does not offer None")
}

// ReadResult reads SecurityResult of RFB 3.8. It returns nil, a Refusal, or an error of the
// connection. It blocks until the customer has answered.
func ReadResult(conn net.Conn) error {
	var b [4]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return fmt.Errorf("rfb: no security result from the server: %w", err)
	}
	switch binary.BigEndian.Uint32(b[:]) {
	case resultOK:
		return nil
	case resultFailed:
		return readReason(conn)
	}
	return errors.New("rfb: unknown security result from the server")
}

// readReason always returns an error: a Refusal with the reason, or why it could not be read.
func readReason(conn net.Conn) error {
	var b [4]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return fmt.Errorf("rfb: no reason from the server: %w", err)
	}
	n := binary.BigEndian.Uint32(b[:])
	if n > maxReason {
		return fmt.Errorf("rfb: a reason of %d bytes from the server", n)
	}
	reason := make([]byte, n)
	if _, err := io.ReadFull(conn, reason); err != nil {
		return fmt.Errorf("rfb: no reason from the server: %w", err)
	}
	if n == 0 {
		return ErrDenied
	}
	return Refusal{Reason: string(reason)}
}
