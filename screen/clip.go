package screen

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"sync"
)

// Limits of one clipboard content, in both directions.
const (
	MaxClipText      = 1 << 20  // bytes of Text, and of HTML
	MaxPictureBytes  = 8 << 20  // bytes of a picture as PNG
	MaxPicturePixels = 16 << 20 // pixels of a picture
)

// Clip is one content of a clipboard, in the forms that its owner offers. The zero value is empty.
type Clip struct {
	Text    string   // UTF-8 with "\n" as line end
	HTML    string   // the same content as HTML, UTF-8; it is not checked
	Picture *Picture // nil: none
}

// Empty reports whether there is nothing in the clip.
func (c Clip) Empty() bool { return c.Text == "" && c.HTML == "" && c.Picture == nil }

// Within returns c without the forms that exceed the limits, and whether any of them did.
func (c Clip) Within() (_ Clip, tooLong bool) {
	if len(c.Text) > MaxClipText {
		c.Text, tooLong = "", true
	}
	if len(c.HTML) > MaxClipText {
		c.HTML, tooLong = "", true
	}
	return c, tooLong
}

// Picture is a picture of a clipboard, as a PNG that this program has encoded. So nothing that
// another program or another computer has encoded is passed on. It is immutable.
type Picture struct {
	png  []byte
	size image.Point
}

// ErrPictureTooLarge is returned for a picture that exceeds MaxPictureBytes or MaxPicturePixels.
var ErrPictureTooLarge = errors.New("screen: the picture is too large for the clipboard")

// converting is held while a picture is decoded or encoded, because that takes up to 200 megabytes.
var converting sync.Mutex

// NewPicture encodes m. The result is a copy. It takes up to two seconds.
func NewPicture(m image.Image) (*Picture, error) {
	if err := checkPicture(m.Bounds().Dx(), m.Bounds().Dy()); err != nil {
		return nil, err
	}
	converting.Lock()
	defer converting.Unlock()
	return encodePicture(m)
}

// ParsePicture decodes a PNG and encodes it again. It takes up to two seconds.
func ParsePicture(b []byte) (*Picture, error) {
	if len(b) > MaxPictureBytes {
		return nil, ErrPictureTooLarge
	}
	converting.Lock()
	defer converting.Unlock()
	m, err := decodePicture(b)
	if err != nil {
		return nil, err
	}
	return encodePicture(m)
}

// PNG returns the picture as PNG. The caller must not change it.
func (p *Picture) PNG() []byte { return p.png }

// Size returns the picture's width and height in pixels.
func (p *Picture) Size() image.Point { return p.size }

// Decode returns the pixels.
func (p *Picture) Decode() (*image.NRGBA, error) {
	converting.Lock()
	defer converting.Unlock()
	return decodePicture(p.png)
}

func checkPicture(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return errors.New("screen: the picture is empty")
	case width > MaxPicturePixels/height:
		return ErrPictureTooLarge
	}
	return nil
}

func decodePicture(b []byte) (*image.NRGBA, error) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("screen: picture: %w", err)
	}
	pixels := c.Height // to count: colours of 16 bits take twice the memory
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		pixels *= 2
	}
	if err := checkPicture(c.Width, pixels); err != nil {
		return nil, err
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("screen: picture: %w", err)
	}
	if n, ok := m.(*image.NRGBA); ok && n.Rect.Min == (image.Point{}) {
		return n, nil
	}
	n := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	draw.Draw(n, n.Rect, m, m.Bounds().Min, draw.Src)
	return n, nil
}

// encodePicture encodes as fast as possible, and smaller only if the result would be too large.
func encodePicture(m image.Image) (*Picture, error) {
	for _, level := range []png.CompressionLevel{png.BestSpeed, png.DefaultCompression} {
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: level}).Encode(&b, m); err != nil {
			return nil, fmt.Errorf("screen: picture: %w", err)
		}
		if b.Len() <= MaxPictureBytes {
			return &Picture{png: b.Bytes(), size: m.Bounds().Size()}, nil
		}
	}
	return nil, ErrPictureTooLarge
}
