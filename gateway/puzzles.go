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

// Limits of puzzles; PROTOCOL.md, section 11.
const (
	// puzzleBits is the difficulty of the easiest puzzle. In 16 parts it takes 131 072 hashes on
	// average: 15 to 50 ms in Go, 200 to 300 ms in a browser.
	puzzleBits = 13
	puzzleLife = time.Minute
	// maxSpent is how many used solutions are remembered per puzzleLife.
	maxSpent = 200_000
	// puzzleSlack is how many bits easier than currently required a puzzle may be, because the
	// pressure may have risen while the client solved it.
	puzzleSlack = 2
)

// puzzles makes puzzles and accepts each solution once. A puzzle is valid for one entrance and one
// address (IPv6: one /64). Nothing is stored until it is solved. Methods may be called
// concurrently.
type puzzles struct {
	// Static after newPuzzles.
	secret [32]byte // a restart invalidates older puzzles
	base   int      // bits of the easiest; fewer in tests

	mu    sync.Mutex
	spent [2]map[[12]byte]struct{} // Guarded by mu; of this puzzleLife and the previous one.
	since time.Time                // Guarded by mu; when spent[0] started.
}

func newPuzzles() *puzzles {
	p := &puzzles{base: puzzleBits, spent: [2]map[[12]byte]struct{}{{}, {}}}
	rand.Read(p.secret[:]) // never fails
	return p
}

// mac binds a puzzle to an entrance and a client's unit.
func (p *puzzles) mac(z *tunnel.Puzzle, entrance string, unit netip.Prefix) (sum [16]byte) {
	m := hmac.New(sha256.New, p.secret[:])
	m.Write(z.Head()) // always the same length
	m.Write([]byte(unit.String()))
	m.Write([]byte{0})
	m.Write([]byte(entrance))
	copy(sum[:], m.Sum(nil))
	return sum
}

// ask makes a puzzle that is harder than the easiest by the given number of bits.
func (p *puzzles) ask(entrance string, unit netip.Prefix, harder int, now time.Time) string {
	z := tunnel.Puzzle{Bits: min(p.base+harder, tunnel.MaxPuzzleBits), Expires: now.Add(puzzleLife)}
	rand.Read(z.Nonce[:])
	z.MAC = p.mac(&z, entrance, unit)
	return z.String()
}

// take reports whether proof is an unused solution of a puzzle from ask. The cheap checks come
// first; all together cost about 20 hashes.
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

// puzzleAsked returns when the puzzle of an accepted proof was made, in whole seconds.
func puzzleAsked(proof string) time.Time {
	z, _, _ := tunnel.ParseProof(proof) // take has parsed it without an error
	return z.Expires.Add(-puzzleLife)
}

// spend remembers a nonce for as long as its puzzle may be valid. It returns false if the nonce was
// used before, or if too many are remembered already.
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
