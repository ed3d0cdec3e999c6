//go:build windows

package windows

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"unicode/utf16"
	"unsafe"

	"lotse/screen"
	"lotse/screen/clipformat"
)

const (
	cfDIB          = 8
	cfUnicodeText  = 13
	cfDIBV5        = 17
	globalMoveable = 2
	// maxDIB is the maximum size of a DIB in bytes: pixels, header and colours.
	maxDIB = 4*screen.MaxPicturePixels + 4096
	// maxCFHTML is the maximum size of HTML with its header.
	maxCFHTML = screen.MaxClipText + 4096
)

// The formats that have a name.
var (
	htmlFormat = namedFormat("HTML Format")
	pngFormat  = namedFormat("PNG")
	// The first two mark contents that no other program should look at, the others those that the
	// system must not keep or pass on if they contain a 0. Password managers use them.
	excludeFormat = namedFormat("ExcludeClipboardContentFromMonitorProcessing")
	ignoreFormat  = namedFormat("Clipboard Viewer Ignore")
	historyFormat = namedFormat("CanIncludeInClipboardHistory")
	uploadFormat  = namedFormat("CanUploadToCloudClipboard")
)

func namedFormat(name string) func() uintptr {
	return sync.OnceValue(func() uintptr { return call(procRegisterClipboardFormat, uintptr(unsafe.Pointer(utf16Ptr(name)))) })
}

// errTooLong is the reason why a form is left out.
var errTooLong = errors.New("windows: too long for the clipboard")

// form is a content in one format of the clipboard.
type form struct {
	format uintptr
	data   []byte
}

// responds reports whether a window's program answers within a second.
func responds(window uintptr) bool {
	const wmNull, abortIfHung, milliseconds = 0, 2, 1000
	var result uintptr
	return call(procSendMessageTimeout, window, wmNull, 0, 0, abortIfHung, milliseconds, uintptr(unsafe.Pointer(&result))) != 0
}

func available(format uintptr) bool { return call(procIsClipboardFormatAvailable, format) != 0 }

// read runs on the thread. It reads what the owner, a program's window, has copied. It returns
// nothing of what is marked as a secret, or if there is another owner by now, which another message
// reports. Forms that are too long or malformed are left out.
func (c *clipboard) read(owner uintptr, program screen.ClipboardOwner) (content copied, err error) {
	if err := openClipboard(c.window); err != nil {
		return content, err
	}
	defer call(procCloseClipboard)
	if content.owner = program; owner != call(procGetClipboardOwner) {
		content.owner = 0 // that window may be gone
		if call(procGetClipboardOwner) != 0 || len(c.wanting(0)) == 0 {
			return content, nil
		}
	}
	if isSecret() {
		return content, nil
	}
	c.readForms(&content)
	return content, nil
}

// readForms reads all forms. The clipboard must be open.
func (c *clipboard) readForms(content *copied) {
	text, err := readText()
	content.text = text
	html, err2 := readForm(htmlFormat(), maxCFHTML)
	if html != nil {
		if content.html, err2 = clipformat.ParseHTML(cutAtNUL(html)); len(content.html) > screen.MaxClipText {
			content.html, err2 = "", errTooLong
		}
	}
	var err3 error
	switch {
	case available(pngFormat()):
		content.png, err3 = readForm(pngFormat(), screen.MaxPictureBytes)
	case available(cfDIBV5):
		content.dib, err3 = readForm(cfDIBV5, maxDIB)
	default:
		content.dib, err3 = readForm(cfDIB, maxDIB)
	}
	if err := errors.Join(err, err2, err3); err != nil {
		c.o.Logger.Info("windows: something was left out of the clipboard", "reason", err.Error())
	}
}

// isSecret reports whether the content is marked. The clipboard must be open.
func isSecret() bool {
	if available(excludeFormat()) || available(ignoreFormat()) {
		return true
	}
	for _, format := range [...]uintptr{historyFormat(), uploadFormat()} {
		if !available(format) {
			continue
		}
		if b, err := readForm(format, 4096); err != nil || len(b) < 4 || binary.LittleEndian.Uint32(b) == 0 {
			return true
		}
	}
	return false
}

// readForm returns a copy of the content in one format; nil: there is none. The clipboard must be
// open. The system may have added bytes at the end.
func readForm(format uintptr, limit int) ([]byte, error) {
	if !available(format) {
		return nil, nil
	}
	h := call(procGetClipboardData, format)
	if h == 0 {
		return nil, errors.New("windows: the clipboard's owner does not deliver what it offers")
	}
	size := call(procGlobalSize, h)
	if size > uintptr(limit) {
		return nil, errTooLong
	}
	at, err := truth(procGlobalLock, h)
	if err != nil {
		return nil, err
	}
	defer call(procGlobalUnlock, h)
	return bytes.Clone(unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), size)), nil
}

func readText() (string, error) {
	b, err := readForm(cfUnicodeText, 2*screen.MaxClipText+2)
	if err != nil {
		return "", err
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	text := strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n")
	if len(text) > screen.MaxClipText {
		return "", errTooLong
	}
	return text, nil
}

func cutAtNUL(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b
}

// formsOf returns what is put on the clipboard. The system converts the DIB to the older formats.
func formsOf(clip screen.Clip) (forms []form, err error) {
	if clip.Text != "" || clip.Empty() {
		text := strings.ReplaceAll(strings.ReplaceAll(clip.Text, "\r\n", "\n"), "\n", "\r\n")
		var b []byte
		for _, u := range utf16.Encode([]rune(strings.ReplaceAll(text, "\x00", "") + "\x00")) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		forms = append(forms, form{cfUnicodeText, b})
	}
	if clip.HTML != "" {
		html := strings.ToValidUTF8(strings.ReplaceAll(clip.HTML, "\x00", ""), "\uFFFD")
		forms = append(forms, form{htmlFormat(), append(clipformat.AppendHTML(nil, html), 0)})
	}
	if clip.Picture != nil {
		m, err := clip.Picture.Decode()
		if err != nil {
			return nil, err
		}
		var dib bytes.Buffer
		dib.Grow(clipformat.DIBSize(clip.Picture.Size()))
		if err := clipformat.WriteDIB(&dib, m); err != nil {
			return nil, err
		}
		forms = append(forms, form{pngFormat(), clip.Picture.PNG()}, form{cfDIBV5, dib.Bytes()})
	}
	return forms, nil
}

// write runs on the thread. It replaces what is on the clipboard.
func (c *clipboard) write(forms []form) error {
	if err := openClipboard(c.window); err != nil {
		return err
	}
	defer call(procCloseClipboard)
	call(procEmptyClipboard)
	for _, f := range forms {
		if err := writeForm(f); err != nil {
			return err
		}
	}
	return nil
}

// writeForm adds one format. The clipboard must be open.
func writeForm(f form) error {
	h, err := truth(procGlobalAlloc, globalMoveable, uintptr(len(f.data)))
	if err != nil {
		return err
	}
	at, err := truth(procGlobalLock, h)
	if err != nil {
		call(procGlobalFree, h)
		return err
	}
	copy(unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), len(f.data)), f.data)
	call(procGlobalUnlock, h)
	if _, err := truth(procSetClipboardData, f.format, h); err != nil {
		call(procGlobalFree, h)
		return err
	}
	return nil // the system owns the memory now
}
