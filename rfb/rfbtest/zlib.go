package rfbtest

import (
	"bytes"
	"image"
)

// zlibDecoder decodes Zlib; rfbproto, section "zlib Encoding". The reading goroutine owns it.
type zlibDecoder struct {
	*surface
	stream inflater
}

// decode reads r.
func (z *zlibDecoder) decode(r image.Rectangle) error {
	n, err := z.in.u32()
	if err != nil {
		return err
	}
	data, err := z.in.bytes(int(n), maxZlib)
	if err != nil {
		return err
	}
	pixels, err := z.stream.inflate(data, r.Dx()*r.Dy()*z.pixels.size)
	if err != nil {
		return err
	}
	return z.rawFrom(&source{r: bytes.NewReader(pixels)}, r)
}
