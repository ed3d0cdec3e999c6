package rfbtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

// tightDecoder decodes Tight; rfbproto, section "Tight Encoding". The reading goroutine owns it.
type tightDecoder struct {
	*surface
	streams [4]inflater
	mayJPEG func() bool // a quality level was sent
}

// decode reads r.
func (t *tightDecoder) decode(r image.Rectangle) error {
	if r.Dx() > 2048 {
		return fmt.Errorf("%w: Tight rectangle %v, at most 2048 wide", ErrBound, r)
	}
	control, err := t.in.u8()
	if err != nil {
		return err
	}
	for i := range t.streams {
		if control>>i&1 != 0 {
			t.streams[i] = inflater{}
		}
	}
	switch {
	case control>>4 == 8:
		t.count("tight fill")
		return t.fill(r)
	case control>>4 == 9:
		t.count("tight jpeg")
		return t.jpeg(r)
	case control>>7 != 0: // 1010 and 1110 were not requested, others are invalid
		return fmt.Errorf("%w: Tight control %#x", ErrReserved, control)
	}
	filter := byte(0)
	if control&0x40 != 0 {
		if filter, err = t.in.u8(); err != nil {
			return err
		}
	}
	stream := &t.streams[control>>4&3]
	switch filter {
	case 0:
		t.count("tight copy")
		return t.copy(r, stream)
	case 1:
		return t.palette(r, stream)
	case 2:
		t.count("tight gradient")
		return t.gradient(r, stream)
	default:
		return fmt.Errorf("%w: Tight filter %d", ErrReserved, filter)
	}
}

func (t *tightDecoder) fill(r image.Rectangle) error {
	c, err := t.colours(1)
	if err != nil {
		return err
	}
	draw.Draw(t.canvas, r, image.NewUniform(c[0]), image.Point{}, draw.Src)
	return nil
}

// colours reads n TPIXELs.
func (t *tightDecoder) colours(n int) ([]color.RGBA, error) {
	size := t.pixels.tsize
	b, err := t.in.bytes(n*size, 256*4)
	if err != nil {
		return nil, err
	}
	out := make([]color.RGBA, n)
	for i := range out {
		if out[i], err = t.pixels.tpixel(b[i*size:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compactLength reads a length in groups of 7, 7 and 8 bits, the least significant first.
func (t *tightDecoder) compactLength() (int, error) {
	n := 0
	for i, used := range [3]int{7, 7, 8} {
		b, err := t.in.u8()
		if err != nil {
			return 0, err
		}
		n |= int(b) & (1<<used - 1) << (7 * i)
		if used == 7 && b < 0x80 {
			if i == 1 && b == 0 {
				return 0, fmt.Errorf("%w: compact length is not the shortest", ErrLength)
			}
			break
		}
	}
	return n, nil
}

// data reads n bytes compressed in the stream, or uncompressed if n is less than twelve.
func (t *tightDecoder) data(n int, stream *inflater) ([]byte, error) {
	if n < 12 {
		return t.in.bytes(n, n)
	}
	size, err := t.compactLength()
	if err != nil {
		return nil, err
	}
	data, err := t.in.bytes(size, maxZlib)
	if err != nil {
		return nil, err
	}
	return stream.inflate(data, n)
}

func (t *tightDecoder) copy(r image.Rectangle, stream *inflater) error {
	size := t.pixels.tsize
	data, err := t.data(r.Dx()*r.Dy()*size, stream)
	if err != nil {
		return err
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c, err := t.pixels.tpixel(data)
			if err != nil {
				return err
			}
			t.canvas.SetRGBA(x, y, c)
			data = data[size:]
		}
	}
	return nil
}

func (t *tightDecoder) palette(r image.Rectangle, stream *inflater) error {
	n, err := t.in.u8()
	if err != nil {
		return err
	}
	size := int(n) + 1
	if size < 2 {
		return fmt.Errorf("%w: Tight palette of one colour", ErrPalette)
	}
	palette, err := t.colours(size)
	if err != nil {
		return err
	}
	rowBytes := r.Dx()
	if size == 2 {
		t.count("tight mono")
		rowBytes = (r.Dx() + 7) / 8
	} else {
		t.count("tight indexed")
	}
	data, err := t.data(rowBytes*r.Dy(), stream)
	if err != nil {
		return err
	}
	for y := range r.Dy() {
		row := data[y*rowBytes:][:rowBytes]
		for x := range r.Dx() {
			i := 0
			if size == 2 {
				i = int(row[x/8] >> (7 - x%8) & 1)
			} else if i = int(row[x]); i >= size {
				return fmt.Errorf("%w: index %d of %d", ErrPalette, i, size)
			}
			t.canvas.SetRGBA(r.Min.X+x, r.Min.Y+y, palette[i])
		}
	}
	return nil
}

func (t *tightDecoder) jpeg(r image.Rectangle) error {
	if q := t.mayJPEG(); !q || t.pixels.size == 1 {
		return fmt.Errorf("%w: JPEG with %d bits per pixel, quality level sent: %v",
			ErrEncoding, t.pixels.size*8, q)
	}
	n, err := t.compactLength()
	if err != nil {
		return err
	}
	data, err := t.in.bytes(n, maxZlib)
	if err != nil {
		return err
	}
	in := bytes.NewReader(data)
	picture, err := jpeg.Decode(in)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJPEG, err)
	}
	if picture.Bounds().Size() != r.Size() {
		return fmt.Errorf("%w: of %v for %v", ErrJPEG, picture.Bounds().Size(), r)
	}
	if !bytes.HasSuffix(data, []byte{0xff, 0xd9}) {
		return fmt.Errorf("%w: behind the JPEG", ErrTrailing)
	}
	draw.Draw(t.canvas, r, picture, picture.Bounds().Min, draw.Src)
	return nil
}

// gradient decodes the gradient filter for TPIXELs of three bytes. Each byte is the difference from
// left + above - above left, clamped to a byte; values outside the rectangle are 0.
func (t *tightDecoder) gradient(r image.Rectangle, stream *inflater) error {
	if t.pixels.tsize != 3 {
		return fmt.Errorf("%w: Tight gradient with TPIXELs of %d bytes", ErrEncoding, t.pixels.tsize)
	}
	data, err := t.data(r.Dx()*r.Dy()*3, stream)
	if err != nil {
		return err
	}
	was := func(x, y, part int) int {
		if x < 0 || y < 0 {
			return 0
		}
		return int(data[(y*r.Dx()+x)*3+part])
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			at := (y*r.Dx() + x) * 3
			for part := range 3 {
				expected := was(x-1, y, part) + was(x, y-1, part) - was(x-1, y-1, part)
				data[at+part] += byte(min(max(expected, 0), 255))
			}
			c, err := t.pixels.tpixel(data[at:])
			if err != nil {
				return err
			}
			t.canvas.SetRGBA(r.Min.X+x, r.Min.Y+y, c)
		}
	}
	return nil
}
