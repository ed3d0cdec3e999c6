package rfbtest

import (
	"encoding/binary"
	"fmt"
	"image"
	"io"
)

// Limits of what a server may send.
const (
	maxPixels  = 1 << 27 // of a framebuffer
	maxText    = 16 << 20
	maxName    = 64 << 10
	maxReason  = 64 << 10
	maxZlib    = 256 << 20 // compressed data of one rectangle
	maxScreens = 255
	maxCursor  = 2048 // side
)

// source reads the protocol's types from a stream or from uncompressed data.
type source struct {
	r       io.Reader
	n       int64 // bytes read
	scratch [16]byte
}

// full reads len(b) bytes. An earlier end is io.ErrUnexpectedEOF.
func (s *source) full(b []byte) error {
	n, err := io.ReadFull(s.r, b)
	s.n += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (s *source) u8() (byte, error) {
	err := s.full(s.scratch[:1])
	return s.scratch[0], err
}

func (s *source) u16() (int, error) {
	err := s.full(s.scratch[:2])
	return int(binary.BigEndian.Uint16(s.scratch[:])), err
}

func (s *source) u32() (uint32, error) {
	err := s.full(s.scratch[:4])
	return binary.BigEndian.Uint32(s.scratch[:]), err
}

func (s *source) skip(n int) error { return s.full(s.scratch[:n]) }

// bytes reads n bytes, at most limit. It allocates memory only as data arrives.
func (s *source) bytes(n, limit int) ([]byte, error) {
	if n < 0 || n > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBound, n, limit)
	}
	const step = 1 << 20
	b := make([]byte, 0, min(n, step))
	for len(b) < n {
		part := min(step, n-len(b))
		b = append(b, make([]byte, part)...)
		if err := s.full(b[len(b)-part:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// text reads a U32 length and a text of that many bytes.
func (s *source) text(limit int) (string, error) {
	n, err := s.u32()
	if err != nil {
		return "", err
	}
	b, err := s.bytes(int(n), limit)
	return string(b), err
}

// rect reads x, y, width and height.
func (s *source) rect() (image.Rectangle, error) {
	if err := s.full(s.scratch[:8]); err != nil {
		return image.Rectangle{}, err
	}
	u16 := func(i int) int { return int(binary.BigEndian.Uint16(s.scratch[i:])) }
	x, y := u16(0), u16(2)
	return image.Rect(x, y, x+u16(4), y+u16(6)), nil
}
