package clipformat

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The comments around the part of the HTML that was copied.
const (
	startFragment = "<!--StartFragment-->"
	endFragment   = "<!--EndFragment-->"
)

// maxHTMLHeader is the maximum size of the header in bytes.
const maxHTMLHeader = 4 << 10

// AppendHTML appends HTML in Windows's "HTML Format": a header with the offsets of the HTML and of
// the fragment in it, in bytes from the start of the header, and the HTML in UTF-8. HTML without
// the comments around a fragment is a fragment as a whole.
func AppendHTML(b []byte, html string) []byte {
	start := strings.Index(html, startFragment)
	if start < 0 || !strings.Contains(html[start:], endFragment) {
		html = "<html><body>\r\n" + startFragment + html + endFragment + "\r\n</body></html>"
		start = strings.Index(html, startFragment)
	}
	start += len(startFragment)
	end := start + strings.LastIndex(html[start:], endFragment)
	const header = "Version:0.9\r\nStartHTML:%010d\r\nEndHTML:%010d\r\nStartFragment:%010d\r\nEndFragment:%010d\r\n"
	size := len(fmt.Sprintf(header, 0, 0, 0, 0))
	b = fmt.Appendf(b, header, size, size+len(html), size+start, size+end)
	return append(b, html...)
}

// ParseHTML returns the HTML of the "HTML Format", or the fragment if the header says nothing of
// the HTML around it. Bytes that are not UTF-8 are replaced.
func ParseHTML(b []byte) (string, error) {
	b = bytes.TrimRight(b, "\x00")
	offsets, err := htmlOffsets(b)
	if err != nil {
		return "", err
	}
	for _, names := range [...][2]string{{"StartHTML", "EndHTML"}, {"StartFragment", "EndFragment"}} {
		start, ok := offsets[names[0]]
		end, ok2 := offsets[names[1]]
		if ok && ok2 && start <= end && end <= len(b) {
			return strings.ToValidUTF8(string(b[start:end]), string(utf8.RuneError)), nil
		}
	}
	return "", errors.New("clipformat: HTML without valid offsets")
}

// htmlOffsets reads the lines of the header. The first line without a colon, or with markup, ends
// it. A value of -1, which means none, is left out.
func htmlOffsets(b []byte) (map[string]int, error) {
	offsets := map[string]int{}
	if !bytes.HasPrefix(b, []byte("Version:")) {
		return nil, errors.New("clipformat: HTML without a version")
	}
	for rest := b[:min(len(b), maxHTMLHeader)]; ; {
		end := bytes.IndexAny(rest, "\r\n")
		if end < 0 {
			return offsets, nil
		}
		name, value, ok := strings.Cut(string(rest[:end]), ":")
		if !ok || strings.ContainsAny(name, "<>") {
			return offsets, nil
		}
		if _, twice := offsets[name]; !twice { // the HTML may look like another header
			if n, ok := offset(value); ok {
				offsets[name] = n
			}
		}
		rest = bytes.TrimLeft(rest[end:], "\r\n")
	}
}

// offset reads digits only.
func offset(s string) (n int, ok bool) {
	s = strings.TrimSpace(s)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<27 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != ""
}
