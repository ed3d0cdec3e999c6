package clipformat

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func TestHTML(t *testing.T) {
	for _, html := range []string{
		"", "<b>fett</b>", "ä€𝄞", "<p>a</p>\r\n<p>b</p>",
		"<html><head><style>p{}</style></head><body><!--StartFragment--><p>x</p><!--EndFragment--></body></html>",
		"<!--EndFragment--> the wrong way round <!--StartFragment-->", "a<!--StartFragment-->b<!--EndFragment-->c<!--EndFragment-->",
	} {
		b := AppendHTML([]byte("before"), html)[len("before"):]
		offsets, err := htmlOffsets(b)
		if err != nil {
			t.Fatal(err)
		}
		start, end := offsets["StartFragment"], offsets["EndFragment"]
		if offsets["StartHTML"] > start || start > end || end > offsets["EndHTML"] || offsets["EndHTML"] != len(b) {
			t.Errorf("%q: offsets %v of %d bytes", html, offsets, len(b))
		}
		if !bytes.HasSuffix(b[:start], []byte(startFragment)) || !bytes.HasPrefix(b[end:], []byte(endFragment)) {
			t.Errorf("%q: the fragment is %q", html, b[start:end])
		}
		got, err := ParseHTML(append(b, 0))
		if err != nil || !strings.Contains(got, html) {
			t.Errorf("%q: parsed %q, %v", html, got, err)
		}
		if again, err := ParseHTML(AppendHTML(nil, got)); err != nil || again != got {
			t.Errorf("%q: then %q, %v", html, again, err)
		}
	}
}

func TestParseHTML(t *testing.T) {
	const browser = "Version:0.9\r\nStartHTML:0000000105\r\nEndHTML:0000000129\r\nStartFragment:0000000111\r\nEndFragment:0000000123\r\n"
	for _, c := range []struct{ name, in, want string }{
		{"a browser's", browser + "<html>a <b>b</b></html>.", "<html>a <b>b</b></html>."},
		{"line feeds, another order", "Version:1.0\nStartFragment:FROM\nEndFragment:TO\nStartHTML:-1\nEndHTML:-1\nSourceURL:http://example.com/\nabc", "abc"},
		{"only a fragment", "Version:0.9\r\nStartHTML:-1\r\nEndHTML:-1\r\nSource:an example of one\r\nStartFragment:FROM\r\nEndFragment:TO\r\nabc", "abc"},
		{"beyond the end", "Version:0.9\r\nStartHTML:10\r\nEndHTML:4000\r\n<p>", ""},
		{"backwards", "Version:0.9\r\nStartHTML:30\r\nEndHTML:10\r\n<p>", ""},
		{"huge", "Version:0.9\r\nStartHTML:99999999999999999999999\r\nEndHTML:99999999999999999999999\r\n", ""},
		{"no header", "<p>a</p>", ""},
		{"nothing", "", ""},
		{"only zeros", "\x00\x00", ""},
	} {
		at := strings.Index(c.in, "abc") // the numbers have three digits
		in := strings.NewReplacer("FROM", strconv.Itoa(at), "TO", strconv.Itoa(at+3)).Replace(c.in)
		got, err := ParseHTML([]byte(in))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// picture returns a picture of random pixels, some of them transparent.
func picture(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(3, 4))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32())
	}
	return m
}

func opaque(m *image.NRGBA) *image.NRGBA {
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 0xff
	}
	return m
}

// dib builds a DIB whose header has this size; pixel returns a pixel's bytes.
func dib(size, width, height, bits int, compression uint32, masks []uint32, pixel func(c color.NRGBA) []byte, m *image.NRGBA) []byte {
	b := make([]byte, size)
	binary.LittleEndian.PutUint32(b, uint32(size))
	binary.LittleEndian.PutUint32(b[4:], uint32(int32(width)))
	binary.LittleEndian.PutUint32(b[8:], uint32(int32(height)))
	b[12], b[14] = 1, byte(bits)
	binary.LittleEndian.PutUint32(b[16:], compression)
	if size == infoHeader {
		for _, mask := range masks {
			b = binary.LittleEndian.AppendUint32(b, mask)
		}
	} else {
		for i, mask := range masks {
			binary.LittleEndian.PutUint32(b[40+4*i:], mask)
		}
	}
	rows := m.Rect.Dy()
	for i := range rows {
		y := i
		if height > 0 {
			y = rows - 1 - i
		}
		start := len(b)
		for x := range m.Rect.Dx() {
			b = append(b, pixel(m.NRGBAAt(x, y))...)
		}
		for (len(b)-start)%4 != 0 {
			b = append(b, 0xee)
		}
	}
	return b
}

func bgr(c color.NRGBA) []byte  { return []byte{c.B, c.G, c.R} }
func bgrx(c color.NRGBA) []byte { return []byte{c.B, c.G, c.R, 0} }
func bgra(c color.NRGBA) []byte { return []byte{c.B, c.G, c.R, c.A} }
func rgba(c color.NRGBA) []byte { return []byte{c.R, c.G, c.B, c.A} }

