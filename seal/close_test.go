package seal

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
)

// Simultaneous right tries do not burn the number.
func TestRightTriesAtOnce(t *testing.T) {
	for i := range 40 {
		tries, none := NewTries(MaxTries, MaxTries-1, nil), (*Tries)(nil)
		if i%2 == 1 { // the advisor's end counts
			tries, none = none, tries
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				a, b := net.Pipe()
				ra, rb := handshake(t, a, b, params("482193057", tries), params("482193057", none))
				if ra.err != nil || rb.err != nil {
					t.Errorf("agent %v, advisor %v", ra.err, rb.err)
					return
				}
				a.Close()
				b.Close()
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
	}
}

// Many simultaneous guesses get three answers in all.
func TestWrongTriesAtOnce(t *testing.T) {
	tries := new(Tries)
	var mu sync.Mutex
	answers := 0
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			a, b := net.Pipe()
			ra, _ := handshake(t, a, b, params("482193057", tries), params("482193058", nil))
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(ra.err, ErrWrongNumber) {
				answers++
			}
		})
	}
	wg.Wait()
	if answers != MaxTries {
		t.Errorf("%d guesses were answered, want %d", answers, MaxTries)
	}
}

// Close wipes the keys even while a Read and a Write are in progress.
func TestCloseForgetsTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		var wg sync.WaitGroup
		wg.Go(func() { a.Read(make([]byte, 10)) })
		wg.Go(func() { a.Write(make([]byte, 100_000)) }) // nobody reads, so it blocks
		synctest.Wait()
		secrets := [][]byte{a.in.secret, a.out.secret}
		a.Close() // in the bubble's time, which a peer that does not read cannot delay
		wg.Wait()
		for i, s := range secrets {
			if !bytes.Equal(s, make([]byte, len(s))) {
				t.Errorf("secret %d is still there after Close", i)
			}
		}
		if _, err := a.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("Read after Close: %v", err)
		}
		if _, err := a.Write([]byte{1}); err == nil {
			t.Error("Write after Close succeeded")
		}
		b.Close()
	})
}

// Every modified record is refused: 10^5 mutations at the record layer, without a connection.
func TestMutatedRecords(t *testing.T) {
	rnd := newRand(3)
	body := make([]byte, maxBody) // allocated once because it is large
	records, _ := sealedRecords(t)
	genuine := bytes.Join(records, nil)
	secret := bytes.Repeat([]byte{7}, secretSize)
	for i := range 100_000 {
		wire := bytes.Clone(genuine)
		switch rnd.IntN(5) {
		case 0: // bits flipped
			for range 1 + rnd.IntN(3) {
				wire[rnd.IntN(len(wire))] ^= 1 << rnd.IntN(8)
			}
		case 1: // bytes replaced
			at := rnd.IntN(len(wire))
			for j := at; j < min(len(wire), at+1+rnd.IntN(20)); j++ {
				wire[j] = byte(rnd.Uint32())
			}
		case 2: // cut short
			wire = wire[:rnd.IntN(len(wire))]
		case 3: // a piece left out
			at := rnd.IntN(len(wire))
			wire = append(wire[:at], wire[min(len(wire), at+1+rnd.IntN(30)):]...)
		case 4: // a piece repeated
			at := rnd.IntN(len(wire))
			piece := bytes.Clone(wire[at:min(len(wire), at+1+rnd.IntN(60))])
			wire = append(wire[:at], append(piece, wire[at:]...)...)
		}
		in, err := newDirection(bytes.Clone(secret))
		if err != nil {
			t.Fatal(err)
		}
		c := &Conn{conn: &tape{Reader: bytes.NewReader(wire)}, in: in, out: in, body: body}
		got, err := readBounded(c)
		if err == nil {
			t.Fatalf("mutation %d: a stream without a sealed end was taken as whole", i)
		}
		if !bytes.HasPrefix([]byte("RFB 003.008\nsecondthird"), got) {
			t.Fatalf("mutation %d: read %q", i, got)
		}
		if len(got) == len("RFB 003.008\nsecondthird") && !bytes.HasPrefix(wire, genuine) {
			t.Fatalf("mutation %d was read as if nothing had happened", i)
		}
	}
}

// readBounded is io.ReadAll with a small buffer.
func readBounded(c *Conn) ([]byte, error) {
	var all []byte
	buf := make([]byte, 64)
	for {
		n, err := c.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// tape is a connection on which all data has arrived already.
type tape struct {
	net.Conn
	*bytes.Reader
}

func (t *tape) Read(p []byte) (int, error) { return t.Reader.Read(p) }
