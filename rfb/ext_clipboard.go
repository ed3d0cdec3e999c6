package rfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zlib"
)

// rfbproto, section "Extended Clipboard Pseudo-Encoding": text as UTF-8, announced first and sent
// when the other side requests it.
const (
	clipboardText    = 1 << 0
	clipboardCaps    = 1 << 24
	clipboardRequest = 1 << 25
	clipboardPeek    = 1 << 26
	clipboardNotify  = 1 << 27
	clipboardProvide = 1 << 28
	clipboardFormats = 0xffff
)

// Limits of the clipboard texts that are compressed and expanded for a viewer, because a message of
// a few bytes can cause work on a megabyte.
const (
	clipboardPerSecond = maxCutText // bytes of text
	clipboardAtOnce    = 4 * maxCutText
)

// clipboardWork is how much of these limits a viewer has used. The zero value has used nothing.
type clipboardWork struct {
	used float64 // bytes; decreases over time
	at   time.Time
}

// over reports whether the limit is reached, so that the next text is refused.
func (w *clipboardWork) over(now time.Time) bool {
	if !w.at.IsZero() {
		w.used = max(0, w.used-now.Sub(w.at).Seconds()*clipboardPerSecond)
	}
	w.at = now
	return w.used >= clipboardAtOnce
}

// spend counts a text.
func (w *clipboardWork) spend(bytes int) { w.used += float64(bytes) }

// clipboardOffer is the customer's text that was announced to a viewer.
type clipboardOffer struct {
	text      string
	answering bool // an answer that contains the text is queued
}

// appendExtendedCutText appends a ServerCutText of the extended form.
func appendExtendedCutText(b []byte, flags uint32, data []byte) []byte {
	b = append(b, msgServerCutText, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(-int32(4+len(data))))
	b = binary.BigEndian.AppendUint32(b, flags)
	return append(b, data...)
}

// appendClipboardCaps announces what the server supports: text, none of it unrequested.
func appendClipboardCaps(b []byte) []byte {
	return appendExtendedCutText(b, clipboardText|clipboardCaps|clipboardRequest|clipboardPeek|clipboardNotify|clipboardProvide,
		make([]byte, 4))
}

// appendClipboardProvide appends the text: its length and its UTF-8 with CR LF line ends and a
// final NUL, compressed with zlib.
func appendClipboardProvide(b []byte, text string) ([]byte, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n") + "\x00"
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	if err2 := w.Close(); err == nil {
		err = err2
	}
	return appendExtendedCutText(b, clipboardProvide|clipboardText, z.Bytes()), err
}

// parseClipboardProvide reads the text of a Provide action's data.
func parseClipboardProvide(data []byte) (string, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("rfb: clipboard: %w", err)
	}
	defer r.Close()
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return "", fmt.Errorf("rfb: clipboard: %w", err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxCutText {
		return "", fmt.Errorf("rfb: clipboard: text of %d bytes, at most %d are taken", n, maxCutText)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return "", fmt.Errorf("rfb: clipboard: %w", err)
	}
	if uint32(len(text)) < n {
		return "", errors.New("rfb: clipboard: text ends early")
	}
	s := strings.TrimSuffix(string(text), "\x00")
	if !utf8.ValidString(s) {
		return "", errors.New("rfb: clipboard: text is not UTF-8")
	}
	return strings.ReplaceAll(s, "\r\n", "\n"), nil
}

// extendedCutText handles a viewer's message. Without RightClipboard nothing is requested, sent or
// accepted.
func (r *reader) extendedCutText(body []byte) error {
	c := r.conn
	if len(body) < 4 {
		return errors.New("rfb: clipboard: message without flags")
	}
	flags, data := binary.BigEndian.Uint32(body), body[4:]
	if flags&clipboardCaps != 0 {
		return nil // every viewer with the extension supports text
	}
	allowed := c.Rights().Has(RightClipboard)
	if !allowed || flags&clipboardFormats&clipboardText == 0 && flags&clipboardPeek == 0 {
		return nil
	}
	if flags&(clipboardProvide|clipboardRequest) != 0 && r.clipboard.over(time.Now()) {
		return errors.New("rfb: clipboard: too much in too short a time")
	}
	switch {
	case flags&clipboardProvide != 0:
		text, err := parseClipboardProvide(data)
		r.clipboard.spend(max(len(text), len(data)))
		if err != nil {
			r.clipboard.spend(maxCutText) // how much was expanded is unknown
			return err
		}
		r.deliverText(text)
	case flags&clipboardNotify != 0:
		c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardRequest|clipboardText, nil) })
	case flags&clipboardRequest != 0:
		return r.provideText()
	case flags&clipboardPeek != 0:
		c.mu.Lock()
		formats := uint32(clipboardText)
		if c.offered.text == "" {
			formats = 0
		}
		c.mu.Unlock()
		c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardNotify|formats, nil) })
	}
	return nil
}

// provideText answers a request for the announced text. While one answer is queued, further
// requests add none.
func (r *reader) provideText() error {
	c := r.conn
	c.mu.Lock()
	text, waits := c.offered.text, c.offered.answering
	c.offered.answering = true
	c.mu.Unlock()
	if waits {
		return nil
	}
	r.clipboard.spend(len(text))
	b, err := appendClipboardProvide(nil, text)
	if err != nil {
		return err
	}
	c.queue(func(out []byte) []byte {
		c.mu.Lock()
		c.offered.answering = false
		c.mu.Unlock()
		return append(out, b...)
	})
	return nil
}

// offerClipboardLocked announces the extension to a viewer that supports it and has RightClipboard.
// The caller holds mu.
func (c *Conn) offerClipboardLocked() error {
	if !c.viewer.caps.clipboard || !c.rights.Has(RightClipboard) {
		return nil
	}
	c.viewer.told.clipboard = true
	return c.queueLocked(appendClipboardCaps)
}
