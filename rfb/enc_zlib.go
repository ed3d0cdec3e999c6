package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// zlibEncoder implements rfbproto, section "Zlib Encoding": raw pixels through one zlib stream,
// preceded by their compressed length.
type zlibEncoder struct {
	raw    rawEncoder
	pixels []byte
	stream zstream
}

var _ encoder = (*zlibEncoder)(nil)

func (e *zlibEncoder) split() image.Point { return image.Point{} }

func (e *zlibEncoder) encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) (_ []byte, err error) {
	if e.pixels, err = e.raw.encode(e.pixels[:0], conv, f, r); err != nil {
		return b, err
	}
	at := len(b)
	if b, err = e.stream.append(append(b, 0, 0, 0, 0), e.pixels); err != nil {
		return b, err
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b, nil
}
