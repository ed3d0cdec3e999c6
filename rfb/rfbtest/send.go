package rfbtest

import (
	"encoding/binary"
	"image"
)

// send writes one whole message.
func (v *Viewer) send(b []byte) error {
	v.sendMu.Lock()
	defer v.sendMu.Unlock()
	_, err := v.conn.Write(b)
	return err
}

func appendU16s(b []byte, values ...int) []byte {
	for _, n := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b
}

func appendRect(b []byte, r image.Rectangle) []byte {
	return appendU16s(b, r.Min.X, r.Min.Y, r.Dx(), r.Dy())
}

// SetPixelFormat changes the format at once: no update may be on its way (RFC
// 6143, section 7.5.1). Use SyncPixelFormat else.
func (v *Viewer) SetPixelFormat(f PixelFormat) error {
	v.pixels = newPixels(f)
	return v.send(f.append([]byte{0, 0, 0, 0}))
}

// SetEncodings says what the viewer understands, best first; RFC 6143, section
// 7.5.2. An encoding that was asked for once is read for ever, because updates
// may be on their way.
func (v *Viewer) SetEncodings(encodings ...int32) error {
	b := appendU16s([]byte{2, 0}, len(encodings))
	v.mu.Lock()
	for _, e := range encodings {
		b = binary.BigEndian.AppendUint32(b, uint32(e))
		v.encodings[e] = true
	}
	v.mu.Unlock()
	return v.send(b)
}

// Request asks for r; RFC 6143, section 7.5.3.
func (v *Viewer) Request(incremental bool, r image.Rectangle) error {
	return v.send(appendRect([]byte{3, flag(incremental)}, r))
}

// SendKey sends KeyEvent; RFC 6143, section 7.5.4.
func (v *Viewer) SendKey(sym uint32, down bool) error {
	return v.send(binary.BigEndian.AppendUint32([]byte{4, flag(down), 0, 0}, sym))
}

// SendQEMUKey sends a key with its XT scan code; rfbproto, section "QEMU
// Extended Key Event Message".
func (v *Viewer) SendQEMUKey(sym, code uint32, down bool) error {
	b := []byte{255, 0, 0, flag(down)}
	b = binary.BigEndian.AppendUint32(b, sym)
	return v.send(binary.BigEndian.AppendUint32(b, code))
}

// SendPointer sends PointerEvent (RFC 6143, section 7.5.5): bit n of buttons is
// button n+1. Buttons from the eighth on take the form of rfbproto's
// ExtendedMouseButtons once the server has said that it knows it.
func (v *Viewer) SendPointer(at image.Point, buttons uint16) error {
	if v.mouseButtons.Load() && buttons>>7 != 0 {
		b := appendU16s([]byte{5, byte(buttons)&0x7f | 0x80}, at.X, at.Y)
		return v.send(append(b, byte(buttons>>7)))
	}
	return v.send(appendU16s([]byte{5, byte(buttons)}, at.X, at.Y))
}

// EnableContinuousUpdates is rfbproto, section "EnableContinuousUpdates".
func (v *Viewer) EnableContinuousUpdates(on bool, r image.Rectangle) error {
	return v.send(appendRect([]byte{150, flag(on)}, r))
}

// SetDesktopSize is rfbproto, section "SetDesktopSize".
func (v *Viewer) SetDesktopSize(size image.Point, screens ...Screen) error {
	b := append(appendU16s([]byte{251, 0}, size.X, size.Y), byte(len(screens)), 0)
	for _, s := range screens {
		b = binary.BigEndian.AppendUint32(b, s.ID)
		b = appendRect(b, s.Rect)
		b = binary.BigEndian.AppendUint32(b, s.Flags)
	}
	return v.send(b)
}
