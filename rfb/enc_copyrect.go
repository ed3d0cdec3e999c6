package rfb

import (
	"encoding/binary"
	"image"
)

// appendCopyRect appends a complete rectangle that the viewer copies from dst-delta; RFC 6143,
// section 7.7.2.
func appendCopyRect(b []byte, dst image.Rectangle, delta image.Point) []byte {
	b = appendRectHeader(b, dst, encCopyRect)
	src := dst.Min.Sub(delta)
	b = binary.BigEndian.AppendUint16(b, uint16(src.X))
	return binary.BigEndian.AppendUint16(b, uint16(src.Y))
}
