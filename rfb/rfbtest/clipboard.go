package rfbtest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Actions and formats of rfbproto, section "Extended Clipboard
// Pseudo-Encoding".
const (
	ClipboardText    = 1 << 0
	ClipboardCaps    = 1 << 24
	ClipboardRequest = 1 << 25
	ClipboardPeek    = 1 << 26
	ClipboardNotify  = 1 << 27
	ClipboardProvide = 1 << 28
)

// ClipboardMessage is an extended ServerCutText.
type ClipboardMessage struct {
	Flags uint32
	Sizes []uint32 // of a caps message
	Text  string   // of a provide message, with "\n" as line end
}

// serverCutText reads ServerCutText, RFC 6143, section 7.6.4, or its extended form.
func (v *Viewer) serverCutText() (any, error) {
	if err := v.in.skip(3); err != nil {
		return nil, err
	}
	length, err := v.in.u32()
	if err != nil {
		return nil, err
	}
	if n := int32(length); n < 0 {
		if !v.asked(ExtendedClipboard) {
			return nil, fmt.Errorf("%w: extended clipboard", ErrMessage)
		}
		body, err := v.in.bytes(-int(n), maxText)
		if err != nil {
			return nil, err
		}
		return parseClipboard(body)
	}
	b, err := v.in.bytes(int(length), maxText)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(b, '\r') >= 0 {
		return nil, fmt.Errorf("%w: carriage return in ServerCutText", ErrText)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return CutText{string(runes)}, nil
}

func parseClipboard(b []byte) (m ClipboardMessage, err error) {
	if len(b) < 4 {
		return m, fmt.Errorf("%w: clipboard message without flags", ErrLength)
	}
	m.Flags = binary.BigEndian.Uint32(b)
	b = b[4:]
	const reserved = 0xe0ff0000
	actions := m.Flags >> 24
	switch {
	case m.Flags&reserved != 0, m.Flags&ClipboardCaps == 0 && actions&(actions-1) != 0, actions == 0:
		return m, fmt.Errorf("%w: clipboard flags %#x", ErrReserved, m.Flags)
	case m.Flags&ClipboardCaps != 0:
		for f := m.Flags & 0xffff; f != 0; f &= f - 1 {
			if len(b) < 4 {
				return m, fmt.Errorf("%w: clipboard sizes", ErrLength)
			}
			m.Sizes = append(m.Sizes, binary.BigEndian.Uint32(b))
			b = b[4:]
		}
	case m.Flags&ClipboardProvide != 0:
		if m.Flags&0xffff != ClipboardText {
			return m, fmt.Errorf("%w: clipboard formats %#x", ErrReserved, m.Flags)
		}
		m.Text, err = parseProvided(b)
		return m, err
	}
	if len(b) != 0 {
		return m, fmt.Errorf("%w: %d bytes in a clipboard message", ErrTrailing, len(b))
	}
	return m, nil
}

// parseProvided reads the zlib stream of a provide message that contains only text.
func parseProvided(data []byte) (string, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrZlib, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrZlib, err)
	}
	if len(b) < 5 || int(binary.BigEndian.Uint32(b)) != len(b)-4 {
		return "", fmt.Errorf("%w: provided text", ErrLength)
	}
	text, ended := strings.CutSuffix(string(b[4:]), "\x00")
	unix := strings.ReplaceAll(text, "\r\n", "\n")
	if !ended || !utf8.ValidString(text) || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		return "", fmt.Errorf("%w: provided text %q", ErrText, text)
	}
	return unix, nil
}
