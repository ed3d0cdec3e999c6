// Package fbs reads and writes recordings in the FBS format of rfbproxy, and proves that one was
// not changed: it has the chain of hashes over a recording and the signatures of both ends.
//
// A recording is Version and then blocks. A block is the length of its data, the data, zeros up to
// a multiple of four bytes, and the time since the begin in milliseconds; numbers are big-endian
// and have 32 bits. The data of all blocks is what an RFB server sent: the version 3.3, the
// security type None, ServerInit, and its messages.
package fbs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version begins a recording.
const Version = "FBS 001.000\n"

// Limits of a recording that this package reads.
const (
	// MaxData is the maximum length in bytes of a block's data.
	MaxData = 1 << 20
	// MaxTime is the time of the last possible block.
	MaxTime = time.Duration(1<<32-1) * time.Millisecond
)

// blockFields is the length in bytes of the two numbers of a block.
const blockFields = 8

// AppendBlock appends a block. data has at most MaxData bytes; at is rounded down to milliseconds.
func AppendBlock(b, data []byte, at time.Duration) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	b = append(b, make([]byte, padding(len(data)))...)
	return binary.BigEndian.AppendUint32(b, uint32(min(max(at, 0), MaxTime)/time.Millisecond))
}

// padding returns how many zeros follow n bytes of data.
func padding(n int) int { return -n & 3 }

// Block is a block of a recording. Its slices are valid until the next one is read.
type Block struct {
	Data []byte
	At   time.Duration // since the begin
	raw  []byte        // the whole block; of the first one, Version is before it
}

// Reader reads the blocks of a recording.
type Reader struct {
	in    *bufio.Reader
	buf   []byte
	begun bool
	last  time.Duration
}

// NewReader makes a reader that reads from in.
func NewReader(in io.Reader) *Reader { return &Reader{in: bufio.NewReaderSize(in, 64<<10)} }

// Errors of Reader.Next. ErrTruncated means that the recording ends within a block: all blocks
// before were whole.
var (
	ErrFormat    = errors.New("fbs: this is no recording")
	ErrTruncated = errors.New("fbs: the recording ends within a block")
)

// Next returns the next block, and io.EOF after the last one. It returns ErrFormat, ErrTruncated,
// or an error of the file.
func (r *Reader) Next() (Block, error) {
	r.buf = r.buf[:0]
	begin := 0
	if !r.begun {
		if _, err := r.read(len(Version)); err != nil || string(r.buf) != Version {
			return Block{}, formatError(err, "it does not begin with a version")
		}
		r.begun, begin = true, len(Version)
	}
	head, err := r.read(4)
	switch {
	case err != nil && begin > 0: // without one block, nothing is recorded
		return Block{}, truncated(err)
	case err != nil:
		return Block{}, err
	}
	n := binary.BigEndian.Uint32(head)
	if n > MaxData {
		return Block{}, formatError(nil, fmt.Sprintf("a block has %d bytes", n))
	}
	if _, err := r.read(int(n) + padding(int(n)) + 4); err != nil {
		return Block{}, truncated(err)
	}
	rest := r.buf[begin+4:]
	for _, zero := range rest[n : len(rest)-4] {
		if zero != 0 {
			return Block{}, formatError(nil, "the padding is not zero")
		}
	}
	at := time.Duration(binary.BigEndian.Uint32(rest[len(rest)-4:])) * time.Millisecond
	if at < r.last {
		return Block{}, formatError(nil, "the time runs backwards")
	}
	r.last = at
	return Block{Data: rest[:n], At: at, raw: r.buf}, nil
}

// read appends n bytes to the buffer and returns them. It returns io.EOF if there are none.
func (r *Reader) read(n int) ([]byte, error) {
	at := len(r.buf)
	r.buf = append(r.buf, make([]byte, n)...)
	_, err := io.ReadFull(r.in, r.buf[at:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTruncated
	}
	return r.buf[at:], err
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return err
}

func formatError(err error, why string) error {
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrTruncated) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrFormat, why)
}
