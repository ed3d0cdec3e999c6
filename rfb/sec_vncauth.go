package rfb

import (
	"crypto/des"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"math/bits"
	"net"
)

// VncAuth is VNC Authentication; RFC 6143, section 7.2.2. The password counts
// with its first eight bytes only and nothing after it is encrypted: offer it
// on loopback or inside an encrypted stream.
type VncAuth struct {
	// Password returns the password to test against; it is asked once per
	// viewer. An empty one refuses.
	Password func() string
}

const vncChallengeSize = 16

// Type implements Security.
func (VncAuth) Type() byte { return secVncAuth }

// Handshake implements Security. The comparison takes the same time for every
// response.
func (a VncAuth) Handshake(conn net.Conn) error {
	var challenge, response, want [vncChallengeSize]byte
	if _, err := rand.Read(challenge[:]); err != nil {
		return err
	}
	if _, err := conn.Write(challenge[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, response[:]); err != nil {
		return err
	}
	password := a.Password()
	if err := vncAuthResponse(want[:], challenge[:], password); err != nil {
		return err
	}
	match := subtle.ConstantTimeCompare(response[:], want[:])
	if match&subtle.ConstantTimeByteEq(boolByte(password != ""), 1) != 1 {
		return Refusal{Reason: "Wrong password."}
	}
	return nil
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// vncAuthResponse encrypts the challenge with DES; the key is the password,
// cut or padded with zeros to eight bytes, each byte's bits in reverse order.
func vncAuthResponse(dst, challenge []byte, password string) error {
	var key [8]byte
	copy(key[:], password)
	for i, b := range key {
		key[i] = bits.Reverse8(b)
	}
	block, err := des.NewCipher(key[:])
	if err != nil {
		return err
	}
	block.Encrypt(dst[:8], challenge[:8])
	block.Encrypt(dst[8:], challenge[8:])
	return nil
}

// passwordFileKey is the key with which VNC programs hide passwords in files. It is
// known to everybody: a file is as secret as its permissions.
const passwordFileKey = "\x17\x52\x6b\x06\x23\x4e\x58\x07"

// PasswordFile returns what a VNC viewer reads as a file with this password, as
// vncpasswd writes it. Eight bytes of the password count.
func PasswordFile(password string) ([]byte, error) {
	var plain, out [vncChallengeSize]byte
	copy(plain[:8], password)
	if err := vncAuthResponse(out[:], plain[:], passwordFileKey); err != nil {
		return nil, err
	}
	return out[:8], nil
}
