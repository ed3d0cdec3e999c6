package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// Reasons and results of ExtendedDesktopSize; rfbproto, section
// "ExtendedDesktopSize Pseudo-encoding".
const (
	desktopReasonServer    = 0
	desktopReasonClient    = 1
	desktopResultOK        = 0
	desktopResultForbidden = 1
)

// appendDesktopSize implements RFC 6143, section 7.8.2.
func appendDesktopSize(b []byte, size image.Point) []byte {
	return appendRectHeader(b, image.Rectangle{Max: size}, pseudoDesktopSize)
}

// appendExtendedDesktopSize appends size and monitors.
func appendExtendedDesktopSize(b []byte, size image.Point, monitors []screen.Monitor, reason, result int) []byte {
	at := image.Pt(reason, result)
	b = appendRectHeader(b, image.Rectangle{Min: at, Max: at.Add(size)}, pseudoExtDesktopSize)
	n := min(len(monitors), 255)
	b = append(b, byte(n), 0, 0, 0)
	for _, m := range monitors[:n] {
		b = binary.BigEndian.AppendUint32(b, m.ID)
		for _, v := range [4]int{m.Rect.Min.X, m.Rect.Min.Y, m.Rect.Dx(), m.Rect.Dy()} {
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		}
		b = binary.BigEndian.AppendUint32(b, 0)
	}
	return b
}

// appendDesktopName implements rfbproto, section "DesktopName Pseudo-encoding"; name is UTF-8.
func appendDesktopName(b []byte, name string) []byte {
	b = appendRectHeader(b, image.Rectangle{}, pseudoDesktopName)
	b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
	return append(b, name...)
}

// appendLastRect implements rfbproto, section "LastRect Pseudo-encoding".
func appendLastRect(b []byte) []byte {
	return appendRectHeader(b, image.Rectangle{}, pseudoLastRect)
}
