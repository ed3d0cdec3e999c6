package rfbtest

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
)

// inflater is a zlib stream that lasts as long as the connection. Each rectangle's data ends with a
// flush, which is a byte boundary between two blocks, so the window is the only state carried over.
type inflater struct {
	begun  bool
	window []byte // the last 32 KiB of output
	flate  io.ReadCloser
}

const windowSize = 32 << 10

// lastBlock ends a DEFLATE stream: a final stored block of zero bytes. Appended to a rectangle's
// data, it makes a complete stream.
var lastBlock = []byte{1, 0, 0, 0xff, 0xff}

// inflate decompresses data, whose content must be exactly n bytes.
func (z *inflater) inflate(data []byte, n int) ([]byte, error) {
	out, err := z.inflateUpTo(data, n)
	if err == nil && len(out) < n {
		err = fmt.Errorf("%w: %d bytes of %d in the zlib data", ErrLength, len(out), n)
	}
	return out, err
}

// inflateUpTo decompresses data to at most limit bytes.
func (z *inflater) inflateUpTo(data []byte, limit int) ([]byte, error) {
	if !z.begun {
		if len(data) < 2 {
			return nil, fmt.Errorf("%w: no header", ErrZlib)
		}
		// RFC 1950: method 8, no preset dictionary, header divisible by 31.
		if data[0]&0x0f != 8 || data[1]&0x20 != 0 || (int(data[0])<<8|int(data[1]))%31 != 0 {
			return nil, fmt.Errorf("%w: header % x", ErrZlib, data[:2])
		}
		data = data[2:]
		z.begun = true
	}
	in := bytes.NewReader(append(data[:len(data):len(data)], lastBlock...))
	if z.flate == nil {
		z.flate = flate.NewReader(in)
	} else if err := z.flate.(flate.Resetter).Reset(in, z.window); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, min(limit, 1<<20)+bytes.MinRead))
	_, err := out.ReadFrom(io.LimitReader(z.flate, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrZlib, err)
	case out.Len() > limit:
		return nil, fmt.Errorf("%w: zlib data of more than %d bytes", ErrTrailing, limit)
	case in.Len() != 0:
		return nil, fmt.Errorf("%w: the stream ended", ErrZlib)
	}
	b := out.Bytes()
	z.window = append(z.window, b[max(0, len(b)-windowSize):]...)
	z.window = append(z.window[:0], z.window[max(0, len(z.window)-windowSize):]...)
	return b, nil
}
