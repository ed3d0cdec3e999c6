package rfb

import (
	"crypto/des"
	"crypto/subtle"
	"math/bits"
)

// VNC Authentication; RFC 6143, section 7.2.2. Only the first eight bytes of the password are used
// and nothing after it is encrypted, so it is for loopback, or inside an encrypted stream.

const vncChallengeSize = 16

// VncResponse is a viewer's answer to the challenge. It can verify a password without containing
// it.
type VncResponse struct{ challenge, response [vncChallengeSize]byte }

// Matches verifies a password in constant time. An empty one never matches.
func (r *VncResponse) Matches(password []byte) bool {
	var want [vncChallengeSize]byte
	if err := vncAuthResponse(want[:], r.challenge[:], string(password)); err != nil {
		return false
	}
	match := subtle.ConstantTimeCompare(r.response[:], want[:])
	return match&subtle.ConstantTimeByteEq(boolByte(len(password) != 0), 1) == 1
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// vncAuthResponse encrypts the challenge with DES. The key is the password, cut or padded with
// zeros to eight bytes, with the bits of each byte reversed.
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

// passwordFileKey is the key with which VNC programs obscure passwords in files. It is public: only
// the file's permissions protect the password.
const passwordFileKey = "\x17\x52\x6b\x06\x23\x4e\x58\x07"

// PasswordFile returns the content of a VNC viewer's password file, as vncpasswd writes it. Only
// the first eight bytes of the password are used.
func PasswordFile(password string) ([]byte, error) {
	var plain, out [vncChallengeSize]byte
	copy(plain[:8], password)
	if err := vncAuthResponse(out[:], plain[:], passwordFileKey); err != nil {
		return nil, err
	}
	return out[:8], nil
}
