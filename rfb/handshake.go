package rfb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// The server's side of RFC 6143, section 7.1, used by Conn and by relays.

// RFC 6143, section 7.1.1. The minor versions that change the handshake.
const (
	minor33        = 3
	minor37        = 7
	minor38        = 8
	versionMessage = "RFB 003.008\n"
	maxReason      = 1024
)

// Security types; RFC 6143, section 7.2.
const (
	secInvalid = 0
	secNone    = 1
	secVncAuth = 2
)

// SecurityResult; RFC 6143, section 7.1.3.
const (
	resultOK     = 0
	resultFailed = 1
)

// ServerHandshake is a handshake with a viewer, up to SecurityResult. Offer.Receive makes one. The
// caller must then call Result or Refuse.
type ServerHandshake struct {
	// Conn is the connection to continue on: with VeNCrypt, the TLS connection.
	Conn     net.Conn
	TLS      bool
	User     string       // with VeNCrypt
	Password []byte       // with VeNCrypt; the caller wipes it
	Response *VncResponse // with VncAuth

	minor   int
	secType byte
}

// greet exchanges versions.
func (h *ServerHandshake) greet() error {
	if _, err := io.WriteString(h.Conn, versionMessage); err != nil {
		return err
	}
	var b [len(versionMessage)]byte
	if _, err := io.ReadFull(h.Conn, b[:]); err != nil {
		return fmt.Errorf("rfb: no version from the viewer: %w", err)
	}
	var err error
	h.minor, err = parseVersion(b[:])
	return err
}

// parseVersion parses the viewer's version. An unknown minor version is treated as the next lower
// known one.
func parseVersion(b []byte) (minor int, err error) {
	digits := func(b []byte) (n int, ok bool) {
		for _, c := range b {
			if c < '0' || c > '9' {
				return 0, false
			}
			n = n*10 + int(c-'0')
		}
		return n, true
	}
	if len(b) != len(versionMessage) || string(b[:4]) != "RFB " || b[7] != '.' || b[11] != '\n' {
		return 0, errors.New("rfb: what connected is not a VNC viewer: no version message")
	}
	major, ok1 := digits(b[4:7])
	minor, ok2 := digits(b[8:11])
	switch {
	case !ok1 || !ok2 || major < 3 || major == 3 && minor < minor33:
		return 0, fmt.Errorf("rfb: viewer's version %q is not supported, want 3.3 or later", b[4:11])
	case major > 3 || minor >= minor38:
		return minor38, nil
	case minor == minor37:
		return minor37, nil
	default:
		return minor33, nil
	}
}

// choose offers security types and reads the viewer's choice; section 7.1.2. In version 3.3 the
// server chooses, and it uses the first type.
func (h *ServerHandshake) choose(types ...byte) error {
	if err := h.offer(types); err != nil {
		return err
	}
	if h.minor == minor33 {
		h.secType = types[0]
		return nil
	}
	chosen, err := readByte(h.Conn)
	if err != nil {
		return fmt.Errorf("rfb: no security type from the viewer: %w", err)
	}
	return h.take(chosen, types)
}

// offer sends the security types.
func (h *ServerHandshake) offer(types []byte) error {
	b := append([]byte{byte(len(types))}, types...)
	if h.minor == minor33 {
		b = binary.BigEndian.AppendUint32(nil, uint32(types[0]))
	}
	_, err := h.Conn.Write(b)
	return err
}

// take checks that the viewer's choice is one of types.
func (h *ServerHandshake) take(chosen byte, types []byte) error {
	h.secType = chosen
	for _, t := range types {
		if t == chosen {
			return nil
		}
	}
	why := Refusal{Reason: "The viewer chose a kind of security that was not offered."}
	h.Refuse(why)
	return why
}

// Result tells the viewer that it is admitted; ClientInit follows. Before 3.8 a viewer that uses
// None gets no SecurityResult.
func (h *ServerHandshake) Result() error {
	if h.minor < minor38 && h.secType == secNone {
		return nil
	}
	_, err := h.Conn.Write([]byte{0, 0, 0, resultOK})
	return err
}

// Refuse sends a failed SecurityResult with the reason of a Refusal; before 3.8 there is no reason.
// The caller closes the connection.
func (h *ServerHandshake) Refuse(err error) {
	b := []byte{0, 0, 0, resultFailed}
	if h.minor >= minor38 {
		b = appendReason(b, err)
	}
	_, _ = h.Conn.Write(b)
}

// refuseSecurity sends an empty list of security types with the reason of err.
func (h *ServerHandshake) refuseSecurity(err error) {
	b := []byte{0}
	if h.minor == minor33 {
		b = binary.BigEndian.AppendUint32(nil, secInvalid)
	}
	_, _ = h.Conn.Write(appendReason(b, err))
}

// appendReason appends err's reason if it is a Refusal, otherwise a general one.
func appendReason(b []byte, err error) []byte {
	reason := ErrDenied.Reason
	if r := (Refusal{}); errors.As(err, &r) && r.Reason != "" {
		reason = r.Reason
	}
	reason = reason[:min(len(reason), maxReason)]
	b = binary.BigEndian.AppendUint32(b, uint32(len(reason)))
	return append(b, reason...)
}

// RefuseViewer tells a viewer why it is not admitted, before asking it for anything. The caller
// sets conn's deadline.
func RefuseViewer(conn net.Conn, why Refusal) {
	h := &ServerHandshake{Conn: conn}
	if h.greet() == nil {
		h.refuseSecurity(why)
	}
}

func readByte(r io.Reader) (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}
