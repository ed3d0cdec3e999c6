package rfb_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"net"
	"testing"
	"time"

	vnc "github.com/amitbet/vnc2video"

	"lotse/rfb"
	"lotse/screen"
)

// These tests use a second decoder, written by other people, over a real TCP connection, for Raw,
// Hextile, ZRLE and Tight. They avoid three of its mistakes in Tight. The count of a palette of 256
// colours overflows (readTightPalette). A row of bits that does not fill its last byte continues in
// that byte (drawTightPalette), so widths are multiples of 8. The last column of a rectangle with
// the gradient filter is not drawn (decodeGradData), so it is not compared there. CopyRect, sizes
// and the rest are not tested.
//
// The library's reader starts before its canvas exists and has data races, so only its handshake
// and its decoders are used, in this goroutine.

type secondViewer struct {
	*vnc.ClientConn
	canvas draw.Image
}

func openSecond(conn net.Conn, encoding vnc.Encoding, unfiltered bool) (*secondViewer, error) {
	raw := &vnc.RawEncoding{}
	cfg := &vnc.ClientConfig{
		SecurityHandlers: []vnc.SecurityHandler{&vnc.ClientAuthNone{}},
		PixelFormat:      vnc.PixelFormat32bit,
		Encodings:        []vnc.Encoding{raw, encoding}, // Hextile uses Raw's decoder
		ErrorCh:          make(chan error, 8),
		Handlers:         vnc.DefaultClientHandlers[:4], // without its reader
	}
	c, err := vnc.Connect(context.Background(), conn, cfg)
	if err != nil {
		return nil, err
	}
	v := &secondViewer{ClientConn: c, canvas: image.NewRGBA(image.Rect(0, 0, int(c.Width()), int(c.Height())))}
	for _, e := range cfg.Encodings {
		e.(vnc.Renderer).SetTargetImage(v.canvas)
	}
	list := []vnc.EncodingType{encoding.Type()}
	if unfiltered {
		list = append(list, -260) // TightPNG, as a noVNC without the gradient filter sends
	}
	return v, c.SetEncodings(list)
}

// refresh requests everything and reads one update. A panic becomes an error.
func (v *secondViewer) refresh() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	request := vnc.FramebufferUpdateRequest{Width: v.Width(), Height: v.Height()}
	if err := request.Write(v); err != nil {
		return err
	}
	var typ [1]byte
	if _, err := io.ReadFull(v, typ[:]); err != nil {
		return err
	}
	if typ[0] != 0 {
		return fmt.Errorf("message %d", typ[0])
	}
	_, err = (&vnc.FramebufferUpdate{}).Read(v.ClientConn)
	return err
}

func TestSecondDecoder(t *testing.T) {
	size := image.Pt(336, 211)
	list := map[string]*screen.Frame{
		"text": paint(size, text(1)), "page": paint(size, page(1, size)), "noise": paint(size, noise(1)),
		"flat": paint(size, flat(grey)), "gradient": paint(size, gradient(size)), "lines": paint(size, lines),
		"checkerboard": paint(size, checkerboard(3)),
	}
	for _, n := range []int{2, 3, 4, 5, 16, 17, 127, 128, 255} {
		list[fmt.Sprint(n, " colours")] = paint(size, colours(n, 2))
	}
	for name, encoding := range map[string]vnc.Encoding{
		"raw": &vnc.RawEncoding{}, "hextile": &vnc.HextileEncoding{}, "zrle": &vnc.ZRLEEncoding{},
		"tight": &vnc.TightEncoding{}, "tight, filtered": &vnc.TightEncoding{},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			desk := screen.NewFramebuffer(size)
			served := make(chan error, 1)
			go func() {
				a, err := listener.Accept()
				if err != nil {
					served <- err
					return
				}
				served <- rfb.NewConn(a, rfb.Config{Desktop: desk, Waiting: desk, Rights: rfb.RightView}).Serve(t.Context())
			}()
			b, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b.SetDeadline(time.Now().Add(time.Minute)) // so that a hang fails the test
			defer func() {
				b.Close()
				<-served
			}()
			filtered := name == "tight, filtered"
			v, err := openSecond(b, encoding, name == "tight")
			if err != nil {
				t.Fatal(err)
			}
			for content, f := range list {
				desk.Apply(update(f))
				if err := v.refresh(); err != nil {
					t.Fatalf("%s: %v", content, err)
				}
				shown := image.NewRGBA(v.canvas.Bounds())
				draw.Draw(shown, shown.Rect, v.canvas, image.Point{}, draw.Src)
				for i := 3; i < len(shown.Pix); i += 4 {
					shown.Pix[i] = 255
				}
				for _, x := range []int{127, 255, 335} { // ends of the analysed squares
					for y := 0; filtered && y < size.Y; y++ {
						b := f.Row(y, x, x+1)
						shown.SetRGBA(x, y, color.RGBA{b[2], b[1], b[0], 255})
					}
				}
				if err := compare(shown, f, func(c color.RGBA) color.RGBA { return c }); err != nil {
					t.Errorf("%s: %v", content, err)
				}
			}
		})
	}
}
