package seal

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gtank/ristretto255"
)

var update = flag.Bool("update", false, "write testdata/*.json again")

// vector is one exchange with fixed scalars and some records. Go runs it here; Node and Chromium
// run it in novnc-web.
type vector struct {
	Number, Kind, Stream string
	Origin               *vectorOrigin `json:",omitempty"` // the exchange that the stream is based on
	Onward               bool          `json:",omitempty"`
	ScalarA, ScalarB     string        // canonical, little endian
	Nonce                string
	ShareA, ShareB       string // Ya, Yb
	Generator, ISK       string
	FrameCommit          string
	FrameShare           string
	FrameShareConfirm    string
	FrameConfirm         string
	SecretA, SecretB     string
	Compare              string        // shown by both ends
	Exports              *vectorOrigin `json:",omitempty"` // of an exchange over the number alone
	Records              []vectorRecord
	// Rekey: the first record under the second key (sequence number 2^20).
	RekeyRecord vectorRecord
}

type vectorOrigin struct{ ID, Secret, Compare string }

func (v *vectorOrigin) origin(t *testing.T) *Origin {
	if v == nil {
		return nil
	}
	return &Origin{id: [originIDSize]byte(unhex(t, v.ID)), secret: [originSecretSize]byte(unhex(t, v.Secret)), compare: v.Compare}
}

func exported(o *Origin) *vectorOrigin {
	return &vectorOrigin{hex.EncodeToString(o.id[:]), hex.EncodeToString(o.secret[:]), o.compare}
}

type vectorRecord struct {
	From, Plain, Frame string
	End                bool
}

// vectorScalar returns a scalar determined by seed.
func vectorScalar(t *testing.T, seed byte) *ristretto255.Scalar {
	s, err := ristretto255.NewScalar().SetUniformBytes(bytes.Repeat([]byte{seed}, 64))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fixed returns an end's random bytes: a scalar and, at the advisor's end, a nonce.
func fixed(s *ristretto255.Scalar, nonce []byte) io.Reader {
	return bytes.NewReader(append(append(s.Bytes(), make([]byte, 32)...), nonce...))
}

func frameBytes(typ byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(appendHeader(nil, typ, len(body)), body...)
}

func makeVector(t *testing.T, base vector, seed byte) vector {
	t.Helper()
	v := base
	x := newExchange(nil, Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream})
	origin := v.Origin.origin(t)
	prs := []byte(v.Number)
	if origin != nil {
		prs = append(prs, origin.secret[:]...)
	}
	g := generator(prs, x.ci, x.sid)
	sa, sb, nonce := vectorScalar(t, seed), vectorScalar(t, seed+1), bytes.Repeat([]byte{seed ^ 0x5a}, nonceSize)
	v.ScalarA, v.ScalarB, v.Nonce = hex.EncodeToString(sa.Bytes()), hex.EncodeToString(sb.Bytes()), hex.EncodeToString(nonce)
	v.Generator = hex.EncodeToString(g.Bytes())
	a, b := shareOf(sa, g), shareOf(sb, g)
	v.ShareA, v.ShareB = hex.EncodeToString(a.public), hex.EncodeToString(b.public)
	k, ok := a.secretPoint(b.public)
	if !ok {
		t.Fatal("no secret point")
	}
	c := newCommitment(x.sid, b.public, nonce, origin, v.Onward)
	transcript := transcriptIR(a.public, x.ada, b.public, c.advisorData(nonce))
	isk := intermediateKey(x.sid, k, transcript)
	v.ISK = hex.EncodeToString(isk)
	ks, err := deriveKeys(isk, transcript)
	if err != nil {
		t.Fatal(err)
	}
	v.FrameCommit = hex.EncodeToString(frameBytes(frameCommit, c[:]))
	v.FrameShare = hex.EncodeToString(frameBytes(frameShare, []byte{version}, a.public))
	v.FrameShareConfirm = hex.EncodeToString(frameBytes(frameShareConfirm, []byte{version}, b.public, nonce, ks.confirmAdvisor))
	v.FrameConfirm = hex.EncodeToString(frameBytes(frameConfirm, ks.confirmAgent))
	v.SecretA, v.SecretB = hex.EncodeToString(ks.dataAgent), hex.EncodeToString(ks.dataAdvisor)
	if v.Compare = ks.origin.compare; origin != nil {
		v.Compare = origin.compare
	} else {
		v.Exports = exported(&ks.origin)
	}
	da, db := newTestDirection(t, ks.dataAgent), newTestDirection(t, ks.dataAdvisor)
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
	dr := newTestDirection(t, ks.dataAgent)
	dr.seq = rekeyAfter
	v.RekeyRecord = record("agent", dr, []byte("after the rekey"), false)
	return v
}

