package rfb_test

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests check encodings pixel by pixel, with a decoder that shares no code with the encoders:
// each encoding of each kind of content in each pixel format. One connection uses all of them, so
// that zlib streams continue across changes of content, size and format. They also check that
// JPEG's errors are within limits that get tighter by level, and that each form of each encoding
// was used.

var encodings = map[string]int32{
	"raw": rfbtest.Raw, "hextile": rfbtest.Hextile, "zlib": rfbtest.Zlib, "tight": rfbtest.Tight, "zrle": rfbtest.ZRLE,
}

func trueColour(bpp, depth int, big bool, red, redShift, green, greenShift, blue, blueShift int) rfbtest.PixelFormat {
	return rfbtest.PixelFormat{
		BitsPerPixel: bpp, Depth: depth, BigEndian: big, TrueColour: true,
		RedMax: red, GreenMax: green, BlueMax: blue, RedShift: redShift, GreenShift: greenShift, BlueShift: blueShift,
	}
}

var formats = map[string]rfbtest.PixelFormat{
	"332":                 trueColour(8, 8, false, 7, 5, 7, 2, 3, 0),
	"BGR 233":             trueColour(8, 8, true, 7, 0, 7, 3, 3, 6),
	"colour map":          {BitsPerPixel: 8, Depth: 8},
	"565 little":          trueColour(16, 16, false, 31, 11, 63, 5, 31, 0),
	"565 big":             trueColour(16, 16, true, 31, 11, 63, 5, 31, 0),
	"555 little":          trueColour(16, 15, false, 31, 10, 31, 5, 31, 0),
	"555 big, BGR":        trueColour(16, 15, true, 31, 0, 31, 5, 31, 10),
	"162 in 16":           trueColour(16, 9, false, 1, 15, 63, 3, 3, 0),
	"888 little":          trueColour(32, 24, false, 255, 16, 255, 8, 255, 0),
	"888 big":             trueColour(32, 24, true, 255, 16, 255, 8, 255, 0),
	"888 little, BGR":     trueColour(32, 24, false, 255, 0, 255, 8, 255, 16),
	"888 on top, little":  trueColour(32, 24, false, 255, 24, 255, 16, 255, 8),
	"888 on top, big":     trueColour(32, 24, true, 255, 8, 255, 16, 255, 24),
	"888 across, little":  trueColour(32, 24, false, 255, 2, 255, 11, 255, 20),
	"888 across, big":     trueColour(32, 24, true, 255, 21, 255, 12, 255, 3),
	"888 of depth 32":     trueColour(32, 32, false, 255, 16, 255, 8, 255, 0),
	"101010 little":       trueColour(32, 30, false, 1023, 20, 1023, 10, 1023, 0),
	"101010 big":          trueColour(32, 30, true, 1023, 0, 1023, 10, 1023, 20),
	"565 in 32, middle":   trueColour(32, 16, true, 31, 19, 63, 13, 31, 8),
	"666 in 32, on top":   trueColour(32, 18, false, 63, 26, 63, 20, 63, 14),
	"no blue, much green": trueColour(32, 24, false, 127, 16, 65535, 0, 0, 0),
}

// expected returns the colours that the viewer shows in a format.
func expected(f rfbtest.PixelFormat) func(color.RGBA) color.RGBA {
	if f.TrueColour {
		return f.Map
	}
	// The server's colour map is a cube of six levels.
	level := func(v byte) byte { return byte((int(v)*5 + 127) / 255 * 51) }
	return func(c color.RGBA) color.RGBA { return color.RGBA{level(c.R), level(c.G), level(c.B), 255} }
}

