package rfbtest

import (
	"bytes"
	"image"
)

// raw is RFC 6143, section 7.7.1.
func (v *Viewer) raw(r image.Rectangle) error { return v.rawFrom(&v.in, r) }

func (v *Viewer) rawFrom(in *source, r image.Rectangle) error {
	row := make([]byte, r.Dx()*v.pixels.size)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if err := in.full(row); err != nil {
			return err
		}
		for x := range r.Dx() {
			c, err := v.pixels.pixel(row[x*v.pixels.size:])
			if err != nil {
				return err
			}
			v.canvas.SetRGBA(r.Min.X+x, y, c)
		}
	}
	return nil
}

// zlib is rfbproto, section "zlib Encoding".
func (v *Viewer) zlib(r image.Rectangle) error {
	n, err := v.in.u32()
	if err != nil {
		return err
	}
	data, err := v.in.bytes(int(n), maxZlib)
	if err != nil {
		return err
	}
	pixels, err := v.zlibStream.inflate(data, r.Dx()*r.Dy()*v.pixels.size)
	if err != nil {
		return err
	}
	return v.rawFrom(&source{r: bytes.NewReader(pixels)}, r)
}