func newTestDirection(t *testing.T, secret []byte) *direction {
	d, err := newDirection(bytes.Clone(secret))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func makeVectors(t *testing.T) []vector {
	first := makeVector(t, vector{Number: "482193057", Kind: "control", Stream: "c29tZS1zdHJlYW0taWQtMDE"}, 1)
	return []vector{
		first,
		makeVector(t, vector{Number: "482193057", Kind: "view", Stream: "AAAAAAAAAAAAAAAAAAAAAA", Origin: first.Exports}, 0x20),
		makeVector(t, vector{Number: "100000000", Kind: "view", Stream: "Z29lcy1vbndhcmQtY2xlYXI", Onward: true}, 0x40),
		makeVector(t, vector{Number: "482193057", Kind: "view", Stream: "Ym91bmQtYW5kLW9ud2FyZC0", Origin: first.Exports, Onward: true}, 0x60),
		makeVector(t, vector{Number: "731904412", Kind: "show", Stream: "c2hvdy1zdHJlYW0taWQtMQ"}, 0x80),
		makeVector(t, vector{Number: "999999998", Kind: "view", Stream: "-_-_-_-_-_-_-_-_-_-_-w"}, 0xf0),
	}
}

// sameAsFile compares the values computed here with the file that the other implementations use, or
// writes the file.
func sameAsFile(t *testing.T, path string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
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
		t.Errorf("%s is not what this implementation computes (after an intended change of SPEC.md: go test -update ./seal)", path)
	}
}

// TestVectors checks every step of the vectors, and both ends' frames.
func TestVectors(t *testing.T) {
	vectors := makeVectors(t)
	sameAsFile(t, "testdata/vectors.json", vectors)
	for _, v := range vectors {
		origin := v.Origin.origin(t)
		origins := &Origins{}
		if origin != nil {
			origins.add(origin)
		}
		a, evilA := net.Pipe()
		b, evilB := net.Pipe()
		var frames []string
		go relayChanged(evilA, evilB, func(_ int, body []byte) { frames = append(frames, hex.EncodeToString(body)) })
		nonce := unhex(t, v.Nonce)
		pa := Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream, Origins: origins, random: fixed(scalarOf(t, v.ScalarA), nil)}
		pb := Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream, Origin: origin, Onward: v.Onward, random: fixed(scalarOf(t, v.ScalarB), nonce)}
		ra, rb := handshake(t, a, b, pa, pb)
		a.Close()
		b.Close()
		if ra.err != nil || rb.err != nil {
			t.Fatal(ra.err, rb.err)
		}
		want := []string{v.FrameCommit[6:], v.FrameShare[6:], v.FrameShareConfirm[6:], v.FrameConfirm[6:]}
		if !slices.Equal(frames, want) {
			t.Errorf("%s %s: on the wire %v", v.Number, v.Kind, frames)
		}
		if ra.conn.Compare() != v.Compare || rb.conn.Compare() != v.Compare || ra.conn.Onward() != v.Onward {
			t.Errorf("%s %s: codes %s, %s", v.Number, v.Kind, ra.conn.Compare(), rb.conn.Compare())
		}
		if v.Exports != nil && (*exported(ra.conn.Origin()) != *v.Exports || *exported(rb.conn.Origin()) != *v.Exports) {
			t.Errorf("%s %s: other exports", v.Number, v.Kind)
		}
	}
}

