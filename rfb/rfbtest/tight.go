package rfbtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

// tight is rfbproto, section "Tight Encoding".
func (v *Viewer) tight(r image.Rectangle) error {
	if r.Dx() > 2048 {
		return fmt.Errorf("%w: Tight rectangle %v, at most 2048 wide", ErrBound, r)
	}
	control, err := v.in.u8()
	if err != nil {
		return err
	}
	for i := range v.tightStreams {
		if control>>i&1 != 0 {
			v.tightStreams[i] = inflater{}
		}
	}
	switch {
	case control>>4 == 8:
		v.count("tight fill")
		return v.tightFill(r)
	case control>>4 == 9:
		v.count("tight jpeg")
		return v.tightJPEG(r)
	case control>>7 != 0: // 1010 and 1110 were not asked for, others are invalid
		return fmt.Errorf("%w: Tight control %#x", ErrReserved, control)
	}
	filter := byte(0)
	if control&0x40 != 0 {
		if filter, err = v.in.u8(); err != nil {
			return err
		}
	}
	stream := &v.tightStreams[control>>4&3]
	switch filter {
	case 0:
		v.count("tight copy")
		return v.tightCopy(r, stream)
	case 1:
		return v.tightPalette(r, stream)
	case 2:
		v.count("tight gradient")
		return v.tightGradient(r, stream)
	default:
		return fmt.Errorf("%w: Tight filter %d", ErrReserved, filter)
	}
}

func (v *Viewer) tightFill(r image.Rectangle) error {
	c, err := v.tightColours(1)
	if err != nil {
		return err
	}
	draw.Draw(v.canvas, r, image.NewUniform(c[0]), image.Point{}, draw.Src)
	return nil
}

// tightColours reads n TPIXELs.
func (v *Viewer) tightColours(n int) ([]color.RGBA, error) {
	size := v.pixels.tsize
	b, err := v.in.bytes(n*size, 256*4)
	if err != nil {
		return nil, err
	}
	out := make([]color.RGBA, n)
	for i := range out {
		if out[i], err = v.pixels.tpixel(b[i*size:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compactLength reads 7, 7 and 8 bits, the least significant first.
func (v *Viewer) compactLength() (int, error) {
	n := 0
	for i, used := range [3]int{7, 7, 8} {
		b, err := v.in.u8()
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

// tightData reads n bytes that went through the stream, or as they are when
// fewer than twelve.
func (v *Viewer) tightData(n int, stream *inflater) ([]byte, error) {
	if n < 12 {
		return v.in.bytes(n, n)
	}
	size, err := v.compactLength()
	if err != nil {
		return nil, err
	}
	data, err := v.in.bytes(size, maxZlib)
	if err != nil {
		return nil, err
	}
	return stream.inflate(data, n)
}

func (v *Viewer) tightCopy(r image.Rectangle, stream *inflater) error {
	size := v.pixels.tsize
	data, err := v.tightData(r.Dx()*r.Dy()*size, stream)
	if err != nil {
		return err
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c, err := v.pixels.tpixel(data)
			if err != nil {
				return err
			}
			v.canvas.SetRGBA(x, y, c)
			data = data[size:]
		}
	}
	return nil
}

func (v *Viewer) tightPalette(r image.Rectangle, stream *inflater) error {
	n, err := v.in.u8()
	if err != nil {
		return err
	}
	size := int(n) + 1
	if size < 2 {
		return fmt.Errorf("%w: Tight palette of one colour", ErrPalette)
	}
	palette, err := v.tightColours(size)
	if err != nil {
		return err
	}
	rowBytes := r.Dx()
	if size == 2 {
		v.count("tight mono")
		rowBytes = (r.Dx() + 7) / 8
	} else {
		v.count("tight indexed")
	}
	data, err := v.tightData(rowBytes*r.Dy(), stream)
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
			v.canvas.SetRGBA(r.Min.X+x, r.Min.Y+y, palette[i])
		}
	}
	return nil
}

func (v *Viewer) tightJPEG(r image.Rectangle) error {
	if q := v.quality(); !q || v.pixels.size == 1 {
		return fmt.Errorf("%w: JPEG with %d bits per pixel, quality level sent: %v", ErrEncoding, v.pixels.size*8, q)
	}
	n, err := v.compactLength()
	if err != nil {
		return err
	}
	data, err := v.in.bytes(n, maxZlib)
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
	draw.Draw(v.canvas, r, picture, picture.Bounds().Min, draw.Src)
	return nil
}

// tightGradient is the gradient filter, for TPIXELs of three bytes: each byte is the
// difference from left + above - above left, which is kept in a byte's range; what
// lies outside of the rectangle is 0.
func (v *Viewer) tightGradient(r image.Rectangle, stream *inflater) error {
	if v.pixels.tsize != 3 {
		return fmt.Errorf("%w: Tight gradient with TPIXELs of %d bytes", ErrEncoding, v.pixels.tsize)
	}
	data, err := v.tightData(r.Dx()*r.Dy()*3, stream)
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
			c, err := v.pixels.tpixel(data[at:])
			if err != nil {
				return err
			}
			v.canvas.SetRGBA(r.Min.X+x, r.Min.Y+y, c)
		}
	}
	return nil
}
