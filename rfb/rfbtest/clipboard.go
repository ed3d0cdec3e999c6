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
	ClipboardHTML    = 1 << 2
	ClipboardDIB     = 1 << 3
	ClipboardPNG     = 1 << 15 // this server's own
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
	// Forms are those of a provide message, as they were sent, by format.
	Forms map[uint32]string
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
		const known = ClipboardText | ClipboardHTML | ClipboardDIB | ClipboardPNG
		if formats := m.Flags & 0xffff; formats == 0 || formats&^known != 0 {
			return m, fmt.Errorf("%w: clipboard formats %#x", ErrReserved, m.Flags)
		}
		if m.Forms, err = parseProvided(m.Flags&0xffff, b); err == nil && m.Flags&ClipboardText != 0 {
			m.Text, err = providedText(m.Forms[ClipboardText])
		}
		return m, err
	}
	if len(b) != 0 {
		return m, fmt.Errorf("%w: %d bytes in a clipboard message", ErrTrailing, len(b))
	}
	return m, nil
}

// parseProvided reads the zlib stream of a provide message: each form behind its length, and
// nothing else.
func parseProvided(formats uint32, data []byte) (map[uint32]string, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrZlib, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxProvided+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrZlib, err)
	}
	forms := map[uint32]string{}
	for ; formats != 0; formats &= formats - 1 {
		if len(b) < 4 || int(binary.BigEndian.Uint32(b)) > len(b)-4 {
			return nil, fmt.Errorf("%w: provided form %#x", ErrLength, formats&-formats)
		}
		n := 4 + int(binary.BigEndian.Uint32(b))
		forms[formats&-formats], b = string(b[4:n]), b[n:]
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("%w: %d bytes behind the provided forms", ErrTrailing, len(b))
	}
	return forms, nil
}

// maxProvided is the maximum size of all forms in bytes.
const maxProvided = 80 << 20

func providedText(form string) (string, error) {
	text, ended := strings.CutSuffix(form, "\x00")
	unix := strings.ReplaceAll(text, "\r\n", "\n")
	if !ended || !utf8.ValidString(text) || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		return "", fmt.Errorf("%w: provided text %q", ErrText, text)
	}
	return unix, nil
}
