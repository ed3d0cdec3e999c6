package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
)

type result struct {
	conn *Conn
	err  error
}

func params(number string, tries *Tries) Params {
	return Params{Number: number, Kind: "view", Stream: "AAAAAAAAAAAAAAAAAAAAAA", Tries: tries}
}

// handshake runs both sides over the two ends of a connection.
func handshake(t testing.TB, a, b net.Conn, pa, pb Params) (agent, advisor result) {
	t.Helper()
	done := make(chan result, 1)
	go func() {
		c, err := Handshake(context.Background(), b, Advisor, pb)
		done <- result{c, err}
	}()
	c, err := Handshake(context.Background(), a, Agent, pa)
	return result{c, err}, <-done
}

func pair(t testing.TB) (agent, advisor *Conn) {
	t.Helper()
	a, b := net.Pipe()
	ra, rb := handshake(t, a, b, params("482193057", nil), params("482193057", nil))
	if ra.err != nil || rb.err != nil {
		t.Fatal(ra.err, rb.err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return ra.conn, rb.conn
}

func TestHandshake(t *testing.T) {
	a, b := pair(t)
	if a.Compare() != b.Compare() || len(a.Compare()) != 4 {
		t.Fatalf("comparison codes %q and %q", a.Compare(), b.Compare())
	}
	data := make([]byte, 200_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, dir := range [][2]*Conn{{a, b}, {b, a}} {
		go func() {
			dir[0].Write(data)
			dir[0].CloseWrite()
		}()
		got, err := io.ReadAll(dir[1])
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
}

func TestWrongNumberAndBurning(t *testing.T) {
	agentTries, advisorTries := NewTries(MaxTries, 0, nil), new(Tries)
	for i := range 3 {
		a, b := net.Pipe()
		ra, rb := handshake(t, a, b, params("482193057", agentTries), params("482193058", advisorTries))
		if !errors.Is(ra.err, ErrWrongNumber) || !errors.Is(rb.err, ErrWrongNumber) {
			t.Fatalf("try %d: %v, %v", i, ra.err, rb.err)
		}
	}
	if !agentTries.Burnt() || !advisorTries.Burnt() {
		t.Fatal("not burnt after three wrong tries")
	}
	// Now the right number is refused too.
	a, b := net.Pipe()
	ra, rb := handshake(t, a, b, params("482193057", nil), params("482193057", advisorTries))
	if !errors.Is(ra.err, ErrBurnt) || !errors.Is(rb.err, ErrBurnt) {
		t.Fatalf("after burning: %v, %v", ra.err, rb.err)
	}
	a, b = net.Pipe()
	ra, rb = handshake(t, a, b, params("482193057", agentTries), params("482193057", nil))
	if !errors.Is(ra.err, ErrBurnt) || !errors.Is(rb.err, ErrBurnt) {
		t.Fatalf("after burning at the agent: %v, %v", ra.err, rb.err)
	}
}

// A guesser who reads the advisor's confirmation and then disconnects has used up a try.
func TestAbortCounts(t *testing.T) {
	tries := new(Tries)
	for range 3 {
		a, b := net.Pipe()
		go func() {
			io.ReadFull(a, make([]byte, frameHeader+bodyCommit))
			g := generator([]byte("482100000"), nil, nil)
			s, _ := newShare(rand.Reader, g)
			a.Write(append(append(appendHeader(nil, frameShare, bodyShare), version), s.public...))
			io.ReadFull(a, make([]byte, frameHeader+bodyShareConfirm))
			a.Close()
		}()
		if _, err := Handshake(context.Background(), b, Advisor, params("482193057", tries)); err == nil {
			t.Fatal("handshake with a hang-up succeeded")
		}
	}
	if !tries.Burnt() {
		t.Fatal("three aborted exchanges did not burn the number")
	}
}

func TestEverythingIsBound(t *testing.T) {
	base := params("482193057", nil)
	for name, change := range map[string]func(*Params){
		"secret": func(p *Params) { p.Number = "482193056" },
		"place":  func(p *Params) { p.Number = "482293057" },
		"kind":   func(p *Params) { p.Kind = "control" },
		"stream": func(p *Params) { p.Stream = "BAAAAAAAAAAAAAAAAAAAAA" },
	} {
		other := base
		change(&other)
		a, b := net.Pipe()
		ra, rb := handshake(t, a, b, base, other)
		want := ErrWrongNumber
		if name == "stream" {
			want = ErrOpened // the commitment is for one stream only
		}
		if !errors.Is(ra.err, want) || !errors.Is(rb.err, ErrWrongNumber) {
			t.Errorf("%s: %v, %v", name, ra.err, rb.err)
		}
	}
}

// tcpPair is a connection with buffers, like a real one: both ends may write first.
func tcpPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// Two agents wait for each other, and then both time out.
func TestTwoAgents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := Handshake(t.Context(), b, Agent, params("482193057", nil))
			done <- err
		}()
		_, err := Handshake(t.Context(), a, Agent, params("482193057", nil))
		if other := <-done; err == nil || other == nil {
			t.Errorf("two agents made a seal: %v, %v", err, other)
		}
	})
}

