package gateway

import (
	"crypto/des"
	"math/bits"
)

// desResponse computes a viewer's VncAuth response, RFC 6143, section 7.2.2, independently of
// package rfb.
func desResponse(challenge []byte, password string) []byte {
	var key [8]byte
	copy(key[:], password)
	for i := range key {
		key[i] = bits.Reverse8(key[i])
	}
	block, err := des.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	out := make([]byte, 16)
	block.Encrypt(out, challenge)
	block.Encrypt(out[8:], challenge[8:])
	return out
}
