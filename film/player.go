// Package film plays recordings, and makes films of them. It decodes with the library vnc2video,
// which trusts what it reads: so this package checks everything before the library sees it, and
// gives it one rectangle at a time. The agent does not import it.
package film

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	vnc "github.com/amitbet/vnc2video"

	"lotse/fbs"
	"lotse/screen"
)

// Limits of recordings.
const (
	// MaxSide is the maximum width and height of a picture.
	MaxSide = 8192
	maxName = 4 << 10
)

// Encodings that a recording may have. RFC 6143, sections 7.7 and 7.8.
const (
	encRaw            = 0
	encCopyRect       = 1
	encZRLE           = 16
	pseudoDesktopSize = -223
)

// Errors of Player.Next, beside those of package fbs. ErrCut means that the recording ends within
// an update: everything before it was whole.
var (
	ErrCut     = errors.New("film: the recording ends within an update")
	ErrDamaged = errors.New("film: the recording is damaged")
)

// Player decodes a recording. Create one with NewPlayer.
type Player struct {
	in      *wire
	canvas  *Canvas
	changed screen.Region
	resized bool
	decoded bool // false: pictures are passed over

	raw      vnc.RawEncoding
	copyRect vnc.CopyRectEncoding
	zrle     vnc.ZRLEEncoding
	format   vnc.PixelFormat
	buffer   bytes.Buffer // a rectangle's data
}

// NewPlayer reads the begin of a recording.
func NewPlayer(r io.Reader) (*Player, error) { return newPlayer(r, true) }

func newPlayer(r io.Reader, decoded bool) (*Player, error) {
	p := &Player{in: &wire{in: fbs.NewReader(r)}, decoded: decoded}
	const fixed = 12 + 4 + 24 // version, security, ServerInit without the name
	var b [fixed]byte
	if _, err := io.ReadFull(p.in, b[:]); err != nil {
		return nil, cut(err)
	}
	if string(b[:12]) != "RFB 003.003\n" || binary.BigEndian.Uint32(b[12:]) != 1 {
		return nil, fmt.Errorf("%w: it does not begin as expected", ErrDamaged)
	}
	server := b[16:]
	p.format = vnc.PixelFormat{
		BPP: server[4], Depth: server[5], BigEndian: server[6], TrueColor: server[7],
		RedMax: binary.BigEndian.Uint16(server[8:]), GreenMax: binary.BigEndian.Uint16(server[10:]), BlueMax: binary.BigEndian.Uint16(server[12:]),
		RedShift: server[14], GreenShift: server[15], BlueShift: server[16],
	}
	if p.format != (vnc.PixelFormat{BPP: 32, Depth: 24, TrueColor: 1, RedMax: 255, GreenMax: 255, BlueMax: 255, RedShift: 16, GreenShift: 8}) {
		return nil, fmt.Errorf("%w: another pixel format than of our recordings", ErrDamaged)
	}
	n := binary.BigEndian.Uint32(server[20:])
	if n > maxName {
		return nil, fmt.Errorf("%w: a name of %d bytes", ErrDamaged, n)
	}
	if _, err := io.CopyN(io.Discard, p.in, int64(n)); err != nil {
		return nil, cut(err)
	}
	return p, p.resize(image.Pt(int(binary.BigEndian.Uint16(server)), int(binary.BigEndian.Uint16(server[2:]))))
}

// cut returns the error for a recording that ends early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, fbs.ErrTruncated) {
		return ErrCut
	}
	return err
}

func (p *Player) resize(size image.Point) error {
	if size.X < 1 || size.Y < 1 || size.X > MaxSide || size.Y > MaxSide {
		return fmt.Errorf("%w: a picture of %d by %d", ErrDamaged, size.X, size.Y)
	}
	p.canvas = newCanvas(size, p.decoded)
	p.changed = screen.RegionOf(image.Rectangle{Max: size})
	p.resized = true
	for _, renderer := range []vnc.Renderer{&p.raw, &p.copyRect, &p.zrle} {
		renderer.SetTargetImage(p.canvas)
	}
	return nil
}

// Canvas returns the picture. It is valid until the size changes, and changes with Next.
func (p *Player) Canvas() *Canvas { return p.canvas }

// Changed returns what has changed since the last call, and whether the size has.
func (p *Player) Changed() (changed screen.Region, resized bool) {
	changed, resized = p.changed, p.resized
	p.changed, p.resized = screen.Region{}, false
	return changed, resized
}

