package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// SPEC.md, section 4.
const (
	secretSize = 32
	ivSize     = 12
	// rekeyAfter is the number of records sealed with one key.
	rekeyAfter = 1 << 20
)

// ErrForged means that a record does not decrypt: somebody changed, removed, repeated or reordered
// bytes of the stream.
var ErrForged = errors.New("seal: a record does not open; the line was tampered with")

// direction has the key and the counter for one direction of the stream.
type direction struct {
	secret []byte
	aead   cipher.AEAD
	seq    uint64
	nonce  [ivSize]byte
}

func newDirection(secret []byte) (*direction, error) {
	d := &direction{secret: secret}
	return d, d.derive()
}

func (d *direction) derive() error {
	key, err := hkdf.Expand(sha256.New, d.secret, "key", 32)
	if err != nil {
		return err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	d.aead, err = cipher.NewGCM(block)
	return err
}

// next prepares the nonce of the next record and counts the record.
func (d *direction) next() error {
	if d.aead == nil {
		return errors.New("seal: closed")
	}
	if d.seq != 0 && d.seq%rekeyAfter == 0 {
		secret, err := hkdf.Expand(sha256.New, d.secret, "rekey", secretSize)
		if err != nil {
			return err
		}
		clear(d.secret)
		d.secret = secret
		if err := d.derive(); err != nil {
			return err
		}
	}
	binary.BigEndian.PutUint64(d.nonce[4:], d.seq)
	d.seq++
	return nil
}

// seal appends the frame of plain to out.
func (d *direction) seal(out []byte, typ byte, plain []byte) ([]byte, error) {
	if err := d.next(); err != nil {
		return nil, err
	}
	start := len(out)
	out = appendHeader(out, typ, len(plain)+tagSize)
	return d.aead.Seal(out, d.nonce[:], plain, out[start:start+frameHeader]), nil
}

// open decrypts body in place.
func (d *direction) open(header [frameHeader]byte, body []byte) ([]byte, error) {
	if err := d.next(); err != nil {
		return nil, err
	}
	plain, err := d.aead.Open(body[:0], d.nonce[:], body, header[:])
	if err != nil {
		return nil, fmt.Errorf("%w (record %d)", ErrForged, d.seq-1)
	}
	return plain, nil
}

// wipe overwrites the secret. Go offers no way to overwrite the key inside the AEAD, so that is
// only dropped.
func (d *direction) wipe() {
	clear(d.secret)
	d.aead = nil
}
