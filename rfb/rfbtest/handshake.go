package rfbtest

import (
	"crypto/des"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"image"
	"math/bits"
	"net"
	"regexp"
	"slices"
)

// Config configures a Viewer. The zero value uses version 3.8 and shares the desktop.
type Config struct {
	// Version is "3.3", "3.7" or "3.8"; empty: 3.8, or the server's version if that is lower.
	Version string
	// Password is for VncAuth, which is chosen if Password is set and the server offers it.
	Password string
	// TLS, if set, makes the Viewer choose VeNCrypt X509Plain, with User and Password.
	TLS  *tls.Config
	User string
	// Exclusive asks the server to disconnect other viewers.
	Exclusive bool
}

// Security types; RFC 6143, section 7.2.
const (
	securityNone    = 1
	securityVncAuth = 2
)

var versionPattern = regexp.MustCompile(`^RFB 003\.(003|007|008)\n$`)

// Dial connects to a server over TCP.
func Dial(address string, cfg Config) (*Viewer, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	v, err := New(conn, cfg)
	if err != nil {
		conn.Close()
	}
	return v, err
}

// New runs the handshake on conn. The Viewer then owns conn.
func New(conn net.Conn, cfg Config) (*Viewer, error) {
	v := newViewer(conn)
	h := handshake{v}
	version, err := h.version(cfg.Version)
	if err != nil {
		return nil, err
	}
	security, err := h.security(version, cfg)
	if err != nil {
		return nil, err
	}
	switch security {
	case securityVncAuth:
		err = h.vncAuth(cfg.Password)
	case securityVeNCrypt:
		err = h.veNCrypt(cfg.TLS, cfg.User, cfg.Password)
	}
	if err != nil {
		return nil, err
	}
	if security != securityNone || version == "3.8" {
		if err := h.securityResult(version); err != nil {
			return nil, err
		}
	}
	if err := v.send([]byte{flag(!cfg.Exclusive)}); err != nil {
		return nil, err
	}
	return v, h.serverInit()
}

// handshake is the first part of a connection; RFC 6143, section 7.1 to 7.3.
type handshake struct{ *Viewer }

// version handles RFC 6143, section 7.1.1.
func (h handshake) version(want string) (string, error) {
	b, err := h.in.bytes(12, 12)
	if err != nil {
		return "", err
	}
	m := versionPattern.FindSubmatch(b)
	if m == nil {
		return "", fmt.Errorf("%w: %q", ErrVersion, b)
	}
	theirs := "3." + string(m[1][2:])
	if want == "" || theirs < want {
		want = theirs
	}
	return want, h.send([]byte("RFB 003.00" + want[2:] + "\n"))
}

// security handles RFC 6143, section 7.1.2.
func (h handshake) security(version string, cfg Config) (byte, error) {
	if version == "3.3" {
		n, err := h.in.u32()
		if err != nil {
			return 0, err
		}
		switch n {
		case 0:
			return 0, h.refused()
		case securityNone, securityVncAuth:
			return byte(n), nil
		}
		return 0, fmt.Errorf("%w: %d", ErrSecurity, n)
	}
	n, err := h.in.u8()
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, h.refused()
	}
	types, err := h.in.bytes(int(n), 255)
	if err != nil {
		return 0, err
	}
	wanted := []byte{securityNone, securityVncAuth}
	if cfg.Password != "" {
		slices.Reverse(wanted)
	}
	if cfg.TLS != nil {
		wanted = []byte{securityVeNCrypt}
	}
	for _, t := range wanted {
		if slices.Contains(types, t) {
			return t, h.send([]byte{t})
		}
	}
	return 0, fmt.Errorf("%w: offered are %v", ErrSecurity, types)
}

func (h handshake) refused() error {
	reason, err := h.in.text(maxReason)
	if err != nil {
		return err
	}
	return Refused{reason}
}

// vncAuth handles RFC 6143, section 7.2.2: DES with the password as key, each of whose bytes has
// its bits reversed.
func (h handshake) vncAuth(password string) error {
	challenge, err := h.in.bytes(16, 16)
	if err != nil {
		return err
	}
	key := make([]byte, 8)
	copy(key, password)
	for i := range key {
		key[i] = bits.Reverse8(key[i])
	}
	block, err := des.NewCipher(key)
	if err != nil {
		return err
	}
	response := make([]byte, 16)
	block.Encrypt(response[:8], challenge[:8])
	block.Encrypt(response[8:], challenge[8:])
	return h.send(response)
}

// securityResult handles RFC 6143, section 7.1.3.
func (h handshake) securityResult(version string) error {
	n, err := h.in.u32()
	switch {
	case err != nil:
		return err
	case n == 0:
		return nil
	case n != 1:
		return fmt.Errorf("%w: security result %d", ErrReserved, n)
	case version != "3.8":
		return Refused{}
	}
	return h.refused()
}

// serverInit handles RFC 6143, section 7.3.2.
func (h handshake) serverInit() error {
	head, err := h.in.bytes(20, 20)
	if err != nil {
		return err
	}
	size := image.Pt(int(binary.BigEndian.Uint16(head)), int(binary.BigEndian.Uint16(head[2:])))
	format, err := parsePixelFormat(head[4:])
	if err != nil {
		return err
	}
	h.pixels = newPixels(format)
	if h.desktop.name, err = h.in.text(maxName); err != nil {
		return err
	}
	return h.resize(size)
}