// Next decodes the next update and returns its time. It returns io.EOF at the end, and ErrCut,
// ErrDamaged, or an error of package fbs or of the file.
func (p *Player) Next() (at time.Duration, err error) {
	var head [4]byte
	if _, err := io.ReadFull(p.in, head[:1]); err != nil {
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		return 0, cut(err)
	}
	at = p.in.at
	if _, err := io.ReadFull(p.in, head[1:]); err != nil {
		return 0, cut(err)
	}
	if head[0] != 0 {
		return 0, fmt.Errorf("%w: message %d", ErrDamaged, head[0])
	}
	for range binary.BigEndian.Uint16(head[2:]) {
		if err := p.rectangle(); err != nil {
			return 0, cut(err)
		}
	}
	return at, nil
}

// rectangle decodes one rectangle. A panic of the library is an error.
func (p *Player) rectangle() (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, why)
		}
	}()
	var head [12]byte
	if _, err := io.ReadFull(p.in, head[:]); err != nil {
		return err
	}
	r := vnc.Rectangle{
		X: binary.BigEndian.Uint16(head[:]), Y: binary.BigEndian.Uint16(head[2:]),
		Width: binary.BigEndian.Uint16(head[4:]), Height: binary.BigEndian.Uint16(head[6:]),
	}
	area := vnc.MakeRectFromVncRect(&r)
	encoding := int32(binary.BigEndian.Uint32(head[8:]))
	if encoding == pseudoDesktopSize {
		return p.resize(area.Size())
	}
	if !area.In(p.canvas.Bounds()) || area.Empty() {
		return fmt.Errorf("%w: a rectangle %v outside of the picture", ErrDamaged, area)
	}
	decoder, err := p.load(encoding, area)
	if err != nil {
		return err
	}
	p.changed.Add(area)
	if !p.decoded {
		return nil
	}
	p.canvas.drawn = 0
	if err := decoder.Read(&rectangleConn{from: &p.buffer, format: p.format}, &r); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	// The library does not report everything.
	if p.canvas.drawn != area.Dx()*area.Dy() || p.buffer.Len() > 0 {
		return fmt.Errorf("%w: a rectangle is not complete", ErrDamaged)
	}
	return nil
}

// load reads the data of a rectangle into the buffer, so that no length in it can be wrong, and
// returns its decoder.
func (p *Player) load(encoding int32, area image.Rectangle) (vnc.Encoding, error) {
	p.buffer.Reset()
	pixels := int64(area.Dx()) * int64(area.Dy())
	switch encoding {
	case encRaw:
		return &p.raw, p.take(4 * pixels)
	case encCopyRect:
		if err := p.take(4); err != nil {
			return nil, err
		}
		b := p.buffer.Bytes()
		from := image.Pt(int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:])))
		if !area.Sub(area.Min).Add(from).In(p.canvas.Bounds()) {
			return nil, fmt.Errorf("%w: a copy from outside of the picture", ErrDamaged)
		}
		return &p.copyRect, nil
	case encZRLE:
		if err := p.take(4); err != nil {
			return nil, err
		}
		// A tile of 64 by 64 pixels has at most one byte and its pixels, and deflate adds little.
		const overhead = 4 << 10
		n := int64(binary.BigEndian.Uint32(p.buffer.Bytes()))
		if n > 4*pixels+pixels/64+overhead {
			return nil, fmt.Errorf("%w: %d bytes for %v", ErrDamaged, n, area)
		}
		return &p.zrle, p.take(n)
	}
	return nil, fmt.Errorf("%w: encoding %d", ErrDamaged, encoding)
}

// take moves n bytes into the buffer.
func (p *Player) take(n int64) error {
	if p.decoded || n == 4 {
		_, err := io.CopyN(&p.buffer, p.in, n)
		return err
	}
	_, err := io.CopyN(io.Discard, p.in, n)
	return err
}

// wire is the data of a recording's blocks, one after the other.
type wire struct {
	in   *fbs.Reader
	rest []byte
	at   time.Duration // time of the block that was read last
}

// Read implements io.Reader.
func (w *wire) Read(b []byte) (int, error) {
	for len(w.rest) == 0 {
		block, err := w.in.Next()
		if err != nil {
			return 0, err
		}
		w.rest, w.at = block.Data, block.At
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// anyConn has the methods of a connection.
type anyConn interface{ vnc.Conn }

// rectangleConn is what the library's decoders use of a connection.
type rectangleConn struct {
	anyConn // nil: its other methods are not called
	from    *bytes.Buffer
	format  vnc.PixelFormat
}

// Read implements io.Reader.
func (c *rectangleConn) Read(b []byte) (int, error) { return c.from.Read(b) }

// PixelFormat implements vnc.Conn.
func (c *rectangleConn) PixelFormat() vnc.PixelFormat { return c.format }
