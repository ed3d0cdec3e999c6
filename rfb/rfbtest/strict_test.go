package rfbtest_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"net"
	"testing"

	"lotse/rfb/rfbtest"
)

// These tests use bytes written by hand. They check that the viewer reports each violation of the
// protocol with the right error, and that it decodes one rectangle in each form. Everything else is
// tested together with the server, in package rfb.

// tape is a connection that plays a recording and accepts anything sent.
type tape struct {
	net.Conn
	io.Reader
}

func (t tape) Read(b []byte) (int, error)  { return t.Reader.Read(b) }
func (t tape) Write(b []byte) (int, error) { return len(b), nil }
func (t tape) Close() error                { return nil }

// hello is the handshake of a server with 64×64 pixels, 32 bits, little-endian, without a name.
const hello = "RFB 003.008\n\x01\x01\x00\x00\x00\x00\x00\x40\x00\x40" +
	"\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00" + "\x00\x00\x00\x00"

func play(t *testing.T, wire []byte) (*rfbtest.Viewer, error) {
	t.Helper()
	v, err := rfbtest.New(tape{Reader: io.MultiReader(bytes.NewReader([]byte(hello)), bytes.NewReader(wire))}, rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.SetEncodings(rfbtest.CopyRect, rfbtest.Hextile, rfbtest.Zlib, rfbtest.Tight, rfbtest.ZRLE,
		rfbtest.Cursor, rfbtest.CursorWithAlpha, rfbtest.DesktopSize, rfbtest.ExtendedDesktopSize,
		rfbtest.DesktopName, rfbtest.Fence, rfbtest.ExtendedClipboard); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := v.Next(); err != nil {
			return v, err
		}
	}
}

// rect returns an update with one rectangle.
func rect(encoding int32, x, y, w, h int, data ...byte) []byte {
	b := []byte{0, 0, 0, 1}
	for _, n := range [4]int{x, y, w, h} {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(encoding)), data...)
}

// packed returns data compressed and preceded by its length, as in Zlib and ZRLE.
func packed(data ...byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data)
	w.Flush()
	return append(binary.BigEndian.AppendUint32(nil, uint32(z.Len())), z.Bytes()...)
}