func TestHandshakeGivesUpWithContext(t *testing.T) {
	for _, role := range []Role{Agent, Advisor} {
		a, b := net.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := Handshake(ctx, a, role, params("482193057", nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("role %c: %v", role, err)
		}
		b.Close()
	}
}

func TestBadParams(t *testing.T) {
	for name, p := range map[string]Params{
		"short number": {Number: "12345", Kind: "view", Stream: "x"},
		"letters":      {Number: "48219305x", Kind: "view", Stream: "x"},
		"kind":         {Number: "482193057", Kind: "files", Stream: "x"},
		"no stream":    {Number: "482193057", Kind: "view"},
	} {
		a, b := net.Pipe()
		if _, err := Handshake(context.Background(), a, Agent, p); err == nil {
			t.Errorf("%s: accepted", name)
		}
		b.Close()
	}
}

// sealedRecords returns the frames of three records and a Conn that reads from a line.
func sealedRecords(t testing.TB) (records [][]byte, receiver *direction) {
	t.Helper()
	secret := bytes.Repeat([]byte{7}, secretSize)
	send, err := newDirection(bytes.Clone(secret))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"RFB 003.008\n", "second", "third"} {
		r, err := send.seal(nil, frameData, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	receiver, err = newDirection(secret)
	if err != nil {
		t.Fatal(err)
	}
	return records, receiver
}

func readAll(in *direction, wire []byte) ([]byte, error) {
	a, b := net.Pipe()
	go func() {
		a.Write(wire)
		a.Close()
	}()
	defer b.Close()
	c := &Conn{conn: b, in: in, out: in}
	return io.ReadAll(c)
}

func TestInterference(t *testing.T) {
	join := func(rs ...[]byte) []byte { return bytes.Join(rs, nil) }
	for name, wire := range map[string]func(r [][]byte) ([]byte, error){
		"truncated":       func(r [][]byte) ([]byte, error) { return join(r[0], r[1]), ErrTruncated },
		"cut in a record": func(r [][]byte) ([]byte, error) { return r[0][:len(r[0])-1], ErrTruncated },
		"replayed":        func(r [][]byte) ([]byte, error) { return join(r[0], r[0]), ErrForged },
		"reordered":       func(r [][]byte) ([]byte, error) { return join(r[1], r[0]), ErrForged },
		"one left out":    func(r [][]byte) ([]byte, error) { return join(r[0], r[2]), ErrForged },
		"a bit flipped":   func(r [][]byte) ([]byte, error) { r[0][9] ^= 1; return r[0], ErrForged },
		"end forged": func(r [][]byte) ([]byte, error) {
			return append([]byte{frameEnd, 0, tagSize}, make([]byte, tagSize)...), ErrForged
		},
		"type changed":      func(r [][]byte) ([]byte, error) { r[0][0] = frameEnd; return r[0], nil },
		"unknown type":      func(r [][]byte) ([]byte, error) { r[0][0] = 0x42; return r[0], nil },
		"handshake again":   func(r [][]byte) ([]byte, error) { return append([]byte{frameRefuse, 0, 1}, 1), nil },
		"impossible length": func(r [][]byte) ([]byte, error) { return []byte{frameData, 0xff, 0xff, 1, 2}, nil },
	} {
		records, in := sealedRecords(t)
		bytesOnWire, want := wire(records)
		got, err := readAll(in, bytesOnWire)
		if err == nil || (want != nil && !errors.Is(err, want)) {
			t.Errorf("%s: read %q, error %v, want %v", name, got, err, want)
		}
	}
}

func TestRekey(t *testing.T) {
	secret := bytes.Repeat([]byte{9}, secretSize)
	send, _ := newDirection(bytes.Clone(secret))
	receive, _ := newDirection(bytes.Clone(secret))
	send.seq, receive.seq = rekeyAfter-1, rekeyAfter-1
	for i := range 3 {
		r, err := send.seal(nil, frameData, []byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := receive.open([frameHeader]byte(r[:frameHeader]), r[frameHeader:])
		if err != nil || !bytes.Equal(got, []byte{byte(i)}) {
			t.Fatalf("record %d: %v %v", i, got, err)
		}
	}
	if bytes.Equal(send.secret, secret) {
		t.Fatal("the secret did not change at the limit")
	}
}

func newRand(seed uint64) *mathrand.Rand { return mathrand.New(mathrand.NewPCG(seed, 2)) }

// Whatever is changed in the exchange, both sides end with an error and neither delivers a byte.
func TestMutatedExchange(t *testing.T) {
	rnd := newRand(1)
	for range 2000 {
		a, evilA := net.Pipe()
		b, evilB := net.Pipe()
		frame, at, bit := rnd.IntN(4), rnd.IntN(1000), byte(1)<<rnd.IntN(8)
		go relay(evilA, evilB, frame, at, bit)
		ra, rb := handshake(t, a, b, params("482193057", nil), params("482193057", nil))
		if ra.err == nil && rb.err == nil {
			t.Fatalf("bit %d of byte %d in frame %d flipped without an error", bit, at, frame)
		}
		for _, r := range []result{ra, rb} {
			if r.conn != nil {
				if got, err := io.ReadAll(r.conn); err == nil || len(got) > 0 {
					t.Fatalf("read %q, %v", got, err)
				}
			}
		}
		evilA.Close()
		evilB.Close()
	}
}

// relay relays the exchange with one bit of one frame flipped, and closes.
func relay(a, b net.Conn, frame, at int, bit byte) {
	defer a.Close()
	defer b.Close()
	for i, hop := range []struct {
		from, to net.Conn
		size     int
	}{{b, a, bodyCommit}, {a, b, bodyShare}, {b, a, bodyShareConfirm}, {a, b, bodyConfirm}} {
		buf := make([]byte, frameHeader+hop.size)
		if n, err := io.ReadFull(hop.from, buf); err != nil {
			hop.to.Write(buf[:n])
			return
		}
		if i == frame {
			buf[at%len(buf)] ^= bit
		}
		if _, err := hop.to.Write(buf); err != nil {
			return
		}
	}
}

func FuzzHandshakeFrames(f *testing.F) {
	f.Add([]byte{frameCommit, 0, bodyCommit}, true)
	f.Add([]byte{frameShare, 0, bodyShare}, false)
	f.Add([]byte{frameRefuse, 0, 1, 3}, false)
	f.Fuzz(func(t *testing.T, wire []byte, agent bool) {
		a, b := net.Pipe()
		go func() {
			go io.Copy(io.Discard, a)
			a.Write(wire)
			a.Close()
		}()
		role := Advisor
		if agent {
			role = Agent
		}
		if c, err := Handshake(context.Background(), b, role, params("482193057", nil)); err == nil {
			c.Close()
			t.Fatal("a handshake succeeded without the number")
		}
	})
}

func FuzzRecords(f *testing.F) {
	records, _ := sealedRecords(f)
	f.Add(bytes.Join(records, nil))
	f.Fuzz(func(t *testing.T, wire []byte) {
		genuine, in := sealedRecords(t)
		got, err := readAll(in, wire)
		if err == nil {
			t.Fatal("a stream without a sealed end was taken as whole")
		}
		if !bytes.HasPrefix([]byte("RFB 003.008\nsecondthird"), got) || (len(got) > 0 && !bytes.HasPrefix(wire, genuine[0])) {
			t.Fatalf("forged plaintext %q", got)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	send, err := newDirection(make([]byte, secretSize))
	if err != nil {
		b.Fatal(err)
	}
	plain, out := make([]byte, 16<<10), make([]byte, 0, 64<<10)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := send.seal(out[:0], frameData, plain); err != nil {
			b.Fatal(err)
		}
	}
}