func scalarOf(t *testing.T, h string) *ristretto255.Scalar {
	s, err := ristretto255.NewScalar().SetCanonicalBytes(unhex(t, h))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// badVector is an exchange that an end must refuse: the frames it receives, the frames it sends,
// and its name of the reason (SealFailure in novnc-web/src/seal/errors.ts).
type badVector struct {
	Name, Role           string
	Number, Kind, Stream string
	Scalar, Nonce        string
	Known                *vectorOrigin `json:",omitempty"` // an exchange that the agent knows, or that the advisor's end uses
	In                   []string      // the frames it receives, all at once
	Out                  []string      // the frames it sends
	Failure              string
	// Wrong: it counts as a wrong try. Before, the count is 0.
	Wrong bool
}

// failures are the errors by their names in the vectors.
var failures = map[string]error{
	"wrong-number": ErrWrongNumber, "version": ErrVersion, "burnt": ErrBurnt, "opened": ErrOpened, "origin": ErrOrigin,
	"line": io.ErrUnexpectedEOF, "protocol": nil,
}

func makeBadVectors(t *testing.T) []badVector {
	vectors := makeVectors(t)
	v, other, bound := vectors[0], vectors[4], vectors[1]
	again := makeVector(t, vector{Number: v.Number, Kind: v.Kind, Stream: v.Stream}, 9) // another exchange on a stream of that name
	changed := func(frame string, at int, to ...byte) string {
		b := unhex(t, frame)
		copy(b[at:], to)
		return hex.EncodeToString(b)
	}
	refuse := func(code byte) string { return hex.EncodeToString(frameBytes(frameRefuse, []byte{code})) }
	agent := func(v vector, name, failure string, wrong bool, in []string, out ...string) badVector {
		return badVector{Name: name, Role: "agent", Number: v.Number, Kind: v.Kind, Stream: v.Stream, Scalar: v.ScalarA, In: in, Out: append([]string{}, out...), Failure: failure, Wrong: wrong}
	}
	advisor := func(v vector, name, failure string, wrong bool, in []string, out ...string) badVector {
		return badVector{Name: name, Role: "advisor", Number: v.Number, Kind: v.Kind, Stream: v.Stream, Scalar: v.ScalarB, Nonce: v.Nonce, In: in, Out: append([]string{}, out...), Failure: failure, Wrong: wrong}
	}
	known := func(b badVector, o *vectorOrigin) badVector { b.Known = o; return b }
	in := func(frames ...string) []string { return append([]string{}, frames...) }
	// The hash of the same share and nonce for another stream.
	elsewhere := frameBytes(frameCommit, newCommitment([]byte("YW5vdGhlci1zdHJlYW0taWQ"), unhex(t, v.ShareB), unhex(t, v.Nonce), nil, false)[:])
	return []badVector{
		agent(v, "opened differently: another share", "opened", true, in(v.FrameCommit, again.FrameShareConfirm), v.FrameShare, refuse(refuseNumber)),
		agent(v, "opened differently: another nonce", "opened", true, in(v.FrameCommit, changed(v.FrameShareConfirm, 36, 0)), v.FrameShare, refuse(refuseNumber)),
		agent(v, "committed for another stream", "opened", true, in(hex.EncodeToString(elsewhere), v.FrameShareConfirm), v.FrameShare, refuse(refuseNumber)),
		agent(v, "another exchange played again", "wrong-number", true, in(again.FrameCommit, again.FrameShareConfirm), v.FrameShare, refuse(refuseNumber)),
		agent(v, "a Commit of another exchange", "opened", true, in(again.FrameCommit, v.FrameShareConfirm), v.FrameShare, refuse(refuseNumber)),
		agent(v, "a Commit twice", "protocol", false, in(v.FrameCommit, v.FrameCommit), v.FrameShare),
		agent(v, "an advisor's end of version 1", "protocol", false, in(hex.EncodeToString(frameOf(frameShareConfirm, 65, 1)))),
		agent(v, "a Commit of version 1", "version", false, in(changed(v.FrameCommit, 3, 1)), refuse(refuseVersion)),
		agent(v, "a newer Commit", "version", false, in(changed(v.FrameCommit, 3, 3)), refuse(refuseVersion)),
		agent(v, "a flag that is not known", "version", false, in(changed(v.FrameCommit, 4, 4)), refuse(refuseVersion)),
		agent(v, "an identifier that is not meant", "protocol", false, in(changed(v.FrameCommit, 5, 1))),
		agent(v, "reflected", "protocol", false, in(v.FrameShare)),
		agent(v, "its own share played back", "opened", true, in(v.FrameCommit, changed(v.FrameShareConfirm, 4, unhex(t, v.ShareA)...)), v.FrameShare, refuse(refuseNumber)),
		agent(v, "cut off in a frame", "line", false, in(v.FrameCommit, v.FrameShareConfirm[:60]), v.FrameShare),
		agent(v, "no opening", "line", false, in(v.FrameCommit), v.FrameShare),
		agent(v, "a wrong tag", "wrong-number", true, in(v.FrameCommit, changed(v.FrameShareConfirm, 68, 0, 0)), v.FrameShare, refuse(refuseNumber)),
		agent(v, "records before the exchange", "protocol", false, in(v.Records[1].Frame)),
		agent(bound, "an exchange that is not known", "origin", false, in(bound.FrameCommit), refuse(refuseOrigin)),
		known(agent(bound, "bound, taken for the number alone", "wrong-number", true,
			in(changed(bound.FrameCommit, 4, make([]byte, 17)...), bound.FrameShareConfirm), numberOnlyShare(t, bound), refuse(refuseNumber)), bound.Origin),
		known(agent(v, "the number alone, taken for bound", "wrong-number", true,
			in(changed(v.FrameCommit, 4, append([]byte{1}, unhex(t, bound.Origin.ID)...)...), v.FrameShareConfirm), boundShare(t, v, bound.Origin), refuse(refuseNumber)), bound.Origin),
		known(agent(bound, "marked as going onward", "wrong-number", true,
			in(changed(bound.FrameCommit, 4, 3), bound.FrameShareConfirm), bound.FrameShare, refuse(refuseNumber)), bound.Origin),

		advisor(v, "an agent of version 1", "version", false, in(hex.EncodeToString(frameOf(frameShare, bodyShare, 1))), v.FrameCommit, refuse(refuseVersion)),
		advisor(v, "reflected", "protocol", false, in(v.FrameCommit), v.FrameCommit),
		advisor(v, "an invalid share", "wrong-number", true, in(hex.EncodeToString(frameOf(frameShare, bodyShare, version))), v.FrameCommit, refuse(refuseNumber)),
		advisor(v, "another number", "wrong-number", true, in(other.FrameShare, other.FrameConfirm), openedTo(t, v, other.ShareA)...),
		advisor(v, "cut off before the tag", "line", true, in(v.FrameShare, v.FrameConfirm[:20]), v.FrameCommit, v.FrameShareConfirm),
		advisor(v, "nothing", "line", false, in(), v.FrameCommit),
		known(advisor(bound, "bound, the exchange is not known", "origin", false, in(refuse(refuseOrigin)), bound.FrameCommit), bound.Origin),
		known(advisor(bound, "bound, cut off before the tag", "line", false, in(bound.FrameShare), bound.FrameCommit, bound.FrameShareConfirm), bound.Origin),
		known(advisor(bound, "bound, a wrong tag", "wrong-number", true, in(bound.FrameShare, changed(bound.FrameConfirm, 3, 0, 0)), bound.FrameCommit, bound.FrameShareConfirm, refuse(refuseNumber)), bound.Origin),
	}
}

// numberOnlyShare returns an agent's Share over the number alone.
func numberOnlyShare(t *testing.T, v vector) string { return boundShare(t, v, nil) }

// boundShare returns an agent's Share bound to an exchange.
func boundShare(t *testing.T, v vector, o *vectorOrigin) string {
	x := newExchange(nil, Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream, random: fixed(scalarOf(t, v.ScalarA), nil)})
	if err := x.share(o.origin(t)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(frameBytes(frameShare, []byte{version}, x.own.public))
}

// openedTo returns the frames that the advisor's end of v sends to an agent with share ya.
func openedTo(t *testing.T, v vector, ya string) []string {
	x := newExchange(nil, Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream, random: fixed(scalarOf(t, v.ScalarB), nil)})
	if err := x.share(nil); err != nil {
		t.Fatal(err)
	}
	nonce := unhex(t, v.Nonce)
	c := newCommitment(x.sid, x.own.public, nonce, nil, false)
	k, ok, err := x.finish(unhex(t, ya), x.own.public, unhex(t, ya), c.advisorData(nonce))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	return []string{v.FrameCommit, hex.EncodeToString(frameBytes(frameShareConfirm, []byte{version}, x.own.public, nonce, k.confirmAdvisor)),
		hex.EncodeToString(frameBytes(frameRefuse, []byte{refuseNumber}))}
}

