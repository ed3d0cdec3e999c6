package rfbtest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// sender sends the client's messages. Its methods may be called concurrently.
type sender struct {
	conn net.Conn // replaced during the handshake only

	sendMu sync.Mutex

	askedMu   sync.Mutex
	encodings map[int32]bool // encodings ever requested; guarded by askedMu

	chat         atomic.Bool // a TextChat was sent
	mouseButtons atomic.Bool // the server supports more than eight buttons
}

// send writes one whole message.
func (s *sender) send(b []byte) error {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	_, err := s.conn.Write(b)
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

// SetEncodings sends the encodings that the viewer supports, best first; RFC 6143, section 7.5.2.
// An encoding that was requested once is always accepted, because updates may be in flight.
func (s *sender) SetEncodings(encodings ...int32) error {
	b := appendU16s([]byte{2, 0}, len(encodings))
	s.askedMu.Lock()
	for _, e := range encodings {
		b = binary.BigEndian.AppendUint32(b, uint32(e))
		s.encodings[e] = true
	}
	s.askedMu.Unlock()
	return s.send(b)
}

// Request asks for r; RFC 6143, section 7.5.3.
func (s *sender) Request(incremental bool, r image.Rectangle) error {
	return s.send(appendRect([]byte{3, flag(incremental)}, r))
}

// SendKey sends KeyEvent; RFC 6143, section 7.5.4.
func (s *sender) SendKey(sym uint32, down bool) error {
	return s.send(binary.BigEndian.AppendUint32([]byte{4, flag(down), 0, 0}, sym))
}

// SendQEMUKey sends a key with its XT scan code; rfbproto, section "QEMU
// Extended Key Event Message".
func (s *sender) SendQEMUKey(sym, code uint32, down bool) error {
	b := []byte{255, 0, 0, flag(down)}
	b = binary.BigEndian.AppendUint32(b, sym)
	return s.send(binary.BigEndian.AppendUint32(b, code))
}

// SendPointer sends PointerEvent (RFC 6143, section 7.5.5): bit n of buttons is button n+1. Once
// the server has announced rfbproto's ExtendedMouseButtons, buttons from the eighth on are sent in
// that form.
func (s *sender) SendPointer(at image.Point, buttons uint16) error {
	if s.mouseButtons.Load() && buttons>>7 != 0 {
		b := appendU16s([]byte{5, byte(buttons)&0x7f | 0x80}, at.X, at.Y)
		return s.send(append(b, byte(buttons>>7)))
	}
	return s.send(appendU16s([]byte{5, byte(buttons)}, at.X, at.Y))
}

// EnableContinuousUpdates sends the message of rfbproto, section "EnableContinuousUpdates".
func (s *sender) EnableContinuousUpdates(on bool, r image.Rectangle) error {
	return s.send(appendRect([]byte{150, flag(on)}, r))
}

// SetDesktopSize sends the message of rfbproto, section "SetDesktopSize".
func (s *sender) SetDesktopSize(size image.Point, screens ...Screen) error {
	b := append(appendU16s([]byte{251, 0}, size.X, size.Y), byte(len(screens)), 0)
	for _, one := range screens {
		b = binary.BigEndian.AppendUint32(b, one.ID)
		b = appendRect(b, one.Rect)
		b = binary.BigEndian.AppendUint32(b, one.Flags)
	}
	return s.send(b)
}

// SendCutText sends ClientCutText. Characters outside Latin-1 are an error.
func (s *sender) SendCutText(text string) error {
	var latin1 []byte
	for _, r := range text {
		if r > 255 {
			return fmt.Errorf("%w: %q in Latin-1", ErrText, r)
		}
		latin1 = append(latin1, byte(r))
	}
	b := binary.BigEndian.AppendUint32([]byte{6, 0, 0, 0}, uint32(len(latin1)))
	return s.send(append(b, latin1...))
}

// SendClipboard sends an extended ClientCutText with these flags.
func (s *sender) SendClipboard(flags uint32, data ...byte) error {
	b := binary.BigEndian.AppendUint32([]byte{6, 0, 0, 0}, uint32(-int32(4+len(data))))
	b = binary.BigEndian.AppendUint32(b, flags)
	return s.send(append(b, data...))
}

// SendClipboardText provides text in the extended form.
func (s *sender) SendClipboardText(text string) error {
	return s.SendClipboardForms(map[uint32]string{ClipboardText: strings.ReplaceAll(text, "\n", "\r\n") + "\x00"})
}

// SendClipboardForms provides forms, by format, exactly as they are.
func (s *sender) SendClipboardForms(forms map[uint32]string) error {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	flags := uint32(ClipboardProvide)
	for _, format := range slices.Sorted(maps.Keys(forms)) {
		flags |= format
		w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(forms[format]))))
		w.Write([]byte(forms[format]))
	}
	w.Close()
	return s.SendClipboard(flags, z.Bytes()...)
}

// AnswerFence answers a request.
func (s *sender) AnswerFence(m FenceMessage) error {
	return s.SendFence(m.Flags&^FenceRequest, m.Payload)
}

// SendFence sends ClientFence.
func (s *sender) SendFence(flags uint32, payload []byte) error {
	b := binary.BigEndian.AppendUint32([]byte{248, 0, 0, 0}, flags)
	return s.send(append(append(b, byte(len(payload))), payload...))
}

// MouseButtons reports whether the server supports more than eight buttons.
func (s *sender) MouseButtons() bool { return s.mouseButtons.Load() }

// asked reports whether an encoding was ever requested.
func (s *sender) asked(encoding int32) bool {
	s.askedMu.Lock()
	defer s.askedMu.Unlock()
	return s.encodings[encoding]
}

// quality reports whether a quality level was sent.
func (s *sender) quality() bool {
	for level := range 10 {
		if s.asked(Quality(level)) {
			return true
		}
	}
	return false
}
