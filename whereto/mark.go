package whereto

import (
	"net/url"
	"strings"

	"lotse/tunnel"
)

const (
	// maxMark is the maximum number of bytes read of a mark.
	maxMark = 16 << 10
	// downloadPath is where gateways offer programs; PROTOCOL.md, section 4.
	downloadPath = "/download"
)

// mark is what a browser recorded about a download: the file's address and the page that contained
// the link. Other programs' files have marks, too.
type mark struct{ file, page string }

// fromMark accepts a file's address only below /download, and a page's address only if it is a
// site's first page. Other marks are from other sites, such as a mail service or a software
// archive, and do not name a gateway.
func fromMark(m mark) (string, error) {
	if host, path, ok := cutURL(m.file); ok && (path == downloadPath || strings.HasPrefix(path, downloadPath+"/")) {
		return tunnel.ParseGatewayName(host)
	}
	// A search engine's first page is no gateway either, but it would only be shown to the
	// customer, who refuses it, and it would not answer like a gateway.
	if host, path, ok := cutURL(m.page); ok && m.file == "" && (path == "" || path == "/") {
		return tunnel.ParseGatewayName(host)
	}
	return "", nil
}

// cutURL splits an address without decoding anything. host includes the scheme, so that http is
// refused with an explanation.
func cutURL(s string) (host, path string, ok bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || len(s) > 4096 || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return "", "", false
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	host, path, slash := strings.Cut(rest, "/")
	if slash {
		path = "/" + path
	}
	// An address must also be accepted by Go's own parser.
	if _, err := url.Parse(s); err != nil {
		return "", "", false
	}
	return scheme + "://" + host, path, true
}

// parseZone parses a Zone.Identifier stream, which is an .ini text. [MS-FSCC], section 5.6.1.
func parseZone(text []byte) (m mark) {
	section := ""
	for line := range strings.Lines(string(text[:min(len(text), maxMark)])) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || !strings.EqualFold(section, "[ZoneTransfer]") {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "hosturl":
			m.file = strings.TrimSpace(value)
		case "referrerurl":
			m.page = strings.TrimSpace(value)
		}
	}
	return m
}
