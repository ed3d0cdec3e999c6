package sealtest

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/gtank/ristretto255"
)

// SPEC.md, section 2.
const (
	typeCommit       = 0x10
	typeShare        = 0x11
	typeShareConfirm = 0x12
	typeConfirm      = 0x13

	shareSize = 32
	hashSize  = 32
)

// order describes the differences between the versions of the exchange.
type order struct {
	version byte
	label   string
	commit  bool // the advisor's end commits before it sees the agent's share
}

var (
	firstOrder = order{1, "lotse seal 1", false}
	committed  = order{2, "lotse seal 2", true}
)

func lv(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	return b
}

// base returns the generator for number, kind and stream.
func (o order) base(number, kind, stream string) *ristretto255.Element {
	const dsi = "CPaceRistretto255"
	prs := []byte(number)
	ci := lv([]byte(o.label), prs[:4], []byte(kind), []byte("agent"), []byte("advisor"))
	pad := make([]byte, max(0, 128-1-len(lv(prs))-len(lv([]byte(dsi)))))
	hash := sha512.Sum512(lv([]byte(dsi), prs, pad, ci, []byte(stream)))
	return must(ristretto255.NewIdentityElement().SetUniformBytes(hash[:]))
}

// sealed is the key material of one exchange.
type sealed struct{ prk, transcript []byte }

// derive derives the key material from a shared point.
func (o order) derive(stream string, point *ristretto255.Element, ya, yb, adb []byte) sealed {
	transcript := lv(ya, append([]byte("agent"), o.version), yb, adb)
	isk := sha512.Sum512(append(lv([]byte("CPaceRistretto255_ISK"), []byte(stream), point.Bytes()), transcript...))
	return sealed{must(hkdf.Extract(sha256.New, isk[:], []byte(o.label))), transcript}
}

func (s sealed) tag(end string) []byte {
	m := hmac.New(sha256.New, must(hkdf.Expand(sha256.New, s.prk, "confirm "+end, hashSize)))
	m.Write(s.transcript)
	return m.Sum(nil)
}

func (s sealed) code() string {
	return fmt.Sprintf("%04d", binary.BigEndian.Uint32(must(hkdf.Expand(sha256.New, s.prk, "compare", 4)))%10000)
}

// advisorData returns ADb. commit is the Commit's body.
func (o order) advisorData(commit, nonce []byte) []byte {
	if !o.commit {
		return append([]byte("advisor"), o.version)
	}
	return lv([]byte("advisor"), []byte("lotse seal 2 commit"), commit, nonce)
}

// commitTo returns the body of a Commit over the number alone.
func (o order) commitTo(stream string, yb, nonce []byte) []byte {
	hash := sha256.Sum256(lv([]byte("lotse seal 2 commit"), []byte(stream), yb, nonce))
	return append(append([]byte{o.version, 0}, make([]byte, 16)...), hash[:]...)
}

func write(w io.Writer, typ byte, parts ...[]byte) error {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	_, err := w.Write(append([]byte{typ, byte(len(body) >> 8), byte(len(body))}, body...))
	return err
}

func read(r io.Reader, due byte) ([]byte, error) {
	var h [3]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	body := make([]byte, int(h[1])<<8|int(h[2]))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if h[0] != due {
		return nil, fmt.Errorf("sealtest: frame 0x%02x, not 0x%02x", h[0], due)
	}
	return body, nil
}

func scalar(random io.Reader) *ristretto255.Scalar {
	var wide [64]byte
	must(io.ReadFull(random, wide[:]))
	return must(ristretto255.NewScalar().SetUniformBytes(wide[:]))
}

func times(s *ristretto255.Scalar, e *ristretto255.Element) *ristretto255.Element {
	return ristretto255.NewIdentityElement().ScalarMult(s, e)
}

func decode(b []byte) (*ristretto255.Element, error) {
	return ristretto255.NewIdentityElement().SetCanonicalBytes(b)
}

// must is for calls that fail only because of a mistake in this package.
func must[T any](v T, err error) T {
	if err != nil {
		panic("sealtest: " + err.Error())
	}
	return v
}
