package rfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zlib"

	"lotse/screen"
	"lotse/screen/clipformat"
)

// Limits of the forms of one content in bytes, as they are expanded.
const (
	maxClipboardHTML    = screen.MaxClipText + 4<<10        // with the header
	maxClipboardDIB     = 4*screen.MaxPicturePixels + 4<<10 // with the header
	maxClipboardIgnored = 8 << 20
	// maxClipboardAnswer is the maximum size of an answer, compressed.
	maxClipboardAnswer = 32 << 20
)

// Copied is what a viewer's user has copied.
type Copied struct {
	Text, HTML string
	picture    func() (*screen.Picture, error) // nil: none
	pixels     int                             // bytes of pixels, 4 for each
}

// Clip returns the content. It takes up to two seconds if there is a picture. After an error the
// texts are valid and there is no picture.
func (c Copied) Clip() (screen.Clip, error) {
	clip := screen.Clip{Text: c.Text, HTML: c.HTML}
	var err error
	if c.picture != nil {
		clip.Picture, err = c.picture()
	}
	return clip, err
}

// appendClipboardProvide appends the forms in the order of their formats, each with its length,
// compressed with zlib.
func appendClipboardProvide(b []byte, formats uint32, clip screen.Clip) ([]byte, error) {
	var z bytes.Buffer
	level := zlib.DefaultCompression
	switch {
	case formats&clipboardDIB != 0:
		level = zlib.BestSpeed
	case formats&clipboardPNG != 0:
		level = zlib.NoCompression // it is compressed already
	}
	w, err := zlib.NewWriterLevel(&z, level)
	if err != nil {
		return b, err
	}
	for f := formats; f != 0 && err == nil; f &= f - 1 {
		err = writeForm(w, f&-f, clip)
	}
	if err2 := w.Close(); err == nil {
		err = err2
	}
	if err == nil && z.Len() > maxClipboardAnswer {
		err = errors.New("rfb: clipboard: the answer is too large")
	}
	return appendExtendedCutText(b, clipboardProvide|formats, z.Bytes()), err
}

// writeForm writes a form with its length. Text has CR LF as line end and a final NUL.
func writeForm(w io.Writer, format uint32, clip screen.Clip) error {
	var form []byte
	switch format {
	case clipboardText:
		text := strings.ReplaceAll(strings.ReplaceAll(clip.Text, "\r\n", "\n"), "\n", "\r\n")
		form = append([]byte(text), 0)
	case clipboardHTML:
		form = append(clipformat.AppendHTML(nil, clip.HTML), 0)
	case clipboardPNG:
		form = clip.Picture.PNG()
	case clipboardDIB:
		m, err := clip.Picture.Decode()
		if err != nil {
			return err
		}
		size := binary.BigEndian.AppendUint32(nil, uint32(clipformat.DIBSize(clip.Picture.Size())))
		if _, err := w.Write(size); err != nil {
			return err
		}
		return clipformat.WriteDIB(w, m)
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(form))), form...))
	return err
}

// parseClipboardProvide reads the wanted forms among formats, of a Provide action's data. A picture
// is not decoded.
func parseClipboardProvide(formats, wanted uint32, data []byte) (copied Copied, err error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return copied, fmt.Errorf("rfb: clipboard: %w", err)
	}
	for f := formats; f != 0 && f&wanted != 0 && copied.picture == nil; f &= f - 1 {
		format := f & -f
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return copied, fmt.Errorf("rfb: clipboard: %w", err)
		}
		n := int64(binary.BigEndian.Uint32(size[:]))
		if format&wanted == 0 {
			if n > maxClipboardIgnored {
				return copied, fmt.Errorf("rfb: clipboard: %d bytes in the format %#x, which was not requested", n, format)
			}
			if _, err := io.CopyN(io.Discard, r, n); err != nil {
				return copied, fmt.Errorf("rfb: clipboard: %w", err)
			}
			continue
		}
		if err := copied.parse(format, n, r); err != nil {
			return copied, err
		}
	}
	return copied, nil
}

// parse reads one form of n bytes.
func (c *Copied) parse(format uint32, n int64, r io.Reader) error {
	limit := map[uint32]int64{
		clipboardText: maxCutText, clipboardHTML: maxClipboardHTML, clipboardDIB: maxClipboardDIB, clipboardPNG: screen.MaxPictureBytes,
	}[format]
	if n > limit {
		return fmt.Errorf("rfb: clipboard: %d bytes in the format %#x, at most %d are taken", n, format, limit)
	}
	if format == clipboardDIB {
		c.pixels = int(n)
		c.picture = func() (*screen.Picture, error) {
			// A pixel has three bytes at least, so few bytes cannot promise many pixels.
			m, err := clipformat.DecodeDIB(io.LimitReader(r, n), min(screen.MaxPicturePixels, int(n/3)))
			if err != nil {
				return nil, err
			}
			return screen.NewPicture(m)
		}
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return fmt.Errorf("rfb: clipboard: %w", err)
	}
	if int64(len(b)) < n {
		return errors.New("rfb: clipboard: a form ends early")
	}
	switch format {
	case clipboardText:
		s := strings.TrimSuffix(string(b), "\x00")
		if !utf8.ValidString(s) {
			return errors.New("rfb: clipboard: text is not UTF-8")
		}
		c.Text = strings.ReplaceAll(s, "\r\n", "\n")
	case clipboardHTML:
		// Text goes with it; HTML that cannot be read does not spoil the text.
		if html, err := clipformat.ParseHTML(b); err == nil && len(html) <= screen.MaxClipText {
			c.HTML = html
		}
	case clipboardPNG:
		head, err := png.DecodeConfig(bytes.NewReader(b))
		if err != nil || head.Width > screen.MaxPicturePixels/max(1, head.Height) {
			return errors.New("rfb: clipboard: a picture that is malformed or too large")
		}
		c.pixels = 4 * head.Width * head.Height
		c.picture = func() (*screen.Picture, error) { return screen.ParsePicture(b) }
	}
	return nil
}