func TestDecodeDIB(t *testing.T) {
	standard := []uint32{0xff0000, 0xff00, 0xff}
	with := []uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	for _, c := range []struct {
		name               string
		size, height, bits int
		compression        uint32
		masks              []uint32
		pixel              func(color.NRGBA) []byte
		alpha              bool
	}{
		{"24 bits, padded rows", 40, 4, 24, biRGB, nil, bgr, false},
		{"24 bits, top row first", 40, -4, 24, biRGB, nil, bgr, false},
		{"32 bits", 40, 4, 32, biRGB, nil, bgrx, false},
		{"32 bits, the fourth byte is no alpha", 124, -4, 32, biRGB, nil, bgra, false},
		{"masks behind the header", 40, 4, 32, biBitFields, standard, bgrx, false},
		{"masks in the header", 52, 4, 32, biBitFields, standard, bgrx, false},
		{"version 4, no alpha", 108, 4, 32, biBitFields, standard, bgra, false},
		{"version 5 with alpha", 124, 4, 32, biBitFields, with, bgra, true},
		{"another order", 124, 4, 32, biBitFields, []uint32{0xff, 0xff00, 0xff0000, 0xff000000}, rgba, true},
		{"an alpha mask without alpha", 124, 4, 32, biBitFields, with, bgrx, false},
	} {
		m := picture(5, 4)
		b := dib(c.size, 5, c.height, c.bits, c.compression, c.masks, c.pixel, m)
		if !c.alpha {
			opaque(m)
		}
		for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
			got, err := DecodeDIB(r, 20)
			if err != nil || got.Rect != m.Rect || !bytes.Equal(got.Pix, m.Pix) {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		for n := range b { // every shorter one
			if _, err := DecodeDIB(bytes.NewReader(b[:n]), 20); err == nil {
				t.Errorf("%s: %d of %d bytes are taken", c.name, n, len(b))
			}
		}
		if _, err := DecodeDIB(bytes.NewReader(b), 19); err == nil {
			t.Errorf("%s: more pixels than allowed", c.name)
		}
	}
	// Components of other widths.
	m := opaque(picture(1, 1))
	five := dib(40, 1, 1, 32, biBitFields, []uint32{0x7c00, 0x3e0, 0x1f}, func(color.NRGBA) []byte { return []byte{0x00, 0x7e, 0, 0} }, m)
	if got, err := DecodeDIB(bytes.NewReader(five), 1); err != nil || got.NRGBAAt(0, 0) != (color.NRGBA{255, 132, 0, 255}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDecodeDIBRefuses(t *testing.T) {
	m := picture(2, 2)
	good := dib(124, 2, 2, 32, biBitFields, []uint32{0xff0000, 0xff00, 0xff}, bgra, m)
	change := func(at int, v uint32) []byte {
		b := slices.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	if _, err := DecodeDIB(bytes.NewReader(good), 4); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"the oldest header":      change(0, 12),
		"a header too long":      change(0, 128),
		"an odd header":          change(0, 123),
		"no width":               change(4, 0),
		"a negative width":       change(4, 0xffffffff),
		"no height":              change(8, 0),
		"the smallest height":    change(8, 0x80000000),
		"a huge width":           change(4, 0x7fffffff),
		"a huge width by height": change(8, 0x7fffffff),
		"16 bits":                change(12, 1|16<<16),
		"8 bits":                 change(12, 1|8<<16),
		"PNG inside":             change(16, 5),
		"RLE":                    change(16, 1),
		"many colours":           change(32, 1<<30),
		"a mask with a gap":      change(40, 0xf0f),
		"masks that overlap":     change(44, 0xff0000),
		"no mask":                change(44, 0),
		"alpha in the colours":   change(52, 0xff),
	} {
		if _, err := DecodeDIB(bytes.NewReader(b), 1<<24); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestWriteDIB(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {5, 4}, {64, 3}} {
		m := picture(size.X, size.Y)
		var b bytes.Buffer
		if err := WriteDIB(&b, m); err != nil {
			t.Fatal(err)
		}
		want := dib(124, size.X, size.Y, 32, biBitFields, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, bgra, m)
		if b.Len() != DIBSize(size) || !bytes.Equal(b.Bytes()[v5Header:], want[v5Header:]) {
			t.Errorf("%v: other pixels", size)
		}
		if got, err := DecodeDIB(&b, size.X*size.Y); err != nil || !bytes.Equal(got.Pix, m.Pix) {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func FuzzDecodeDIB(f *testing.F) {
	m := picture(3, 2)
	f.Add(dib(40, 3, -2, 24, biRGB, nil, bgr, m))
	f.Add(dib(40, 3, 2, 32, biBitFields, []uint32{0xff0000, 0xff00, 0xff}, bgrx, m))
	f.Add(dib(124, 3, 2, 32, biBitFields, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, bgra, m))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeDIB(bytes.NewReader(b), 1<<12)
		if err != nil {
			return
		}
		if n := got.Rect.Dx() * got.Rect.Dy(); n < 1 || n > 1<<12 {
			t.Fatalf("%d pixels", n)
		}
		var again bytes.Buffer
		if err := WriteDIB(&again, got); err != nil {
			t.Fatal(err)
		}
		back, err := DecodeDIB(&again, 1<<12)
		if err != nil || !bytes.Equal(back.Pix, got.Pix) {
			t.Errorf("not read back: %v", err)
		}
	})
}

func FuzzParseHTML(f *testing.F) {
	f.Add(AppendHTML(nil, "<b>ä</b>"))
	f.Add([]byte("Version:0\nStartHTML:0\nEndHTML:36 \n <b>ä</b>")) // the header is in the HTML
	f.Add([]byte("Version:0.9\nStartFragment:3\nEndFragment:9\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		html, err := ParseHTML(b)
		if err != nil {
			return
		}
		if again, err := ParseHTML(AppendHTML(nil, html)); err != nil || !strings.Contains(again, html) {
			t.Errorf("%q became %q, %v", html, again, err)
		}
	})
}
