package fbs

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"time"
)

// A chain of hashes covers a recording; tunnel/PROTOCOL.md, section 7b.
const (
	chainLabel = "lotse recording 1"
	// A link of the chain is as many whole blocks as begin within chainTime and have at most
	// chainBytes together.
	chainTime  = 10 * time.Second
	chainBytes = 1 << 20
)

// Chain computes the chain of hashes over a recording. Create one with NewChain. Methods must not
// be called concurrently.
type Chain struct {
	head  []byte
	links int
	size  int64

	// The link that is not complete.
	hash  hash.Hash // nil: it is empty
	bytes int
	began time.Duration
}

// NewChain returns the chain of an empty recording.
func NewChain() *Chain {
	first := sha256.Sum256([]byte(chainLabel))
	return &Chain{head: first[:]}
}

// Add adds a whole block as it is in the file; of the first one, with Version before it. at is the
// block's time.
func (c *Chain) Add(block []byte, at time.Duration) {
	if c.hash != nil && (at-c.began >= chainTime || c.bytes+len(block) > chainBytes) {
		c.close()
	}
	if c.hash == nil {
		c.hash, c.bytes, c.began = sha256.New(), 0, at
		c.hash.Write(c.head)
	}
	c.hash.Write(block)
	c.bytes += len(block)
	c.size += int64(len(block))
}

func (c *Chain) close() {
	c.head, c.hash = c.hash.Sum(nil), nil
	c.links++
}

// Close completes the last link, and returns the chain. No block can be added after it.
func (c *Chain) Close() Sum {
	if c.hash != nil {
		c.close()
	}
	return Sum{Size: c.size, Links: c.links, Head: [sha256.Size]byte(c.head)}
}

// Sum is the chain of a complete recording.
type Sum struct {
	Size  int64 // of the recording in bytes
	Links int
	Head  [sha256.Size]byte
}

// Measure reads a recording and returns its chain. If it ends within a block, the error is
// ErrTruncated, and the result covers the whole blocks.
func Measure(r io.Reader) (Sum, error) {
	in, chain := NewReader(r), NewChain()
	for {
		block, err := in.Next()
		switch {
		case err == nil:
			chain.Add(block.raw, block.At)
		case errors.Is(err, io.EOF):
			return chain.Close(), nil
		default:
			return chain.Close(), err
		}
	}
}

// Splitter finds the blocks in the bytes of a recording as they arrive, and adds them to a chain.
// The zero value must have a Chain.
type Splitter struct {
	Chain *Chain
	kept  []byte
	begun bool
}

// Write adds bytes. It returns an error if they cannot belong to a recording.
func (s *Splitter) Write(b []byte) (int, error) {
	s.kept = append(s.kept, b...)
	for {
		n, at, err := s.block()
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return len(b), nil
		}
		s.Chain.Add(s.kept[:n], at)
		s.begun = true
		s.kept = append(s.kept[:0], s.kept[n:]...)
	}
}

// Whole reports whether the bytes end with a whole block.
func (s *Splitter) Whole() bool { return len(s.kept) == 0 }

// block returns the length and the time of the first block; 0: it is not complete.
func (s *Splitter) block() (length int, at time.Duration, err error) {
	begin := 0
	if !s.begun {
		begin = len(Version)
		if n := min(len(s.kept), begin); string(s.kept[:n]) != Version[:n] {
			return 0, 0, ErrFormat
		}
	}
	if len(s.kept) < begin+4 {
		return 0, 0, nil
	}
	n := binary.BigEndian.Uint32(s.kept[begin:])
	if n > MaxData {
		return 0, 0, ErrFormat
	}
	if length = begin + blockFields + int(n) + padding(int(n)); len(s.kept) < length {
		return 0, 0, nil
	}
	return length, time.Duration(binary.BigEndian.Uint32(s.kept[length-4:])) * time.Millisecond, nil
}
