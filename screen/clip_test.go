package screen_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"lotse/screen"
)

// TestPicture: a picture keeps its pixels, whatever the PNG's kind, and its PNG is this program's.
func TestPicture(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 5, 3))
	grey.Set(2, 1, color.Gray{77})
	deep := image.NewNRGBA64(image.Rect(0, 0, 4, 4))
	deep.Set(1, 1, color.NRGBA64{0xffff, 0x8080, 0, 0x8080})
	clear := image.NewNRGBA(image.Rect(3, 4, 9, 6)) // does not begin at 0,0
	clear.Set(4, 5, color.NRGBA{1, 2, 3, 100})
	paletted := image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.Black, color.White})
	paletted.SetColorIndex(1, 1, 1)
	for _, m := range []image.Image{grey, deep, clear, paletted} {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		parsed, err := screen.ParsePicture(b.Bytes())
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		made, err := screen.NewPicture(m)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		for _, p := range []*screen.Picture{parsed, made} {
			got, err := p.Decode()
			if err != nil || p.Size() != m.Bounds().Size() || got.Rect != (image.Rectangle{Max: p.Size()}) {
				t.Fatalf("%T: %v of %v, %v", m, got.Rect, p.Size(), err)
			}
			for y := range p.Size().Y {
				for x := range p.Size().X {
					at := m.Bounds().Min.Add(image.Pt(x, y))
					if want := color.NRGBAModel.Convert(m.At(at.X, at.Y)); got.NRGBAAt(x, y) != want {
						t.Fatalf("%T: %v at %d,%d, want %v", m, got.NRGBAAt(x, y), x, y, want)
					}
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, clear); err != nil {
		t.Fatal(err)
	}
	behind := append(b.Bytes(), "hidden behind the picture"...)
	if p, err := screen.ParsePicture(behind); err != nil || bytes.Contains(p.PNG(), []byte("hidden")) {
		t.Errorf("what is behind the picture is passed on: %v", err)
	}
}

// TestPictureLimits: a few bytes that promise many pixels are refused before memory is allocated.
func TestPictureLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		png  []byte
		is   error
	}{
		{"nothing", nil, nil},
		{"no picture", []byte("GIF89a"), nil},
		{"a bomb", pngHeader(65535, 65535, 8, 6), screen.ErrPictureTooLarge},
		{"one row too many", pngHeader(4096, 4097, 8, 6), screen.ErrPictureTooLarge},
		{"16 bits a colour", pngHeader(4096, 2049, 16, 6), screen.ErrPictureTooLarge},
		{"no data", pngHeader(16, 16, 8, 6), nil},
		{"too many bytes", make([]byte, screen.MaxPictureBytes+1), screen.ErrPictureTooLarge},
	} {
		if _, err := screen.ParsePicture(c.png); err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, r := range []image.Rectangle{{}, image.Rect(0, 0, 1<<15, 1<<10), image.Rect(0, 0, 1<<40, 1<<40)} {
		if _, err := screen.NewPicture(blank(r)); err == nil {
			t.Errorf("a picture of %v is taken", r)
		}
	}
}

// blank is a picture of any size that needs no memory.
type blank image.Rectangle

func (b blank) ColorModel() color.Model { return color.GrayModel }
func (b blank) Bounds() image.Rectangle { return image.Rectangle(b) }
func (b blank) At(int, int) color.Color { return color.White }

// pngHeader returns a PNG that has only a header.
func pngHeader(width, height uint32, depth, kind byte) []byte {
	chunk := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(chunk[4:], width)
	binary.BigEndian.PutUint32(chunk[8:], height)
	chunk[12], chunk[13] = depth, kind
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

func TestClipWithin(t *testing.T) {
	long := strings.Repeat("x", screen.MaxClipText+1)
	for _, c := range []struct {
		in, out screen.Clip
		tooLong bool
	}{
		{screen.Clip{}, screen.Clip{}, false},
		{screen.Clip{Text: long[1:], HTML: long[1:]}, screen.Clip{Text: long[1:], HTML: long[1:]}, false},
		{screen.Clip{Text: long, HTML: "h"}, screen.Clip{HTML: "h"}, true},
		{screen.Clip{Text: "t", HTML: long}, screen.Clip{Text: "t"}, true},
	} {
		if out, tooLong := c.in.Within(); out != c.out || tooLong != c.tooLong || out.Empty() != (c.out == screen.Clip{}) {
			t.Errorf("%d, %d characters: %v", len(c.in.Text), len(c.in.HTML), tooLong)
		}
	}
}

func FuzzPicture(f *testing.F) {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 3, 2)))
	f.Add(b.Bytes())
	f.Add(pngHeader(65535, 65535, 8, 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := screen.ParsePicture(data)
		if err != nil {
			return
		}
		if again, err := screen.ParsePicture(p.PNG()); err != nil || again.Size() != p.Size() {
			t.Errorf("what was encoded cannot be read: %v", err)
		}
	})
}
