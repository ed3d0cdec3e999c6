package rfb_test

import (
	"image"
	"sync"
	"testing"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// benchPictures are 1920×1080 frames: a screen full of text, a web page, a photograph.
var benchPictures = sync.OnceValue(func() []picture {
	size := image.Pt(1920, 1080)
	return []picture{
		{"text", paint(size, text(1))},
		{"page", paint(size, page(1, size))},
		{"photo", paint(size, photo(1))},
	}
})

// BenchmarkEncode: MB/s counts pixels of four bytes each; wire-KB is the encoded size.
func BenchmarkEncode(b *testing.B) {
	native := rfb.PixelFormat{BitsPerPixel: 32, Depth: 24, TrueColour: true, RedMax: 255, GreenMax: 255, BlueMax: 255, RedShift: 16, GreenShift: 8}
	small := rfb.PixelFormat{BitsPerPixel: 16, Depth: 16, TrueColour: true, RedMax: 31, GreenMax: 63, BlueMax: 31, RedShift: 11, GreenShift: 5}
	for _, e := range []struct {
		name      string
		format    rfb.PixelFormat
		encodings []int32
	}{
		{"raw", native, []int32{rfbtest.Raw}},
		{"hextile", native, []int32{rfbtest.Hextile}},
		{"zlib", native, []int32{rfbtest.Zlib}},
		{"zrle", native, []int32{rfbtest.ZRLE}},
		{"zrle565", small, []int32{rfbtest.ZRLE}},
		{"tight", native, []int32{rfbtest.Tight}},
		{"tightJPEG6", native, []int32{rfbtest.Tight, rfbtest.Quality(6)}},
		{"tightJPEG9", native, []int32{rfbtest.Tight, rfbtest.Quality(9)}},
	} {
		for _, p := range benchPictures() {
			b.Run(e.name+"/"+p.name, func(b *testing.B) {
				encoder := rfb.NewPicture(e.format, e.encodings...)
				n, err := encoder.Encode(p.frame)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(p.frame.Pix)))
				b.ReportAllocs()
				for b.Loop() {
					if n, err = encoder.Encode(p.frame); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)/1024, "wire-KB")
			})
		}
	}
}

// BenchmarkFewPixels measures a small change: a blinking caret.
func BenchmarkFewPixels(b *testing.B) {
	f := benchPictures()[0].frame
	small := screen.NewFrame(image.Pt(64, 16))
	small.CopyRect(f, small.Bounds())
	for name, encoding := range encodings {
		b.Run(name, func(b *testing.B) {
			encoder := rfb.NewPicture(rfb.PixelFormat{BitsPerPixel: 32, Depth: 24, TrueColour: true, RedMax: 255, GreenMax: 255, BlueMax: 255, RedShift: 16, GreenShift: 8}, encoding)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encoder.Encode(small); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