func TestEncodings(t *testing.T) {
	list := pictures()
	seen := make(chan map[string]int, len(encodings)*len(formats))
	t.Run("all", func(t *testing.T) {
		for name, encoding := range encodings {
			for formatName, format := range formats {
				t.Run(name+" in "+formatName, func(t *testing.T) {
					t.Parallel()
					s := open(t, rfb.Config{Rights: rfb.RightView}, list[len(list)-1].frame)
					defer s.close()
					s.must(s.v.SetPixelFormat(format))
					s.must(s.v.SetEncodings(encoding, rfbtest.DesktopSize))
					for _, p := range list {
						s.show(p.frame)
						if err := s.v.Refresh(); err != nil {
							t.Fatalf("%s %v: %v", p.name, p.frame.Size, err)
						}
						if err := compare(s.v.Canvas(), p.frame, expected(format)); err != nil {
							t.Errorf("%s %v: %v", p.name, p.frame.Size, err)
						}
					}
					seen <- s.v.Forms()
				})
			}
		}
	})
	close(seen)
	total := map[string]int{}
	for forms := range seen {
		for form, n := range forms {
			total[form] += n
		}
	}
	for _, form := range []string{
		"raw", "zlib", "hextile raw", "hextile background", "hextile coloured", "hextile two colours",
		"zrle raw", "zrle solid", "zrle packed", "zrle plain RLE", "zrle palette RLE",
		"tight fill", "tight copy", "tight mono", "tight indexed", "tight gradient",
	} {
		if total[form] == 0 {
			t.Errorf("%s was never used", form)
		}
	}
	if total["tight jpeg"] != 0 {
		t.Error("JPEG without a quality level")
	}
}

// One connection uses all encodings and formats in a random order, with random changes and sizes in
// between.
func TestEncodingsInTurn(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { encodingsInTurn(t, seed) })
		})
	}
}

func encodingsInTurn(t *testing.T, seed uint64) {
	r := random(seed)
	format := formats["888 little"]
	f := paint(image.Pt(100, 80), page(seed, image.Pt(100, 80)))
	s := open(t, rfb.Config{Rights: rfb.RightView}, f)
	defer s.close()
	s.must(s.v.SetPixelFormat(format))
	s.must(s.v.SetEncodings(rfbtest.Tight, rfbtest.DesktopSize))
	s.must(s.v.Refresh())
	for step := range 120 {
		all := false
		switch r.IntN(8) {
		case 0:
			format = pick(r, formats)
			s.must(s.v.SetPixelFormat(format))
			all = true // the server sends everything again
		case 1:
			s.must(s.v.SetEncodings(pick(r, encodings), rfbtest.DesktopSize))
		case 2:
			size := image.Pt(1+r.IntN(300), 1+r.IntN(150))
			f = paint(size, page(seed, size))
		default:
			f = damaged(r, f)
		}
		change := s.desk.Apply(update(f))
		s.conn.Invalidate(change)
		if all || change.Any() {
			s.picture()
		}
		if err := compare(s.v.Canvas(), f, expected(format)); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
	}
}

func pick[V any](r *rand.Rand, m map[string]V) V {
	// Maps are iterated in random order, but the seed must determine the choice.
	best, name := uint64(0), ""
	salt := r.Uint64()
	for k := range m {
		h := salt
		for _, c := range k {
			h = (h ^ uint64(c)) * 0x100000001b3
		}
		if h >= best {
			best, name = h, k
		}
	}
	return m[name]
}

// damaged returns a copy of f with something painted over.
func damaged(r *rand.Rand, f *screen.Frame) *screen.Frame {
	g := screen.NewFrame(f.Size)
	g.CopyRect(f, f.Bounds())
	for range 1 + r.IntN(5) {
		area := randomRect(r, f.Size)
		var patch *screen.Frame
		switch r.IntN(4) {
		case 0:
			patch = paint(f.Size, noise(r.Uint64()))
		case 1:
			patch = paint(f.Size, text(r.Uint64()))
		case 2:
			patch = paint(f.Size, flat(color.RGBA{byte(r.Uint32()), byte(r.Uint32()), 7, 255}))
		default:
			patch = paint(f.Size, colours(2+r.IntN(300), 1+r.IntN(5)))
		}
		g.CopyRect(patch, area)
	}
	return g
}

func randomRect(r *rand.Rand, size image.Point) image.Rectangle {
	x, y := r.IntN(size.X), r.IntN(size.Y)
	return image.Rect(x, y, x+1+r.IntN(size.X-x), y+1+r.IntN(size.Y-y))
}

// jpegBounds is the maximum mean error of a colour value at each level on the photograph.
var jpegBounds = [10]float64{4.2, 3, 2.6, 2.6, 2.1, 1.8, 1.8, 1.7, 1.4, 1.1}

