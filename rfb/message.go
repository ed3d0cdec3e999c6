package rfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"unicode/utf8"

	"lotse/screen"
)

// Client to server messages. RFC 6143, section 7.5.
const (
	msgSetPixelFormat           = 0
	msgSetEncodings             = 2
	msgFramebufferUpdateRequest = 3
	msgKeyEvent                 = 4
	msgPointerEvent             = 5
	msgClientCutText            = 6
	msgTextChat                 = 11 // in both directions; ext_textchat.go
	// rfbproto, sections "EnableContinuousUpdates", "ClientFence",
	// "SetDesktopSize" and "QEMU Client Message".
	msgEnableContinuousUpdates = 150
	msgClientFence             = 248
	msgSetDesktopSize          = 251
	msgQEMU                    = 255
	qemuExtendedKey            = 0
)

// Server to client messages. RFC 6143, section 7.6; rfbproto.
const (
	msgFramebufferUpdate      = 0
	msgSetColourMapEntries    = 1
	msgBell                   = 2
	msgServerCutText          = 3
	msgEndOfContinuousUpdates = 150
	msgServerFence            = 248
)

// Limits of messages from a viewer.
const (
	maxEncodings  = 1024     // more are read and ignored
	maxCutText    = 1 << 20  // bytes; longer text is read and ignored
	maxSkipText   = 16 << 20 // bytes; of a picture that was requested, this much is read
	maxFenceBytes = 64
)

// clientMessage is a message from a viewer; each kind has its own type.
type clientMessage interface{ clientMessage() }

type (
	setPixelFormat struct{ format PixelFormat }
	// setEncodings lists encodings in the viewer's order of preference.
	setEncodings struct{ encodings []int32 }
	// updateRequest is FramebufferUpdateRequest; RFC 6143, section 7.5.3.
	updateRequest struct {
		incremental bool
		area        image.Rectangle
	}
	keyEvent struct{ key screen.Key }
	// pointerEvent is PointerEvent. ext: it was sent in the extended form.
	pointerEvent struct {
		at      image.Point
		buttons screen.Buttons
		ext     bool
	}
	// cutText contains UTF-8, decoded from Latin-1. tooLong: the text was skipped.
	cutText struct {
		text    string
		tooLong bool
	}
	// extendedCutText is rfbproto's "Extended Clipboard" form; ext_clipboard.go.
	extendedCutText  struct{ body []byte }
	enableContinuous struct {
		on   bool
		area image.Rectangle
	}
	clientFence struct {
		flags   uint32
		payload []byte
	}
	setDesktopSize struct{ size image.Point }
)

func (setPixelFormat) clientMessage()   {}
func (setEncodings) clientMessage()     {}
func (updateRequest) clientMessage()    {}
func (keyEvent) clientMessage()         {}
func (pointerEvent) clientMessage()     {}
func (cutText) clientMessage()          {}
func (extendedCutText) clientMessage()  {}
func (enableContinuous) clientMessage() {}
func (clientFence) clientMessage()      {}
func (setDesktopSize) clientMessage()   {}

// messageReader parses a viewer's messages. It reads no byte beyond a message.
type messageReader struct {
	r   io.Reader
	buf [64]byte
	// extendedMouse: ExtendedMouseButtons was announced to the viewer. Before that, bit 7 of a mask
	// is a button.
	extendedMouse bool
	// extendedClipboard: the extended clipboard was announced. Before that, a negative length is an
	// error.
	extendedClipboard bool
	// longClipboard: a content that may be longer than maxCutText was requested.
	longClipboard bool
	// begin, if set, is called when a message's first byte has arrived. It may change the three
	// fields above, because an extension may have been announced while the reader was waiting.
	begin func(*messageReader)
}

func (m *messageReader) read(n int) ([]byte, error) {
	b := m.buf[:n]
	_, err := io.ReadFull(m.r, b)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func rectAt(b []byte) image.Rectangle {
	x, y := int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:]))
	return image.Rect(x, y, x+int(binary.BigEndian.Uint16(b[4:])), y+int(binary.BigEndian.Uint16(b[6:])))
}

