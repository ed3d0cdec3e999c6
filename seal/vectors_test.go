package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/gtank/ristretto255"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vector is one exchange with fixed scalars and some records, run by Go here
// and by Node and Chromium in novnc-web.
type vector struct {
	Number, Kind, Stream string
	ScalarA, ScalarB     string // canonical, little endian
	ShareA, ShareB       string // Ya, Yb
	Generator, ISK       string
	FrameShare           string
	FrameShareConfirm    string
	FrameConfirm         string
	SecretA, SecretB     string
	Compare              string
	Records              []vectorRecord
	// Rekey: the first record under the second key (sequence number 2^20).
	RekeyRecord vectorRecord
}

type vectorRecord struct {
	From, Plain, Frame string
	End                bool
}

func makeVector(t *testing.T, number, kind, stream string, seed byte) vector {
	t.Helper()
	x, err := newExchange(Params{Number: number, Kind: kind, Stream: stream})
	if err != nil {
		t.Fatal(err)
	}
	g := generator([]byte(number), x.ci, x.sid)
	scalar := func(b byte) *ristretto255.Scalar {
		s, err := ristretto255.NewScalar().SetUniformBytes(bytes.Repeat([]byte{b}, 64))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	sa, sb := scalar(seed), scalar(seed+1)
	v := vector{Number: number, Kind: kind, Stream: stream,
		ScalarA: hex.EncodeToString(sa.Bytes()), ScalarB: hex.EncodeToString(sb.Bytes()),
		Generator: hex.EncodeToString(g.Bytes())}
	a, b := shareOf(sa, g), shareOf(sb, g)
	v.ShareA, v.ShareB = hex.EncodeToString(a.public), hex.EncodeToString(b.public)
	k, ok := a.secretPoint(b.public)
	if !ok {
		t.Fatal("no secret point")
	}
	transcript := transcriptIR(a.public, x.ada, b.public, x.adb)
	isk := intermediateKey(x.sid, k, transcript)
	v.ISK = hex.EncodeToString(isk)
	ks, err := deriveKeys(isk, transcript)
	if err != nil {
		t.Fatal(err)
	}
	frame := func(typ byte, parts ...[]byte) string {
		body := bytes.Join(parts, nil)
		return hex.EncodeToString(append(appendHeader(nil, typ, len(body)), body...))
	}
	v.FrameShare = frame(frameShare, []byte{version}, a.public)
	v.FrameShareConfirm = frame(frameShareConfirm, []byte{version}, b.public, ks.confirmAdvisor)
	v.FrameConfirm = frame(frameConfirm, ks.confirmAgent)
	v.SecretA, v.SecretB = hex.EncodeToString(ks.dataAgent), hex.EncodeToString(ks.dataAdvisor)
	v.Compare = ks.compare
	da, err := newDirection(bytes.Clone(ks.dataAgent))
	if err != nil {
		t.Fatal(err)
	}
	db, err := newDirection(bytes.Clone(ks.dataAdvisor))
	if err != nil {
		t.Fatal(err)
	}
	record := func(from string, d *direction, plain []byte, end bool) vectorRecord {
		typ := byte(frameData)
		if end {
			typ = frameEnd
		}
		f, err := d.seal(nil, typ, plain)
		if err != nil {
			t.Fatal(err)
		}
		return vectorRecord{From: from, Plain: hex.EncodeToString(plain), Frame: hex.EncodeToString(f), End: end}
	}
	v.Records = []vectorRecord{
		record("agent", da, []byte("RFB 003.008\n"), false),
		record("advisor", db, []byte("RFB 003.008\n"), false),
		record("agent", da, bytes.Repeat([]byte{0xa5}, 300), false),
		record("agent", da, nil, true),
		record("advisor", db, nil, true),
	}
	dr, err := newDirection(bytes.Clone(ks.dataAgent))
	if err != nil {
		t.Fatal(err)
	}
	dr.seq = rekeyAfter
	v.RekeyRecord = record("agent", dr, []byte("after the rekey"), false)
	return v
}

func TestVectors(t *testing.T) {
	got, err := json.MarshalIndent([]vector{
		makeVector(t, "482193057", "view", "AAAAAAAAAAAAAAAAAAAAAA", 1),
		makeVector(t, "100000000", "control", "c29tZS1zdHJlYW0taWQtMDE", 0x40),
		makeVector(t, "999999998", "view", "-_-_-_-_-_-_-_-_-_-_-w", 0xf0),
		makeVector(t, "731904412", "show", "c2hvdy1zdHJlYW0taWQtMQ", 0x80),
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const path = "testdata/vectors.json"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/vectors.json is not what this implementation computes (after an intended change of SPEC.md: go test -update ./seal)")
	}
}
