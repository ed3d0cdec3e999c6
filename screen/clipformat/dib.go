package clipformat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math/bits"
)

// Sizes of the headers in bytes. BITMAPV4HEADER and BITMAPV5HEADER begin like BITMAPINFOHEADER.
const (
	infoHeader = 40
	v5Header   = 124
)

// Values of the header's compression.
const (
	biRGB       = 0
	biBitFields = 3
)

// The header's colour space sRGB, "sRGB", and its intent to keep pictures as they look.
const (
	lcsSRGB     = 0x73524742
	intentImage = 4
)

// dibHeader is what is read of a header.
type dibHeader struct {
	width, height int
	topDown       bool
	bits          int
	masks         [4]uint32 // red, green, blue, alpha; alpha 0: opaque
}

// DecodeDIB reads a picture of Windows's clipboard, CF_DIB or CF_DIBV5: 24 or 32 bits a pixel
// without compression. Of r it reads no more than the picture. A picture of more than maxPixels is
// an error, found before memory is allocated for it.
func DecodeDIB(r io.Reader, maxPixels int) (*image.NRGBA, error) {
	h, err := readDIBHeader(r, maxPixels)
	if err != nil {
		return nil, err
	}
	m := image.NewNRGBA(image.Rect(0, 0, h.width, h.height))
	row := make([]byte, (h.width*h.bits/8+3)&^3)
	var seen uint8 // of alpha
	for i := range h.height {
		if _, err := io.ReadFull(r, row); err != nil {
			return nil, fmt.Errorf("clipformat: picture: %w", noEOF(err))
		}
		y := i
		if !h.topDown {
			y = h.height - 1 - i
		}
		seen |= h.convert(m.Pix[y*m.Stride:][:m.Stride], row)
	}
	if seen == 0 { // many programs write an alpha mask and no alpha
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 0xff
		}
	}
	return m, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readDIBHeader(r io.Reader, maxPixels int) (h dibHeader, err error) {
	var b [v5Header]byte
	if _, err := io.ReadFull(r, b[:4]); err != nil {
		return h, fmt.Errorf("clipformat: picture: %w", noEOF(err))
	}
	size := binary.LittleEndian.Uint32(b[:])
	if size < infoHeader || size > v5Header || size%4 != 0 {
		return h, fmt.Errorf("clipformat: picture: a header of %d bytes", size)
	}
	if _, err := io.ReadFull(r, b[4:size]); err != nil {
		return h, fmt.Errorf("clipformat: picture: %w", noEOF(err))
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	width, height := int(int32(u32(4))), int(int32(u32(8)))
	h.topDown = height < 0
	h.width, h.height = width, max(height, -height)
	if h.width <= 0 || h.height <= 0 || h.width > maxPixels/h.height {
		return h, fmt.Errorf("clipformat: a picture of %d by %d pixels", width, height)
	}
	h.bits = int(binary.LittleEndian.Uint16(b[14:]))
	compression, colours := u32(16), u32(32)
	switch {
	case compression == biRGB && (h.bits == 24 || h.bits == 32):
		h.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	case compression == biBitFields && h.bits == 32:
		if size == infoHeader { // the masks follow it
			if _, err := io.ReadFull(r, b[infoHeader:][:12]); err != nil {
				return h, fmt.Errorf("clipformat: picture: %w", noEOF(err))
			}
		}
		h.masks = [4]uint32{u32(40), u32(44), u32(48)}
		if size >= infoHeader+16 {
			h.masks[3] = u32(52)
		}
	default:
		return h, fmt.Errorf("clipformat: a picture of %d bits, compression %d", h.bits, compression)
	}
	if colours > 256 {
		return h, fmt.Errorf("clipformat: a picture of %d bits with %d colours", h.bits, colours)
	}
	// A list of colours, which helps displays with few of them.
	if _, err := io.CopyN(io.Discard, r, 4*int64(colours)); err != nil {
		return h, fmt.Errorf("clipformat: picture: %w", noEOF(err))
	}
	return h, h.checkMasks()
}

// checkMasks refuses masks that are not adjacent bits, or that overlap.
func (h *dibHeader) checkMasks() error {
	var all uint32
	for i, m := range h.masks {
		run := uint64(m) >> bits.TrailingZeros32(m)
		if i < 3 && m == 0 || m != 0 && run&(run+1) != 0 || all&m != 0 {
			return fmt.Errorf("clipformat: a picture with the masks %#x", h.masks)
		}
		all |= m
	}
	return nil
}

// convert converts a row and returns all bits of its alpha.
func (h *dibHeader) convert(to, row []byte) (alpha uint8) {
	if h.bits == 24 {
		for x := range h.width {
			p, q := row[3*x:][:3], to[4*x:][:4]
			q[0], q[1], q[2] = p[2], p[1], p[0]
		}
		return 0
	}
	for x := range h.width {
		v, q := binary.LittleEndian.Uint32(row[4*x:]), to[4*x:][:4]
		if h.masks == [4]uint32{0xff0000, 0xff00, 0xff} {
			q[0], q[1], q[2] = byte(v>>16), byte(v>>8), byte(v)
			continue
		}
		for i, m := range h.masks {
			q[i] = component(v, m)
		}
		alpha |= q[3]
	}
	return alpha
}

// component returns the bits of v in a mask, from 0 to 255.
func component(v, mask uint32) uint8 {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	most := uint64(mask >> shift)
	return uint8((uint64(v&mask>>shift)*255 + most/2) / most)
}

// DIBSize returns the size in bytes of what WriteDIB writes for a picture of this size.
func DIBSize(size image.Point) int { return v5Header + 4*size.X*size.Y }

// WriteDIB writes m as CF_DIBV5: 32 bits a pixel, bottom row first, with alpha that is not
// premultiplied.
func WriteDIB(w io.Writer, m *image.NRGBA) error {
	size := m.Rect.Size()
	var h [v5Header]byte
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(h[at:], v) }
	put(0, v5Header)
	put(4, uint32(size.X))
	put(8, uint32(size.Y))
	binary.LittleEndian.PutUint16(h[12:], 1) // planes
	binary.LittleEndian.PutUint16(h[14:], 32)
	put(16, biBitFields)
	put(20, uint32(4*size.X*size.Y))
	for i, mask := range [4]uint32{0xff0000, 0xff00, 0xff, 0xff000000} {
		put(40+4*i, mask)
	}
	put(56, lcsSRGB)
	put(108, intentImage)
	if _, err := w.Write(h[:]); err != nil {
		return err
	}
	row := make([]byte, 4*size.X)
	for y := size.Y - 1; y >= 0; y-- {
		from := m.Pix[y*m.Stride:][:4*size.X]
		for x := 0; x < len(row); x += 4 {
			row[x], row[x+1], row[x+2], row[x+3] = from[x+2], from[x+1], from[x], from[x+3]
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}