// next reads one message. It returns io.EOF if the viewer closed between two messages.
func (m *messageReader) next() (clientMessage, error) {
	if _, err := io.ReadFull(m.r, m.buf[:1]); err != nil {
		return nil, err
	}
	if m.begin != nil {
		m.begin(m)
	}
	switch typ := m.buf[0]; typ {
	case msgSetPixelFormat: // RFC 6143, section 7.5.1.
		b, err := m.read(3 + pixelFormatSize)
		if err != nil {
			return nil, err
		}
		var msg setPixelFormat
		err = msg.format.parse(b[3:])
		return msg, err
	case msgSetEncodings: // RFC 6143, section 7.5.2.
		return m.setEncodings()
	case msgFramebufferUpdateRequest: // RFC 6143, section 7.5.3.
		b, err := m.read(9)
		if err != nil {
			return nil, err
		}
		return updateRequest{incremental: b[0] != 0, area: rectAt(b[1:])}, nil
	case msgKeyEvent: // RFC 6143, section 7.5.4.
		b, err := m.read(7)
		if err != nil {
			return nil, err
		}
		return keyEvent{screen.Key{Down: b[0] != 0, Sym: binary.BigEndian.Uint32(b[3:])}}, nil
	case msgPointerEvent: // RFC 6143, section 7.5.5.
		return m.pointerEvent()
	case msgClientCutText: // RFC 6143, section 7.5.6.
		return m.cutText()
	case msgTextChat:
		return m.textChat()
	case msgEnableContinuousUpdates: // rfbproto, "EnableContinuousUpdates".
		b, err := m.read(9)
		if err != nil {
			return nil, err
		}
		return enableContinuous{on: b[0] != 0, area: rectAt(b[1:])}, nil
	case msgClientFence: // rfbproto, "ClientFence".
		return m.fence()
	case msgSetDesktopSize: // rfbproto, "SetDesktopSize".
		return m.desktopSize()
	case msgQEMU: // rfbproto, "QEMU Extended Key Event Message".
		b, err := m.read(1)
		if err != nil {
			return nil, err
		}
		if b[0] != qemuExtendedKey {
			return nil, fmt.Errorf("rfb: viewer sent QEMU message %d, which was not offered", b[0])
		}
		if b, err = m.read(10); err != nil {
			return nil, err
		}
		return keyEvent{screen.Key{
			Down: binary.BigEndian.Uint16(b) != 0,
			Sym:  binary.BigEndian.Uint32(b[2:]),
			Code: binary.BigEndian.Uint32(b[6:]),
		}}, nil
	default:
		return nil, fmt.Errorf("rfb: viewer sent message type %d, which was not offered", typ)
	}
}

func (m *messageReader) setEncodings() (clientMessage, error) {
	b, err := m.read(3)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	msg := setEncodings{encodings: make([]int32, 0, min(n, maxEncodings))}
	for range n {
		b, err := m.read(4)
		if err != nil {
			return nil, err
		}
		if len(msg.encodings) < maxEncodings {
			msg.encodings = append(msg.encodings, int32(binary.BigEndian.Uint32(b)))
		}
	}
	return msg, nil
}

func (m *messageReader) pointerEvent() (clientMessage, error) {
	b, err := m.read(5)
	if err != nil {
		return nil, err
	}
	msg := pointerEvent{
		at:      image.Pt(int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))),
		buttons: screen.Buttons(b[0]),
	}
	// rfbproto, "ExtendedMouseButtons": bit 7 means that one more byte follows, whose bit 0 is the
	// eighth button.
	if m.extendedMouse && b[0]&0x80 != 0 {
		low := screen.Buttons(b[0] & 0x7f)
		if b, err = m.read(1); err != nil {
			return nil, err
		}
		msg.buttons = low | screen.Buttons(b[0]&0x03)<<7
		msg.ext = true
	}
	return msg, nil
}

func (m *messageReader) cutText() (clientMessage, error) {
	b, err := m.read(7)
	if err != nil {
		return nil, err
	}
	n := int64(int32(binary.BigEndian.Uint32(b[3:])))
	extended := n < 0
	if extended {
		if !m.extendedClipboard {
			return nil, errors.New("rfb: viewer sent an extended clipboard message, which was not offered")
		}
		n = -n
	}
	if n > maxSkipText {
		return nil, fmt.Errorf("rfb: clipboard text of %d bytes, at most %d are read", n, maxSkipText)
	}
	if n > maxCutText && !(extended && m.longClipboard) {
		if _, err := io.CopyN(io.Discard, m.r, n); err != nil {
			return nil, err
		}
		return cutText{tooLong: true}, nil
	}
	// The buffer grows with what arrives.
	var body bytes.Buffer
	if _, err := io.CopyN(&body, m.r, n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if extended {
		return extendedCutText{body: body.Bytes()}, nil
	}
	return cutText{text: fromLatin1(body.Bytes())}, nil
}

func (m *messageReader) fence() (clientMessage, error) {
	b, err := m.read(8)
	if err != nil {
		return nil, err
	}
	msg := clientFence{flags: binary.BigEndian.Uint32(b[3:])}
	n := int(b[7])
	if n > maxFenceBytes {
		return nil, fmt.Errorf("rfb: fence of %d bytes, at most %d are allowed", n, maxFenceBytes)
	}
	if b, err = m.read(n); err != nil {
		return nil, err
	}
	msg.payload = append([]byte(nil), b...)
	return msg, nil
}

func (m *messageReader) desktopSize() (clientMessage, error) {
	b, err := m.read(7)
	if err != nil {
		return nil, err
	}
	msg := setDesktopSize{size: image.Pt(int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:])))}
	for range int(b[5]) {
		if _, err := m.read(16); err != nil {
			return nil, err
		}
	}
	return msg, nil
}

// fromLatin1 decodes ISO 8859-1, the text encoding of RFC 6143.
func fromLatin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

// appendLatin1 encodes text as Latin-1; other characters become "?".
func appendLatin1(b []byte, text string) []byte {
	for _, r := range text {
		if r > 0xff || r == utf8.RuneError {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

// appendServerCutText appends ServerCutText; RFC 6143, section 7.6.4.
func appendServerCutText(b []byte, text string) []byte {
	b = append(b, msgServerCutText, 0, 0, 0)
	at := len(b)
	b = appendLatin1(append(b, 0, 0, 0, 0), text)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}
