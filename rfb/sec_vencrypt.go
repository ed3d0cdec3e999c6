package rfb

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// VeNCrypt; rfbproto, section "VeNCrypt".
const (
	secVeNCrypt = 19

	veNCryptMajor = 0
	veNCryptMinor = 2
	// x509Plain is TLS with a certificate, then name and password. The sub-types 257 to 259 use
	// anonymous Diffie-Hellman, which is open to a man in the middle and which crypto/tls does not
	// implement. Plain (256) has no encryption. None of these is offered.
	x509Plain = 262

	// maxPlainText is the maximum length of the name and of the password in bytes.
	maxPlainText = 256
)

// veNCrypt runs the server's side with X509Plain as its only sub-type. A viewer that chooses
// another one is refused by the byte that acknowledges the sub-type.
func (h *ServerHandshake) veNCrypt(config *tls.Config, ask time.Duration) error {
	if _, err := h.Conn.Write([]byte{veNCryptMajor, veNCryptMinor}); err != nil {
		return err
	}
	var version [2]byte
	if _, err := io.ReadFull(h.Conn, version[:]); err != nil {
		return fmt.Errorf("rfb: vencrypt: no version from the viewer: %w", err)
	}
	if version != [2]byte{veNCryptMajor, veNCryptMinor} {
		_, _ = h.Conn.Write([]byte{0xff})
		return fmt.Errorf("rfb: vencrypt: the viewer speaks version %d.%d, want 0.2", version[0], version[1])
	}
	// The version is accepted, and there is one sub-type.
	offer := binary.BigEndian.AppendUint32([]byte{0, 1}, x509Plain)
	if _, err := h.Conn.Write(offer); err != nil {
		return err
	}
	var chosen [4]byte
	if _, err := io.ReadFull(h.Conn, chosen[:]); err != nil {
		return fmt.Errorf("rfb: vencrypt: no sub-type from the viewer: %w", err)
	}
	if t := binary.BigEndian.Uint32(chosen[:]); t != x509Plain {
		_, _ = h.Conn.Write([]byte{0})
		return fmt.Errorf("rfb: vencrypt: the viewer chose sub-type %d, which was not offered", t)
	}
	if _, err := h.Conn.Write([]byte{1}); err != nil {
		return err
	}
	encrypted := tls.Server(h.Conn, config)
	if err := encrypted.Handshake(); err != nil {
		return fmt.Errorf("rfb: vencrypt: %w", err)
	}
	h.Conn, h.TLS = encrypted, true
	_ = h.Conn.SetDeadline(time.Now().Add(ask))
	var err error
	h.User, h.Password, err = readPlain(encrypted)
	return err
}

// readPlain reads the credentials of the Plain sub-types.
func readPlain(conn net.Conn) (user string, password []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return "", nil, fmt.Errorf("rfb: vencrypt: no credentials from the viewer: %w", err)
	}
	nu, np := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	if nu > maxPlainText || np > maxPlainText {
		return "", nil, fmt.Errorf("rfb: vencrypt: name of %d and password of %d bytes", nu, np)
	}
	b := make([]byte, nu+np)
	if _, err := io.ReadFull(conn, b); err != nil {
		clear(b)
		return "", nil, fmt.Errorf("rfb: vencrypt: no credentials from the viewer: %w", err)
	}
	return string(b[:nu]), b[nu:], nil
}
