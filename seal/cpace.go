package seal

import (
	"crypto/sha512"
	"io"

	"github.com/gtank/ristretto255"
)

// CPACE-RISTR255-SHA512, draft-irtf-cfrg-cpace, initiator-responder setting.
const (
	cpaceDSI        = "CPaceRistretto255"
	cpaceDSIISK     = "CPaceRistretto255_ISK"
	sha512BlockSize = 128
	shareSize       = 32
)

// appendLV appends the strings, each preceded by its length in LEB128 (the draft's lv_cat).
func appendLV(b []byte, parts ...[]byte) []byte {
	for _, p := range parts {
		n := len(p)
		for n >= 0x80 {
			b = append(b, byte(n)|0x80)
			n >>= 7
		}
		b = append(b, byte(n))
		b = append(b, p...)
	}
	return b
}

// generator implements the draft's calculate_generator.
func generator(prs, ci, sid []byte) *ristretto255.Element {
	pad := sha512BlockSize - len(appendLV(nil, prs)) - len(appendLV(nil, []byte(cpaceDSI))) - 1
	if pad < 0 {
		pad = 0
	}
	hash := sha512.Sum512(appendLV(nil, []byte(cpaceDSI), prs, make([]byte, pad), ci, sid))
	g, err := ristretto255.NewIdentityElement().SetUniformBytes(hash[:])
	if err != nil {
		panic("seal: internal error: " + err.Error()) // happens only for a wrong length
	}
	return g
}

// share is the private scalar and the public share of one side.
type share struct {
	scalar *ristretto255.Scalar
	public []byte
}

func newShare(random io.Reader, g *ristretto255.Element) (*share, error) {
	var wide [64]byte
	if _, err := io.ReadFull(random, wide[:]); err != nil {
		return nil, err
	}
	y, err := ristretto255.NewScalar().SetUniformBytes(wide[:])
	clear(wide[:])
	if err != nil {
		return nil, err
	}
	return shareOf(y, g), nil
}

func shareOf(y *ristretto255.Scalar, g *ristretto255.Element) *share {
	return &share{scalar: y, public: ristretto255.NewIdentityElement().ScalarMult(y, g).Bytes()}
}

// secretPoint implements the draft's scalar_mult_vfy. ok is false for a share that does not decode
// or that gives the neutral element.
func (s *share) secretPoint(peer []byte) (k []byte, ok bool) {
	e, err := ristretto255.NewIdentityElement().SetCanonicalBytes(peer)
	if err != nil {
		return nil, false
	}
	p := ristretto255.NewIdentityElement().ScalarMult(s.scalar, e)
	if p.Equal(ristretto255.NewIdentityElement()) == 1 {
		return nil, false
	}
	return p.Bytes(), true
}

// wipe overwrites the scalar.
func (s *share) wipe() { s.scalar.Zero() }

// transcriptIR implements the draft's transcript_ir.
func transcriptIR(ya, ada, yb, adb []byte) []byte {
	return appendLV(nil, ya, ada, yb, adb)
}

// intermediateKey computes the draft's ISK.
func intermediateKey(sid, k, transcript []byte) []byte {
	isk := sha512.Sum512(append(appendLV(nil, []byte(cpaceDSIISK), sid, k), transcript...))
	return isk[:]
}
