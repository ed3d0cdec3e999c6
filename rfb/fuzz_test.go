package rfb_test

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// contentOf makes a frame from data: each four bytes are a run of a colour, from a small palette or
// from many colours.
func contentOf(size image.Point, data []byte) *screen.Frame {
	run, at := 0, 0
	var c color.RGBA
	return paint(size, func(int, int) color.RGBA {
		if run == 0 {
			if at+4 > len(data) {
				at = 0
			}
			run, c = 1, color.RGBA{A: 255}
			if at+4 <= len(data) {
				d := data[at:]
				run = 1 + int(d[0])
				if d[0] > 200 {
					run *= 1 + int(d[3])
				}
				c = color.RGBA{d[1], d[2], d[3], 255}
				at += 4
			}
		}
		run--
		return c
	})
}

// FuzzEncodings: any content in any size, format and encoding is decoded correctly, twice on the
// same streams.
func FuzzEncodings(f *testing.F) {
	f.Add([]byte{5, 1, 2, 3, 255, 9, 9, 9}, []byte{0, 255, 0, 0}, uint16(100), uint16(70), uint8(0), uint8(0))
	f.Add([]byte{0, 1, 2, 3, 0, 4, 5, 6}, []byte{16, 255, 0, 0}, uint16(17), uint16(65), uint8(3), uint8(9))
	f.Add([]byte{}, []byte{254, 1, 1, 1, 255, 2, 2, 200}, uint16(64), uint16(64), uint8(4), uint8(17))
	var names, all []string
	for name := range formats {
		names = append(names, name)
	}
	for name := range encodings {
		all = append(all, name)
	}
	slices.Sort(names)
	slices.Sort(all)
	f.Fuzz(func(t *testing.T, first, second []byte, w, h uint16, encoding, format uint8) {
		size := image.Pt(1+int(w)%300, 1+int(h)%150)
		pixels := formats[names[int(format)%len(names)]]
		s := open(t, rfb.Config{Rights: rfb.RightView}, contentOf(size, first))
		defer s.close()
		s.must(s.v.SetPixelFormat(pixels))
		s.must(s.v.SetEncodings(encodings[all[int(encoding)%len(all)]]))
		s.must(s.v.Refresh())
		if err := compare(s.v.Canvas(), contentOf(size, first), expected(pixels)); err != nil {
			t.Fatal(err)
		}
		f := contentOf(size, second)
		s.show(f)
		s.must(s.v.Refresh())
		if err := compare(s.v.Canvas(), f, expected(pixels)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzViewer: the strict viewer returns whatever a server sends.
func FuzzViewer(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 16, 0, 0, 0, 5, 2, 1, 2, 3, 4})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 16, 0, 0, 0, 7, 0x80, 1, 2, 3, 4, 3, 0, 0, 0, 0, 0, 0, 1, 65})
	f.Fuzz(func(t *testing.T, wire []byte) {
		head := append([]byte("RFB 003.008\n\x01\x01\x00\x00\x00\x00\x00\x40\x00\x40"),
			32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0)
		v, err := rfbtest.New(&tape{in: append(head, wire...)}, rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		all := []int32{rfbtest.CopyRect, rfbtest.Cursor, rfbtest.CursorWithAlpha, rfbtest.VMwareCursor,
			rfbtest.DesktopName, rfbtest.ExtendedDesktopSize, rfbtest.Fence, rfbtest.ExtendedClipboard,
			rfbtest.QEMUExtendedKey, rfbtest.Quality(5), rfbtest.LastRect}
		for _, e := range encodings {
			all = append(all, e)
		}
		if err := v.SetEncodings(all...); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = v.Next()
		}
	})
}
