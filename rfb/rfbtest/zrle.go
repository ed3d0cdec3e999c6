package rfbtest

import (
	"fmt"
	"image"
	"image/color"
)

// zrleDecoder decodes ZRLE; RFC 6143, section 7.7.6. The reading goroutine owns it.
type zrleDecoder struct {
	*surface
	stream inflater
}

// decode reads r.
func (z *zrleDecoder) decode(r image.Rectangle) error {
	n, err := z.in.u32()
	if err != nil {
		return err
	}
	data, err := z.in.bytes(int(n), maxZlib)
	if err != nil {
		return err
	}
	tiles, err := z.stream.inflateUpTo(data, maxZRLE(r, z.pixels.csize))
	if err != nil {
		return err
	}
	d := zrleData{b: tiles, p: z.pixels}
	for y := r.Min.Y; y < r.Max.Y; y += 64 {
		for x := r.Min.X; x < r.Max.X; x += 64 {
			if err := z.tile(&d, image.Rect(x, y, x+64, y+64).Intersect(r)); err != nil {
				return err
			}
		}
	}
	if len(d.b) != 0 {
		return fmt.Errorf("%w: %d bytes behind the last ZRLE tile", ErrTrailing, len(d.b))
	}
	return nil
}

// maxZRLE returns the maximum uncompressed size: the longest form is runs of one pixel.
func maxZRLE(r image.Rectangle, csize int) int {
	tiles := ((r.Dx() + 63) / 64) * ((r.Dy() + 63) / 64)
	return r.Dx()*r.Dy()*(csize+1) + tiles*(1+127*csize)
}

// zrleData reads from the uncompressed tiles.
type zrleData struct {
	b []byte
	p *pixels
}

func (d *zrleData) bytes(n int) ([]byte, error) {
	if len(d.b) < n {
		return nil, fmt.Errorf("%w: ZRLE data ends inside a tile", ErrLength)
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b, nil
}

func (d *zrleData) u8() (byte, error) {
	b, err := d.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (d *zrleData) pixel() (color.RGBA, error) {
	b, err := d.bytes(d.p.csize)
	if err != nil {
		return color.RGBA{}, err
	}
	return d.p.cpixel(b)
}

// run reads a run length: one more than the sum of its bytes, the last of which is the first that
// is not 255.
func (d *zrleData) run(left int) (int, error) {
	n := 1
	for {
		b, err := d.u8()
		if err != nil {
			return 0, err
		}
		n += int(b)
		if n > left {
			return 0, fmt.Errorf("%w: a run of %d, %d pixels are left", ErrRun, n, left)
		}
		if b != 255 {
			return n, nil
		}
	}
}

func (d *zrleData) palette(n int) ([]color.RGBA, error) {
	out := make([]color.RGBA, n)
	for i := range out {
		var err error
		if out[i], err = d.pixel(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (z *zrleDecoder) tile(d *zrleData, t image.Rectangle) error {
	sub, err := d.u8()
	if err != nil {
		return err
	}
	switch {
	case sub == 0:
		z.count("zrle raw")
		return z.runs(t, func(int) (color.RGBA, int, error) {
			c, err := d.pixel()
			return c, 1, err
		})
	case sub == 1:
		z.count("zrle solid")
		c, err := d.pixel()
		if err != nil {
			return err
		}
		return z.runs(t, func(left int) (color.RGBA, int, error) { return c, left, nil })
	case sub <= 16:
		z.count("zrle packed")
		return z.packed(d, t, int(sub))
	case sub == 128:
		z.count("zrle plain RLE")
		return z.runs(t, func(left int) (color.RGBA, int, error) {
			c, err := d.pixel()
			if err != nil {
				return c, 0, err
			}
			n, err := d.run(left)
			return c, n, err
		})
	case sub >= 130:
		z.count("zrle palette RLE")
		return z.paletteRLE(d, t, int(sub)-128)
	default:
		return fmt.Errorf("%w: ZRLE subencoding %d", ErrReserved, sub)
	}
}

// runs fills t row by row with runs.
func (z *zrleDecoder) runs(t image.Rectangle, next func(left int) (color.RGBA, int, error)) error {
	total := t.Dx() * t.Dy()
	for i := 0; i < total; {
		c, n, err := next(total - i)
		if err != nil {
			return err
		}
		for ; n > 0; n-- {
			z.canvas.SetRGBA(t.Min.X+i%t.Dx(), t.Min.Y+i/t.Dx(), c)
			i++
		}
	}
	return nil
}

func (z *zrleDecoder) paletteRLE(d *zrleData, t image.Rectangle, size int) error {
	palette, err := d.palette(size)
	if err != nil {
		return err
	}
	return z.runs(t, func(left int) (c color.RGBA, n int, err error) {
		b, err := d.u8()
		if err != nil {
			return c, 0, err
		}
		i := int(b & 127)
		if i >= size {
			return c, 0, fmt.Errorf("%w: index %d of %d", ErrPalette, i, size)
		}
		n = 1
		if b&128 != 0 {
			n, err = d.run(left)
		}
		return palette[i], n, err
	})
}

func (z *zrleDecoder) packed(d *zrleData, t image.Rectangle, size int) error {
	palette, err := d.palette(size)
	if err != nil {
		return err
	}
	width := 4
	if size == 2 {
		width = 1
	} else if size <= 4 {
		width = 2
	}
	for y := t.Min.Y; y < t.Max.Y; y++ {
		row, err := d.bytes((t.Dx()*width + 7) / 8)
		if err != nil {
			return err
		}
		for x := range t.Dx() {
			bit := x * width
			i := int(row[bit/8]>>(8-width-bit%8)) & (1<<width - 1)
			if i >= size {
				return fmt.Errorf("%w: index %d of %d", ErrPalette, i, size)
			}
			z.canvas.SetRGBA(t.Min.X+x, y, palette[i])
		}
	}
	return nil
}
