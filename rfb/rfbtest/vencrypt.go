package rfbtest

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
)

// rfbproto, section "VeNCrypt", with sub-type X509Plain only.
const (
	securityVeNCrypt  = 19
	veNCryptX509Plain = 262
	maxSubtypes       = 20
)

// veNCrypt chooses X509Plain and sends the credentials.
func (h handshake) veNCrypt(config *tls.Config, user, password string) error {
	version, err := h.in.bytes(2, 2)
	if err != nil {
		return err
	}
	if version[0] != 0 || version[1] != 2 {
		return fmt.Errorf("%w: VeNCrypt %d.%d", ErrSecurity, version[0], version[1])
	}
	if err := h.send([]byte{0, 2}); err != nil {
		return err
	}
	if refused, err := h.in.u8(); err != nil || refused != 0 {
		return fmt.Errorf("%w: VeNCrypt 0.2 was refused with %d, %v", ErrSecurity, refused, err)
	}
	n, err := h.in.u8()
	if err != nil {
		return err
	}
	subtypes, err := h.in.bytes(4*int(n), 4*maxSubtypes)
	if err != nil {
		return err
	}
	offered := false
	for i := 0; i < len(subtypes); i += 4 {
		offered = offered || binary.BigEndian.Uint32(subtypes[i:]) == veNCryptX509Plain
	}
	if !offered {
		return fmt.Errorf("%w: VeNCrypt offers % x", ErrSecurity, subtypes)
	}
	if err := h.send(binary.BigEndian.AppendUint32(nil, veNCryptX509Plain)); err != nil {
		return err
	}
	if accepted, err := h.in.u8(); err != nil || accepted != 1 {
		return fmt.Errorf("%w: X509Plain was refused with %d, %v", ErrSecurity, accepted, err)
	}
	// The server sends nothing until the TLS handshake, so the old reader has no data buffered.
	secure := tls.Client(h.conn, config)
	if err := secure.Handshake(); err != nil {
		return err
	}
	h.conn, h.in.r = secure, bufio.NewReaderSize(secure, 64<<10)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(user)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(password)))
	return h.send(append(append(b, user...), password...))
}
