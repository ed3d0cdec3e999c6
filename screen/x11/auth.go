//go:build linux

package x11

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
)

// Families of an authority record, from Xauth(7) and the X protocol's
// host families.
const (
	xauthInternet  = 0
	xauthInternet6 = 6
	xauthLocal     = 256
	xauthWild      = 65535
)

const (
	xauthCookie    = "MIT-MAGIC-COOKIE-1"
	xauthCookieLen = 16
	maxXauthFile   = 1 << 20
)

// xauthRecord is one record of an authority file.
type xauthRecord struct {
	family        uint16
	address       string
	display, name string
	data          []byte
}

// parseXauthority reads the records before the first malformed one.
func parseXauthority(b []byte) []xauthRecord {
	var all []xauthRecord
	field := func() (string, bool) {
		if len(b) < 2 {
			return "", false
		}
		n := int(binary.BigEndian.Uint16(b))
		if len(b) < 2+n {
			return "", false
		}
		s := string(b[2 : 2+n])
		b = b[2+n:]
		return s, true
	}
	for len(b) >= 2 {
		r := xauthRecord{family: binary.BigEndian.Uint16(b)}
		b = b[2:]
		var data string
		for _, f := range []*string{&r.address, &r.display, &r.name, &data} {
			s, ok := field()
			if !ok {
				return all
			}
			*f = s
		}
		r.data = []byte(data)
		all = append(all, r)
	}
	return all
}

// chooseCookie returns the cookie for a display number. ip is the server's address, nil for a local
// socket.
func chooseCookie(all []xauthRecord, number, host string, ip net.IP) (cookieHex string) {
	best := 0
	for _, r := range all {
		if r.name != xauthCookie || len(r.data) != xauthCookieLen {
			continue
		}
		if r.display != number && r.display != "" {
			continue
		}
		score := 0
		switch r.family {
		case xauthLocal:
			switch {
			case r.address == host:
				score = 3
			case ip == nil:
				score = 1 // the machine was renamed after the login
			}
		case xauthWild:
			score = 2
		case xauthInternet, xauthInternet6:
			if ip != nil && (net.IP(r.address)).Equal(ip) {
				score = 3
			}
		}
		if score > best {
			best, cookieHex = score, hex.EncodeToString(r.data)
		}
	}
	return cookieHex
}

// findCookie looks in $XAUTHORITY or ~/.Xauthority; empty: none.
func findCookie(number string, remote net.Addr) string {
	path := os.Getenv("XAUTHORITY")
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		path = filepath.Join(home, ".Xauthority")
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxXauthFile))
	if err != nil {
		return ""
	}
	var ip net.IP
	if a, ok := remote.(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		ip = a.IP // a loopback address is stored under the machine's name
	}
	host, _ := os.Hostname()
	return chooseCookie(parseXauthority(b), number, host, ip)
}
