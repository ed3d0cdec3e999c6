package whereto

import (
	"net/url"
	"strings"

	"lotse/tunnel"
)

const (
	// maxMark bounds what is read of a mark.
	maxMark = 16 << 10
	// downloadPath is where gateways hand out programs; PROTOCOL.md, section 4.
	downloadPath = "/download"
)

// mark is what a browser noted of a download: where the file came from and on
// which page the link was. Programs from elsewhere have marks, too.
type mark struct{ file, page string }

// fromMark takes a file's address only below /download, and a page's only when
// it is a site's first page: other marks are of other sites, such as a mail
// service or a software archive, and name nothing.
func fromMark(m mark) (string, error) {
	if host, path, ok := cutURL(m.file); ok && (path == downloadPath || strings.HasPrefix(path, downloadPath+"/")) {
		return tunnel.ParseGatewayName(host)
	}
	// A search engine's first page is no gateway either; but it would only be
	// shown, refused by the customer, and answer no gateway's questions.
	if host, path, ok := cutURL(m.page); ok && m.file == "" && (path == "" || path == "/") {
		return tunnel.ParseGatewayName(host)
	}
	return "", nil
}

// cutURL takes an address apart without decoding anything: host has the scheme
// before it, so that http is refused in words.
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
	// What Go's own parser does not take is no address.
	if _, err := url.Parse(s); err != nil {
		return "", "", false
	}
	return scheme + "://" + host, path, true
}

// parseZone reads a Zone.Identifier stream: an .ini text.
// [MS-FSCC], section 5.6.1.
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
