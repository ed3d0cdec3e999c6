package tunnel

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"time"
)

// A puzzle is a proof of work that a gateway under pressure demands before it examines a try;
// PROTOCOL.md, section 11. On the wire a puzzle has 46 characters; its proof is the puzzle, a dot
// and 86 characters. The same code in TypeScript is novnc-web/src/common/puzzle.ts.
const (
	// PuzzleParts is the number of equal searches in one puzzle. Many searches make its duration
	// predictable.
	PuzzleParts = 16
	// MaxPuzzleBits limits the work of one puzzle: 2^(18+4) hashes on average.
	MaxPuzzleBits = 18
	// MaxProof is the length of a proof's text.
	MaxProof = 133

	puzzleVersion  = 1
	puzzleSize     = 34
	puzzleMACSize  = 16
	puzzleText     = 46
	puzzleLabel    = "lotse puzzle 1"
	solutionSize   = PuzzleParts * 4
	solveCheck     = 1 << 12 // hashes between two checks of the context
	puzzleNonceLen = 12
)

// Puzzle is the work that a gateway asks for.
type Puzzle struct {
	Bits    int       // leading zero bits of each part's hash
	Expires time.Time // whole seconds; for the gateway only
	Nonce   [puzzleNonceLen]byte
	MAC     [puzzleMACSize]byte // made by the gateway over Head and the client's identity
}

// Solution has one counter for each part.
type Solution [PuzzleParts]uint32

// ErrPuzzle means that a text is not a puzzle or proof, or that the puzzle asks for too much work.
var ErrPuzzle = errors.New("tunnel: not a puzzle of the protocol")

// Head returns the part of the puzzle that the MAC covers. The MAC also covers the client's
// identity.
func (p *Puzzle) Head() []byte {
	b := make([]byte, 0, puzzleSize)
	b = append(b, puzzleVersion, byte(p.Bits))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Expires.Unix()))
	return append(b, p.Nonce[:]...)
}

// String returns the puzzle as sent on the wire.
func (p *Puzzle) String() string {
	return base64.RawURLEncoding.EncodeToString(append(p.Head(), p.MAC[:]...))
}

// ParsePuzzle reads a puzzle; its error is ErrPuzzle.
func ParsePuzzle(text string) (p Puzzle, err error) {
	if len(text) != puzzleText {
		return p, ErrPuzzle
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != puzzleSize || b[0] != puzzleVersion || b[1] > MaxPuzzleBits {
		return p, ErrPuzzle
	}
	p.Bits = int(b[1])
	p.Expires = time.Unix(int64(binary.BigEndian.Uint32(b[2:])), 0)
	copy(p.Nonce[:], b[6:])
	copy(p.MAC[:], b[6+puzzleNonceLen:])
	return p, nil
}

// ParseProof reads a result of SolvePuzzle; its error is ErrPuzzle. It does not check the solution:
// call Solves for that, after checking the MAC.
func ParseProof(proof string) (p Puzzle, s Solution, err error) {
	if len(proof) != MaxProof || proof[puzzleText] != '.' {
		return p, s, ErrPuzzle
	}
	if p, err = ParsePuzzle(proof[:puzzleText]); err != nil {
		return p, s, err
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(proof[puzzleText+1:])
	if err != nil || len(b) != solutionSize {
		return p, s, ErrPuzzle
	}
	for i := range s {
		s[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return p, s, nil
}

// Solves reports whether s is a solution of p. It computes at most PuzzleParts hashes.
func (s *Solution) Solves(p *Puzzle) bool {
	b := puzzleBlock(p.String())
	for i, counter := range s {
		if zeroBits(&b, i, counter) < p.Bits {
			return false
		}
	}
	return true
}

// SolvePuzzle searches for a solution, which takes 2^(bits+4) hashes on average, and returns the
// proof. The error is ErrPuzzle or the context's cause.
func SolvePuzzle(ctx context.Context, text string) (proof string, err error) {
	p, err := ParsePuzzle(text)
	if err != nil {
		return "", fmt.Errorf("%w, or it asks for too much", err)
	}
	b := puzzleBlock(text)
	out := make([]byte, 0, solutionSize)
	for i := range PuzzleParts {
		counter := uint32(0)
		for zeroBits(&b, i, counter) < p.Bits {
			counter++
			if counter%solveCheck == 0 && ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
		}
		out = binary.BigEndian.AppendUint32(out, counter)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(out), nil
}

// puzzleInput is one SHA-256 block: seed, part, counter.
type puzzleInput [sha256.Size + 1 + 4]byte

func puzzleBlock(text string) (b puzzleInput) {
	seed := sha256.Sum256([]byte(puzzleLabel + text))
	copy(b[:], seed[:])
	return b
}

func zeroBits(b *puzzleInput, part int, counter uint32) int {
	b[sha256.Size] = byte(part)
	binary.BigEndian.PutUint32(b[sha256.Size+1:], counter)
	sum := sha256.Sum256(b[:])
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:]))
}
