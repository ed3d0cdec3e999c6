package seal

import (
	"encoding/binary"
	"fmt"
	"io"
)

// SPEC.md, section 2.
const (
	frameCommit       = 0x10
	frameShare        = 0x11
	frameShareConfirm = 0x12
	frameConfirm      = 0x13
	frameRefuse       = 0x1f
	frameData         = 0x21
	frameEnd          = 0x22

	frameHeader = 3
	maxPlain    = 32768
	tagSize     = 16
	maxBody     = maxPlain + tagSize
)

// Sizes of the handshake frames' bodies; SPEC.md, section 2.
const (
	bodyCommit       = 1 + 1 + originIDSize + commitSize
	bodyShare        = 1 + shareSize
	bodyShareConfirm = 1 + shareSize + nonceSize + confirmSize
	bodyConfirm      = confirmSize
	bodyRefuse       = 1
)

// appendHeader appends a frame's header.
func appendHeader(b []byte, typ byte, length int) []byte {
	return binary.BigEndian.AppendUint16(append(b, typ), uint16(length))
}

// parseHeader returns the type and length of a frame after checking them against the table.
func parseHeader(h [frameHeader]byte) (typ byte, length int, err error) {
	typ, length = h[0], int(binary.BigEndian.Uint16(h[1:]))
	want, bounded := 0, false
	switch typ {
	case frameCommit:
		want = bodyCommit
	case frameShare:
		want = bodyShare
	case frameShareConfirm:
		want = bodyShareConfirm
	case frameConfirm:
		want = bodyConfirm
	case frameRefuse:
		want = bodyRefuse
	case frameEnd:
		want = tagSize
	case frameData:
		bounded = length > tagSize && length <= maxBody
	default:
		return 0, 0, fmt.Errorf("seal: unknown frame type 0x%02x", typ)
	}
	if !bounded && (typ == frameData || length != want) {
		return 0, 0, fmt.Errorf("seal: frame 0x%02x has impossible length %d", typ, length)
	}
	return typ, length, nil
}

// readHandshakeFrame reads one frame of the exchange into body, which must be large enough for
// every such frame.
func readHandshakeFrame(r io.Reader, body []byte) (typ byte, b []byte, err error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	typ, n, err := parseHeader(h)
	if err != nil {
		return 0, nil, err
	}
	if n > len(body) || typ == frameData || typ == frameEnd {
		return 0, nil, fmt.Errorf("seal: frame 0x%02x before the key exchange was done", typ)
	}
	if _, err := io.ReadFull(r, body[:n]); err != nil {
		return 0, nil, fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	return typ, body[:n], nil
}