func TestTightJPEG(t *testing.T) {
	last := 1e9
	for level := range 10 {
		for _, format := range []string{"888 little", "888 big", "888 on top, little"} {
			for _, size := range []image.Point{{16, 16}, {17, 31}, {128, 128}, {200, 150}} {
				f := paint(size, photo(1))
				s := open(t, rfb.Config{Rights: rfb.RightView}, f)
				s.must(s.v.SetPixelFormat(formats[format]))
				s.must(s.v.SetEncodings(rfbtest.Tight, rfbtest.Quality(level)))
				s.must(s.v.Refresh())
				if s.v.Forms()["tight jpeg"] == 0 {
					t.Errorf("level %d, %v: no JPEG: %v", level, size, s.v.Forms())
				}
				mean, worst := difference(s.v.Canvas(), f)
				if mean > jpegBounds[level] || worst > 100 {
					t.Errorf("level %d, %v: mean error %.2f, largest %d", level, size, mean, worst)
				}
				if size.X == 200 && format == "888 little" {
					if mean > last+0.1 {
						t.Errorf("level %d is worse than the one below: %.2f", level, mean)
					}
					last = mean
					t.Logf("level %d: mean error %.2f, largest %d, %d bytes", level, mean, worst, s.v.BytesRead())
				}
				s.close()
			}
		}
	}
}

// Text stays sharp at every quality level.
func TestTightTextIsLossless(t *testing.T) {
	f := paint(image.Pt(300, 200), text(3))
	s := open(t, rfb.Config{Rights: rfb.RightView}, f)
	defer s.close()
	s.must(s.v.SetEncodings(rfbtest.Tight, rfbtest.Quality(0)))
	s.must(s.v.Refresh())
	s.same(f)
}

func difference(canvas *image.RGBA, f *screen.Frame) (mean float64, worst int) {
	sum := 0
	for y := range f.Size.Y {
		row := f.Row(y, 0, f.Size.X)
		for x := range f.Size.X {
			c := canvas.RGBAAt(x, y)
			for _, d := range [3]int{int(c.R) - int(row[4*x+2]), int(c.G) - int(row[4*x+1]), int(c.B) - int(row[4*x])} {
				sum += max(d, -d)
				worst = max(worst, d, -d)
			}
		}
	}
	return float64(sum) / float64(3*f.Size.X*f.Size.Y), worst
}

// Strips, as uncovered by windows that are dragged, on a page with text, photographs and plain
// background are lossless at every width, and also next to each other.
func TestStrips(t *testing.T) {
	size := image.Pt(700, 500)
	f := paint(size, page(3, size))
	smooth := gradient(size)
	noise := random(7)
	for y := 100; y < 400; y++ {
		for x := 300; x < 600; x++ {
			c := smooth(x, y)
			n := byte(noise.UintN(8))
			copy(f.Row(y, x, x+1), []byte{c.B ^ n, c.G ^ n, c.R ^ n, 0})
		}
	}
	for name, list := range map[string][]int32{
		"gradient":          {rfbtest.Tight, rfbtest.Quality(6)},
		"gradient in noVNC": {rfbtest.Tight, rfbtest.Quality(6), -260, rfbtest.ExtendedMouseButtons},
		"an old noVNC":      {rfbtest.Tight, rfbtest.Quality(6), -260},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, rfb.Config{Rights: rfb.RightView}, paint(size, flat(grey)))
			defer s.close()
			s.must(s.v.SetEncodings(list...))
			s.must(s.v.Refresh())
			have := paint(size, flat(grey))
			for i, r := range []image.Rectangle{
				image.Rect(290, 90, 301, 490), image.Rect(301, 90, 650, 95), image.Rect(20, 20, 21, 480), image.Rect(0, 300, 700, 302),
				image.Rect(350, 90, 365, 420), image.Rect(310, 420, 690, 449), image.Rect(100, 10, 115, 130), image.Rect(610, 0, 625, 500),
			} {
				have.CopyRect(f, r)
				s.show(have)
				s.must(s.v.Request(true, s.v.Bounds()))
				if _, err := s.v.NextUpdate(); err != nil {
					t.Fatal(err)
				}
				if err := compare(s.v.Canvas(), have, func(c color.RGBA) color.RGBA { return c }); err != nil {
					t.Errorf("%s, strip %d: %v", name, i, err)
				}
			}
			if n := s.v.Forms()["tight jpeg"]; n > 0 {
				t.Errorf("%s: %d JPEGs", name, n)
			}
			if got := s.v.Forms()["tight gradient"] > 0; got != (name != "an old noVNC") {
				t.Errorf("%s: %v", name, s.v.Forms())
			}
		})
	}
}