// TestBadVectors: what must be refused is refused, with the expected frames and count.
func TestBadVectors(t *testing.T) {
	bad := makeBadVectors(t)
	sameAsFile(t, "testdata/refused.json", bad)
	for _, v := range bad {
		t.Run(v.Role+": "+v.Name, func(t *testing.T) {
			want, known := failures[v.Failure]
			if !known {
				t.Fatalf("failure %q is not known", v.Failure)
			}
			tries := new(Tries)
			p := Params{Number: v.Number, Kind: v.Kind, Stream: v.Stream, Tries: tries, random: fixed(scalarOf(t, v.Scalar), unhex(t, v.Nonce))}
			role := Agent
			if v.Role == "advisor" {
				role = Advisor
				p.Origin = v.Known.origin(t)
			} else {
				p.Origins = new(Origins)
				if v.Known != nil {
					p.Origins.add(v.Known.origin(t))
				}
			}
			var in []byte
			for _, f := range v.In {
				in = append(in, unhex(t, f)...)
			}
			line := &recording{in: bytes.NewReader(in)}
			conn, err := Handshake(context.Background(), line, role, p)
			if conn != nil || err == nil {
				t.Fatal("a seal was made")
			}
			if want != nil && !errors.Is(err, want) && !(want == io.ErrUnexpectedEOF && errors.Is(err, io.EOF)) {
				t.Errorf("error %v, want %v", err, want)
			}
			for name, e := range failures {
				if want == nil && e != nil && errors.Is(err, e) {
					t.Errorf("error %v is %s, want %s", err, name, v.Failure)
				}
			}
			if got := hex.EncodeToString(line.out.Bytes()); got != hex.EncodeToString(unhex(t, joinHex(v.Out))) {
				t.Errorf("wrote %s, want %v", got, v.Out)
			}
			if wrong := tries.Used() == 1; wrong != v.Wrong || tries.Used() > 1 {
				t.Errorf("%d wrong tries are counted", tries.Used())
			}
		})
	}
}

func joinHex(parts []string) (all string) {
	for _, p := range parts {
		all += p
	}
	return all
}

// recording is a connection on which all data has arrived already. It keeps what is written.
type recording struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (r *recording) Read(p []byte) (int, error)       { return r.in.Read(p) }
func (r *recording) Write(p []byte) (int, error)      { return r.out.Write(p) }
func (r *recording) SetWriteDeadline(time.Time) error { return nil }
func (r *recording) Close() error                     { return nil }
