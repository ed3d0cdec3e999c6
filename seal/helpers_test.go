package seal

import (
	"io"
	"math/rand/v2"
)

// readFrame reads one frame and returns its body, or nil at the end.
func readFrame(r io.Reader) []byte {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil
	}
	body := make([]byte, int(h[1])<<8|int(h[2]))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil
	}
	return body
}

// newReader returns a source of bytes determined by seed.
func newReader(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(key)
}
