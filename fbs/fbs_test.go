package fbs

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// drawn makes a recording with some blocks.
func drawn(seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	b := []byte(Version)
	at := time.Duration(0)
	for range 40 {
		data := make([]byte, rnd.IntN(90_000))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		b = AppendBlock(b, data, at)
		at += time.Duration(rnd.IntN(4000)) * time.Millisecond
	}
	return b
}

func TestReader(t *testing.T) {
	file := drawn(1)
	for name, in := range map[string]io.Reader{
		"at once": bytes.NewReader(file), "byte by byte": iotest.OneByteReader(bytes.NewReader(file)),
	} {
		r, again := NewReader(in), []byte(Version)
		for {
			block, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			again = AppendBlock(again, block.Data, block.At)
		}
		if !bytes.Equal(again, file) {
			t.Errorf("%s: the blocks differ", name)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	whole := AppendBlock([]byte(Version), []byte("hello"), time.Second)
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(whole)
		b[at] = to
		return b
	}
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"empty":          {nil, ErrFormat},
		"another format": {[]byte("FBS 002.000\n"), ErrFormat},
		"too large":      {changed(13, 0x7f), ErrFormat},
		"padding":        {changed(len(Version)+4+6, 1), ErrFormat},
		"backwards":      {AppendBlock(bytes.Clone(whole), nil, 0), ErrFormat},
	} {
		r := NewReader(bytes.NewReader(test.file))
		err := error(nil)
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	for n := len(Version) + 1; n < len(whole); n++ {
		if _, err := NewReader(bytes.NewReader(whole[:n])).Next(); !errors.Is(err, ErrTruncated) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

// TestChainByHand computes the chain as PROTOCOL.md says, with other code.
func TestChainByHand(t *testing.T) {
	file := drawn(2)
	head := sha256.Sum256([]byte("lotse recording 1"))
	var link []byte
	links, began := 0, uint32(0)
	closeLink := func() {
		head = sha256.Sum256(append(head[:], link...))
		link, links = nil, links+1
	}
	for rest := file; len(rest) > 0; {
		n := 0
		if len(rest) == len(file) {
			n = len(Version)
		}
		data := int(binary.BigEndian.Uint32(rest[n:]))
		n += 4 + (data+3)/4*4 + 4
		at := binary.BigEndian.Uint32(rest[n-4:])
		if link != nil && (at-began >= 10_000 || len(link)+n > 1<<20) {
			closeLink()
		}
		if link == nil {
			began = at
		}
		link = append(link, rest[:n]...)
		rest = rest[n:]
	}
	closeLink()
	sum, err := Measure(bytes.NewReader(file))
	if want := (Sum{Size: int64(len(file)), Links: links, Head: head}); err != nil || sum != want {
		t.Fatalf("%+v, %v; want %+v", sum, err, want)
	}
	if links < 4 {
		t.Errorf("only %d links", links)
	}
	for _, size := range []int{1, 7, 4096, len(file)} {
		s := Splitter{Chain: NewChain()}
		for rest := file; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if _, err := s.Write(rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
			if size == 1 && len(rest) < len(file)-100_000 {
				break // slow
			}
		}
		if got := s.Chain.Close(); size > 1 && (got != sum || !s.Whole()) {
			t.Errorf("in parts of %d: %+v", size, got)
		}
	}
}

// proven makes a proof as two ends make it.
func proven(sum Sum) Proof {
	agentKey, agent, _ := ed25519.GenerateKey(nil)
	advisorKey, advisor, _ := ed25519.GenerateKey(nil)
	p := Proof{Sum: sum, Agent: agentKey, Advisor: advisorKey}
	p.AgentSignature, p.AdvisorSignature = ed25519.Sign(agent, p.Message()), ed25519.Sign(advisor, p.Message())
	return p
}

func TestProof(t *testing.T) {
	file := drawn(3)
	sum, _ := Measure(bytes.NewReader(file))
	p := proven(sum)
	record := "2026-11-30 10:00:00  joined\n" + `{"time":"2026-11-30T10:00:00Z","event":"view"}` + "\n" + p.Line(time.Now()) + "\n"
	all, err := Proofs(strings.NewReader(record))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := all[0].Check(sum); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 50 {
		b := bytes.Clone(file)
		b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		changed, _ := Measure(bytes.NewReader(b))
		if err := all[0].Check(changed); !errors.Is(err, ErrNotSame) {
			t.Fatalf("a changed bit: %v", err)
		}
	}
	for name, test := range map[string]struct {
		change func(*Proof)
		want   error
	}{
		"no signature of the agent":   {func(p *Proof) { p.AgentSignature = nil }, ErrAgent},
		"no signature of the advisor": {func(p *Proof) { p.AdvisorSignature = nil }, ErrAdvisor},
		"another key":                 {func(p *Proof) { p.Advisor = proven(sum).Advisor }, ErrAgent},
		"no key":                      {func(p *Proof) { p.Agent = nil }, ErrAgent},
		"signatures exchanged":        {func(p *Proof) { p.AgentSignature = p.AdvisorSignature }, ErrAgent},
		"another size":                {func(p *Proof) { p.Size++ }, ErrNotSame},
	} {
		q := all[0]
		test.change(&q)
		if err := q.Check(sum); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "nothing\n", `{"event":"recording","recording":{"head":"xx"}}` + "\n"} {
		if all, err := Proofs(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %v", bad, all)
		}
	}
}

// FuzzReader checks that reading is bounded, and that Measure and Splitter agree.
func FuzzReader(f *testing.F) {
	small := AppendBlock(AppendBlock([]byte(Version), []byte("RFB 003.003\n"), 0), []byte{1, 2, 3}, 12*time.Second)
	f.Add(small)
	f.Add(small[:len(small)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		sum, err := Measure(bytes.NewReader(b))
		if sum.Size > int64(len(b)) {
			t.Fatalf("%d of %d bytes", sum.Size, len(b))
		}
		s := Splitter{Chain: NewChain()}
		_, splitErr := s.Write(b)
		if err == nil && (splitErr != nil || !s.Whole() || s.Chain.Close() != sum) {
			t.Fatalf("measured %+v, split %v", sum, splitErr)
		}
		if splitErr == nil && s.Whole() && len(b) > 0 && errors.Is(err, ErrTruncated) {
			t.Fatal("whole blocks, but truncated")
		}
	})
}

// FuzzProofs checks that any record can be read.
func FuzzProofs(f *testing.F) {
	f.Add(`{"event":"recording","recording":{"size":1,"head":"` + strings.Repeat("00", 32) + `"}}`)
	f.Fuzz(func(t *testing.T, record string) {
		all, _ := Proofs(strings.NewReader(record))
		for _, p := range all {
			if p.Check(p.Sum) == nil {
				t.Fatal("a proof without signatures")
			}
		}
	})
}
