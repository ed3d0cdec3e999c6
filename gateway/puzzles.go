package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"lotse/tunnel"
)

// Bounds of puzzles; PROTOCOL.md, section 11.
const (
	// puzzleBits of 16 parts are 131 072 hashes: 15 to 50 ms in Go, 200 to 300 ms in a page.
	puzzleBits = 13
	puzzleLife = time.Minute
	// maxSpent bounds the memory of solutions that were used, for one puzzleLife.
	maxSpent = 200_000
	// puzzleSlack is by how many bits a puzzle may be easier than one asked for now: the
	// pressure may have risen while it was solved.
	puzzleSlack = 2
)

// puzzles makes puzzles and takes their solutions, each once. A puzzle is good for
// one entrance and one address (IPv6: one /64); nothing is stored before it is
// solved. Methods may be called concurrently.
type puzzles struct {
	// Static after newPuzzles.
	secret [32]byte // a restart makes older puzzles void
	base   int      // bits of the easiest; tests have less

	mu    sync.Mutex
	spent [2]map[[12]byte]struct{} // Guarded by mu; of this puzzleLife and the one before.
	since time.Time                // Guarded by mu; when spent[0] began.
}

func newPuzzles() *puzzles {
	p := &puzzles{base: puzzleBits, spent: [2]map[[12]byte]struct{}{{}, {}}}
	rand.Read(p.secret[:]) // never fails
	return p
}

// mac binds a puzzle to whom it is for.
func (p *puzzles) mac(z *tunnel.Puzzle, entrance string, unit netip.Prefix) (sum [16]byte) {
	m := hmac.New(sha256.New, p.secret[:])
	m.Write(z.Head()) // of one length always
	m.Write([]byte(unit.String()))
	m.Write([]byte{0})
	m.Write([]byte(entrance))
	copy(sum[:], m.Sum(nil))
	return sum
}

// ask makes a puzzle that is by harder bits harder than the easiest.
func (p *puzzles) ask(entrance string, unit netip.Prefix, harder int, now time.Time) string {
	z := tunnel.Puzzle{Bits: min(p.base+harder, tunnel.MaxPuzzleBits), Expires: now.Add(puzzleLife)}
	rand.Read(z.Nonce[:])
	z.MAC = p.mac(&z, entrance, unit)
	return z.String()
}

// take reports whether proof is a fresh solution of a puzzle that was asked here. The
// cheap tests come first; all of it costs some 20 hashes.
func (p *puzzles) take(proof, entrance string, unit netip.Prefix, harder int, now time.Time) bool {
	z, solution, err := tunnel.ParseProof(proof)
	if err != nil || z.Bits < min(p.base+harder, tunnel.MaxPuzzleBits)-puzzleSlack || !now.Before(z.Expires) {
		return false
	}
	sum := p.mac(&z, entrance, unit)
	if !hmac.Equal(sum[:], z.MAC[:]) || !solution.Solves(&z) {
		return false
	}
	return p.spend(z.Nonce, now)
}

// puzzleAsked is when the puzzle of a proof that was taken was asked, in whole seconds.
func puzzleAsked(proof string) time.Time {
	z, _, _ := tunnel.ParseProof(proof) // take has parsed it before
	return z.Expires.Add(-puzzleLife)
}

// spend remembers a nonce for as long as its puzzle can be good; false when it was
// used, or when there are more than can be remembered.
func (p *puzzles) spend(nonce [12]byte, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.since); age >= puzzleLife {
		p.spent[1], p.spent[0] = p.spent[0], map[[12]byte]struct{}{}
		if age >= 2*puzzleLife {
			p.spent[1] = map[[12]byte]struct{}{}
		}
		p.since = now
	}
	_, a := p.spent[0][nonce]
	_, b := p.spent[1][nonce]
	if a || b || len(p.spent[0]) >= maxSpent {
		return false
	}
	p.spent[0][nonce] = struct{}{}
	return true
}
