package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"testing"

	"github.com/gtank/ristretto255"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of draft-irtf-cfrg-cpace, "Test vector for CPace using group
// ristretto255 and hash SHA-512".
func TestCPaceDraftVectors(t *testing.T) {
	sid := unhex(t, "7e4b4791d6a8ef019b936c79fb7f2c57")
	ci := appendLV(nil, []byte("A_initiator"), []byte("B_responder"))
	g := generator([]byte("Password"), ci, sid)
	want := func(name string, got []byte, hexWant string) {
		t.Helper()
		if !bytes.Equal(got, unhex(t, hexWant)) {
			t.Errorf("%s = %x, want %s", name, got, hexWant)
		}
	}
	want("g", g.Bytes(), "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56")
	scalar := func(h string) *ristretto255.Scalar {
		s, err := ristretto255.NewScalar().SetCanonicalBytes(unhex(t, h))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := shareOf(scalar("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"), g)
	b := shareOf(scalar("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"), g)
	want("Ya", a.public, "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157")
	want("Yb", b.public, "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258")
	ka, ok := a.secretPoint(b.public)
	kb, okb := b.secretPoint(a.public)
	if !ok || !okb || !bytes.Equal(ka, kb) {
		t.Fatal("the secret points differ")
	}
	want("K", ka, "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f")
	isk := intermediateKey(sid, ka, transcriptIR(a.public, []byte("ADa"), b.public, []byte("ADb")))
	want("ISK", isk, "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447")
}

func TestCPaceRefusesInvalidShares(t *testing.T) {
	g := generator([]byte("482193057"), nil, nil)
	s, err := newShare(rand.Reader, g)
	if err != nil {
		t.Fatal(err)
	}
	for name, peer := range map[string][]byte{
		"neutral element": make([]byte, shareSize),
		"not canonical":   bytes.Repeat([]byte{0xff}, shareSize),
		"negative":        append([]byte{1}, make([]byte, shareSize-1)...),
	} {
		if _, ok := s.secretPoint(peer); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}
