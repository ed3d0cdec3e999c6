package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
)

// heard records what an end has written, as an attacker in the middle would see it.
type heard struct {
	net.Conn
	mu  sync.Mutex
	all bytes.Buffer
}

// listen records what arrives from conn.
func listen(conn net.Conn) *heard {
	h := &heard{Conn: conn}
	go func() {
		buf := make([]byte, 1000)
		for {
			n, err := conn.Read(buf)
			h.mu.Lock()
			h.all.Write(buf[:n])
			h.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return h
}

// said returns what was written so far, once all goroutines of the bubble are blocked.
func (h *heard) said() []byte {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.all.Bytes())
}

// Neither end sends anything that depends on a share before the other end has fixed its own. The
// agent sends nothing before the commitment, and the advisor's end sends only the commitment before
// it has the agent's share. An attacker in the middle must therefore send both of his shares, or a
// commitment to one, before he can know a code.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, evilA := net.Pipe()
		b, evilB := net.Pipe()
		p := params("482193057", nil)
		for _, end := range []struct {
			conn net.Conn
			role Role
		}{{a, Agent}, {b, Advisor}} {
			go func() {
				if c, err := Handshake(t.Context(), end.conn, end.role, p); err == nil {
					c.Close()
				}
			}()
		}
		fromA, fromB := listen(evilA), listen(evilB)
		if got := fromA.said(); len(got) != 0 {
			t.Errorf("the agent speaks first: % x", got)
		}
		commit := fromB.said()
		if len(commit) != frameHeader+bodyCommit || commit[0] != frameCommit {
			t.Fatalf("the advisor's end begins with % x", commit)
		}
		evilA.Write(commit)
		share := fromA.said()
		if len(share) != frameHeader+bodyShare || share[0] != frameShare {
			t.Fatalf("the agent answers % x", share)
		}
		if got := fromB.said(); len(got) != len(commit) {
			t.Errorf("the advisor's end says more before it has a share: % x", got)
		}
		evilB.Write(share)
		opened := fromB.said()[len(commit):]
		if len(opened) != frameHeader+bodyShareConfirm || opened[0] != frameShareConfirm {
			t.Fatalf("the advisor's end opens with % x", opened)
		}
		evilA.Close()
		evilB.Close()
	})
}

// The commitment fixes the whole share: if any bit of the share or of the nonce changes, it does
// not open, nor does it open for another stream.
func TestCommitmentFixesTheShare(t *testing.T) {
	sid, public, nonce := []byte("AAAAAAAAAAAAAAAAAAAAAA"), make([]byte, shareSize), make([]byte, nonceSize)
	rand.Read(public)
	rand.Read(nonce)
	c := newCommitment(sid, public, nonce, nil, false)
	if !c.opens(sid, public, nonce) {
		t.Fatal("the commitment does not open")
	}
	for _, field := range [][]byte{sid, public, nonce} {
		for at := range len(field) * 8 {
			field[at/8] ^= 1 << (at % 8)
			if c.opens(sid, public, nonce) {
				t.Fatalf("opens with bit %d changed", at)
			}
			field[at/8] ^= 1 << (at % 8)
		}
	}
	// The boundaries of the fields are fixed too.
	if c.opens(sid[:len(sid)-1], append([]byte{sid[len(sid)-1]}, public...), nonce) {
		t.Error("a byte may wander from one field to the next")
	}
}

// Both tags cover everything in a Commit: if it was changed, neither end completes the seal.
func TestCommitIsUnderTheTags(t *testing.T) {
	origins := new(Origins)
	known := originOf(t, origins)
	for name, test := range map[string]struct {
		origin *Origin
		change func(body []byte)
		want   error // at the agent
	}{
		"bound made number only": {known, func(b []byte) { clear(b[1 : 2+originIDSize]) }, ErrWrongNumber},
		"number only made bound": {nil, func(b []byte) { b[1] |= flagBound; copy(b[2:], known.id[:]) }, ErrWrongNumber},
		"onward set":             {known, func(b []byte) { b[1] |= flagOnward }, ErrWrongNumber},
		"another identifier":     {known, func(b []byte) { b[2] ^= 1 }, ErrOrigin},
		"another hash":           {known, func(b []byte) { b[len(b)-1] ^= 1 }, ErrOpened},
		"identifier, not bound":  {nil, func(b []byte) { b[2] = 1 }, nil},
	} {
		a, evilA := net.Pipe()
		b, evilB := net.Pipe()
		go relayChanged(evilA, evilB, func(frame int, body []byte) {
			if frame == 0 {
				test.change(body)
			}
		})
		pa, pb := params("482193057", nil), params("482193057", nil)
		pa.Origins, pb.Origin = origins, test.origin
		ra, rb := handshake(t, a, b, pa, pb)
		if ra.err == nil || rb.err == nil || test.want != nil && !errors.Is(ra.err, test.want) {
			t.Errorf("%s: agent %v, advisor %v", name, ra.err, rb.err)
		}
	}
}

// relayChanged relays an exchange frame by frame, changing the frames, and then relays everything
// else.
func relayChanged(a, b net.Conn, change func(frame int, body []byte)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	from, to := b, a
	for frame := range 4 {
		h := make([]byte, frameHeader)
		if _, err := io.ReadFull(from, h); err != nil {
			break
		}
		body := make([]byte, int(h[1])<<8|int(h[2]))
		if _, err := io.ReadFull(from, body); err != nil {
			break
		}
		change(frame, body)
		if _, err := to.Write(append(h, body...)); err != nil || h[0] == frameRefuse {
			break
		}
		from, to = to, from
	}
	for _, p := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(p[0], p[1])
			p[0].Close()
		})
	}
}

// originOf makes an exchange over the number alone and adds it to origins.
func originOf(t *testing.T, origins *Origins) *Origin {
	t.Helper()
	a, b := net.Pipe()
	pa := params("482193057", nil)
	pa.Origins = origins
	ra, rb := handshake(t, a, b, pa, params("482193057", nil))
	if ra.err != nil || rb.err != nil {
		t.Fatal(ra.err, rb.err)
	}
	a.Close()
	b.Close()
	return rb.conn.Origin()
}

// An advisor's end whose own messages are sent back to it does not complete the seal. (This attack
// does not exist at an agent, which never sends first.)
func TestReflected(t *testing.T) {
	a, b := tcpPair(t)
	go func() {
		_, _ = io.Copy(b, b)
		b.Close()
	}()
	if _, err := Handshake(t.Context(), a, Advisor, params("482193057", nil)); err == nil {
		t.Error("sealed with itself")
	}
}