func TestErrors(t *testing.T) {
	ended := packed(1, 2, 3)
	ended = append(ended, 1, 0, 0, 0xff, 0xff) // a final block
	binary.BigEndian.PutUint32(ended, uint32(len(ended)-4))
	for name, c := range map[string]struct {
		wire []byte
		want error
	}{
		"unknown message":            {[]byte{77}, rfbtest.ErrMessage},
		"continuous, not asked for":  {[]byte{150}, rfbtest.ErrMessage},
		"encoding not asked for":     {rect(2, 0, 0, 1, 1), rfbtest.ErrEncoding},
		"outside":                    {rect(0, 60, 0, 5, 1), rfbtest.ErrOutside},
		"empty rectangle":            {rect(0, 0, 0, 0, 1), rfbtest.ErrOutside},
		"no rectangles":              {[]byte{0, 0, 0, 0}, rfbtest.ErrLength},
		"copy from outside":          {rect(1, 0, 0, 8, 8, 0, 60, 0, 0), rfbtest.ErrOutside},
		"hextile, no background":     {rect(5, 0, 0, 8, 8, 0), rfbtest.ErrCarried},
		"hextile, no foreground":     {rect(5, 0, 0, 8, 8, 10, 1, 2, 3, 4, 0), rfbtest.ErrCarried},
		"hextile, raw does not hand": {rect(5, 0, 0, 17, 1, append(append([]byte{1}, make([]byte, 64)...), 0)...), rfbtest.ErrCarried},
		"hextile, reserved":          {rect(5, 0, 0, 8, 8, 0x22, 1, 2, 3, 4), rfbtest.ErrReserved},
		"hextile, both colours":      {rect(5, 0, 0, 8, 8, 0x16, 1, 2, 3, 4), rfbtest.ErrReserved},
		"hextile, outside its tile":  {rect(5, 0, 0, 8, 8, 14, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0x71, 0x10), rfbtest.ErrRun},
		"zlib, no zlib":              {rect(6, 0, 0, 1, 1, 0, 0, 0, 3, 9, 9, 9), rfbtest.ErrZlib},
		"zlib, ended":                {rect(6, 0, 0, 1, 1, ended...), rfbtest.ErrZlib},
		"zlib, too short":            {rect(6, 0, 0, 1, 1, packed(1, 2, 3)...), rfbtest.ErrLength},
		"zlib, too long":             {rect(6, 0, 0, 1, 1, packed(1, 2, 3, 4, 5)...), rfbtest.ErrTrailing},
		"zlib, huge":                 {rect(6, 0, 0, 1, 1, 0x7f, 0, 0, 0), rfbtest.ErrBound},
		"zrle, unused":               {rect(16, 0, 0, 1, 1, packed(17)...), rfbtest.ErrReserved},
		"zrle, 129":                  {rect(16, 0, 0, 1, 1, packed(129)...), rfbtest.ErrReserved},
		"zrle, trailing":             {rect(16, 0, 0, 1, 1, packed(1, 1, 2, 3, 0)...), rfbtest.ErrTrailing},
		"zrle, cut":                  {rect(16, 0, 0, 1, 1, packed(1, 1, 2)...), rfbtest.ErrLength},
		"zrle, long run":             {rect(16, 0, 0, 2, 2, packed(128, 1, 2, 3, 4)...), rfbtest.ErrRun},
		"zrle, endless run":          {rect(16, 0, 0, 2, 2, packed(128, 1, 2, 3, 255, 255)...), rfbtest.ErrRun},
		"zrle, packed index":         {rect(16, 0, 0, 1, 1, packed(3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xc0)...), rfbtest.ErrPalette},
		"zrle, run index":            {rect(16, 0, 0, 1, 1, packed(130, 1, 2, 3, 4, 5, 6, 2)...), rfbtest.ErrPalette},
		"tight, reserved":            {rect(7, 0, 0, 1, 1, 0xa0), rfbtest.ErrReserved},
		"tight, filter":              {rect(7, 0, 0, 1, 1, 0x40, 3), rfbtest.ErrReserved},
		"tight, JPEG not asked for":  {rect(7, 0, 0, 1, 1, 0x90, 1, 0), rfbtest.ErrEncoding},
		"tight, one colour":          {rect(7, 0, 0, 1, 1, 0x40, 1, 0, 1, 2, 3), rfbtest.ErrPalette},
		"tight, index":               {rect(7, 0, 0, 1, 1, 0x40, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3), rfbtest.ErrPalette},
		"tight, long length":         {rect(7, 0, 0, 4, 4, 0, 0x85, 0), rfbtest.ErrLength},
		"size without a change":      {rect(-223, 0, 0, 64, 64), rfbtest.ErrReserved},
		"size and pixels": {append([]byte{0, 0, 0, 2}, append(rect(-223, 0, 0, 8, 8)[4:],
			rect(7, 0, 0, 1, 1, 0x80, 1, 2, 3)[4:]...)...), rfbtest.ErrMixed},
		"no screens":                  {rect(-308, 0, 0, 64, 64, 0, 0, 0, 0), rfbtest.ErrReserved},
		"name at a place":             {rect(-307, 1, 0, 0, 0), rfbtest.ErrReserved},
		"name of other letters":       {rect(-307, 0, 0, 0, 0, 0, 0, 0, 1, 0xe4), rfbtest.ErrText},
		"hot spot":                    {rect(-239, 3, 0, 2, 2), rfbtest.ErrOutside},
		"cursor not premultiplied":    {rect(-314, 0, 0, 1, 1, 0, 0, 0, 0, 9, 9, 9, 8), rfbtest.ErrReserved},
		"fence of 65 bytes":           {append([]byte{248, 0, 0, 0, 0, 0, 0, 0, 65}, make([]byte, 65)...), rfbtest.ErrBound},
		"fence, unknown flag":         {[]byte{248, 0, 0, 0, 0, 0, 0, 8, 0}, rfbtest.ErrReserved},
		"colour map for true colour":  {[]byte{1, 0, 0, 0, 0, 0}, rfbtest.ErrMessage},
		"carriage return":             {[]byte{3, 0, 0, 0, 0, 0, 0, 1, '\r'}, rfbtest.ErrText},
		"clipboard, two actions":      {[]byte{3, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 6, 0, 0, 1}, rfbtest.ErrReserved},
		"clipboard, more than a word": {[]byte{3, 0, 0, 0, 0xff, 0xff, 0xff, 0xfb, 2, 0, 0, 1, 0}, rfbtest.ErrTrailing},
		"cut":                         {rect(0, 0, 0, 1, 1, 1, 2), io.ErrUnexpectedEOF},
		"nothing wrong":               {rect(0, 0, 0, 1, 1, 1, 2, 3, 4), io.EOF},
	} {
		if _, err := play(t, c.wire); !errors.Is(err, c.want) || errors.Is(c.want, io.EOF) && err != io.EOF {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// One rectangle by hand for each form.
func TestForms(t *testing.T) {
	a, b := color.RGBA{3, 2, 1, 255}, color.RGBA{6, 5, 4, 255}
	for name, wire := range map[string][]byte{
		"raw":              rect(0, 5, 6, 2, 1, 1, 2, 3, 0, 4, 5, 6, 0),
		"hextile":          rect(5, 5, 6, 2, 1, 14, 1, 2, 3, 0, 4, 5, 6, 0, 1, 0x10, 0x00),
		"zlib":             rect(6, 5, 6, 2, 1, packed(1, 2, 3, 0, 4, 5, 6, 0)...),
		"zrle packed":      rect(16, 5, 6, 2, 1, packed(2, 1, 2, 3, 4, 5, 6, 0x40)...),
		"zrle plain RLE":   rect(16, 5, 6, 2, 1, packed(128, 1, 2, 3, 0, 4, 5, 6, 0)...),
		"zrle palette RLE": rect(16, 5, 6, 2, 1, packed(130, 1, 2, 3, 4, 5, 6, 0, 1)...),
		"tight copy":       rect(7, 5, 6, 2, 1, 0, 3, 2, 1, 6, 5, 4),
		"tight mono":       rect(7, 5, 6, 2, 1, 0x50, 1, 1, 3, 2, 1, 6, 5, 4, 0x40),
		"tight indexed":    rect(7, 5, 6, 2, 1, 0x60, 1, 2, 9, 9, 9, 3, 2, 1, 6, 5, 4, 1, 2),
	} {
		v, err := play(t, wire)
		if err != io.EOF {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := image.NewRGBA(image.Rect(0, 0, 64, 64))
		want.SetRGBA(5, 6, a)
		want.SetRGBA(6, 6, b)
		if !bytes.Equal(v.Canvas().Pix, want.Pix) {
			t.Errorf("%s: %v %v", name, v.Canvas().RGBAAt(5, 6), v.Canvas().RGBAAt(6, 6))
		}
	}
}
