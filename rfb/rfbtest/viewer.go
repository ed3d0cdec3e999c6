package rfbtest

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"io"
	"net"
	"sync"
)

// Viewer is one connection to a server. One goroutine reads: it calls Next and the methods that use
// it, SetPixelFormat, and the methods that return what was read. Other goroutines may call the
// other methods that send.
type Viewer struct {
	sender
	surface

	mu         sync.Mutex
	nextPixels *pixels // set by SyncPixelFormat until its fence is answered; guarded by mu

	// Owned by the goroutine that reads.
	hextile    hextileDecoder
	zlib       zlibDecoder
	tight      tightDecoder
	zrle       zrleDecoder
	shapes     shapeDecoder
	desktop    desktopDecoder
	qemuKey    bool
	holdFences bool
}

func newViewer(conn net.Conn) *Viewer {
	v := &Viewer{
		sender: sender{conn: conn, encodings: map[int32]bool{}},
		surface: surface{
			in:     source{r: bufio.NewReaderSize(conn, 64<<10)},
			canvas: image.NewRGBA(image.Rectangle{}),
			forms:  map[string]int{},
		},
	}
	v.hextile.surface, v.zlib.surface, v.zrle.surface = &v.surface, &v.surface, &v.surface
	v.shapes.surface, v.desktop.surface = &v.surface, &v.surface
	v.tight = tightDecoder{surface: &v.surface, mayJPEG: v.quality}
	return v
}

// Close ends the connection.
func (v *Viewer) Close() error { return v.conn.Close() }

// Name returns the desktop's name.
func (v *Viewer) Name() string { return v.desktop.name }

// Shape returns the pointer's shape; nil: the server has sent none.
func (v *Viewer) Shape() *Shape { return v.shapes.shape }

// Layouts returns the layouts received, oldest first.
func (v *Viewer) Layouts() []Layout { return v.desktop.layouts }

// SetPixelFormat changes the format at once: no update may be in flight (RFC 6143, section 7.5.1).
// Otherwise use SyncPixelFormat.
func (v *Viewer) SetPixelFormat(f PixelFormat) error {
	v.pixels = newPixels(f)
	return v.send(f.append([]byte{0, 0, 0, 0}))
}

// QEMUKeys reports whether the server accepts SendQEMUKey.
func (v *Viewer) QEMUKeys() bool { return v.qemuKey }

// Messages that Next returns, apart from *Update, ClipboardMessage, FenceMessage and
// ChatMessage.
type (
	// Bell is RFC 6143, section 7.6.3.
	Bell struct{}
	// CutText is RFC 6143, section 7.6.4, in UTF-8.
	CutText struct{ Text string }
	// ColourMap is RFC 6143, section 7.6.2: this many entries were set.
	ColourMap struct{ First, Count int }
	// EndOfContinuousUpdates is rfbproto's section of that name.
	EndOfContinuousUpdates struct{}
)

// Update is a FramebufferUpdate that has been drawn already.
type Update struct {
	Rects []Rect
	Bytes int64
	// LastRect: the update ended with LastRect instead of giving a count.
	LastRect bool
}

// Rect is one rectangle of an update. For a pseudo-rectangle, Rectangle is the content of its
// header.
type Rect struct {
	image.Rectangle
	Encoding int32
}

// Pixels reports whether the update changed pixels.
func (u *Update) Pixels() bool {
	for _, r := range u.Rects {
		if isPicture(r.Encoding) {
			return true
		}
	}
	return false
}

func isPicture(e int32) bool { return e >= 0 && e != VMwareCursor }

// Next reads and handles one message. It returns io.EOF if the server closed between two messages.
func (v *Viewer) Next() (any, error) {
	typ, err := v.in.u8()
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if err != nil {
		return nil, err
	}
	switch typ {
	case 0:
		return v.update()
	case 1:
		return v.colourMap()
	case 2:
		return Bell{}, nil
	case 3:
		return v.serverCutText()
	case 11:
		return v.serverTextChat()
	case 150:
		if !v.asked(ContinuousUpdates) {
			return nil, fmt.Errorf("%w: EndOfContinuousUpdates", ErrMessage)
		}
		return EndOfContinuousUpdates{}, nil
	case 248:
		if !v.asked(Fence) {
			return nil, fmt.Errorf("%w: fence", ErrMessage)
		}
		return v.serverFence()
	}
	return nil, fmt.Errorf("%w: type %d", ErrMessage, typ)
}

// NextUpdate reads messages until it has read an update.
func (v *Viewer) NextUpdate() (*Update, error) {
	for {
		m, err := v.Next()
		if err != nil {
			return nil, err
		}
		if u, ok := m.(*Update); ok {
			return u, nil
		}
	}
}

// Refresh requests the whole framebuffer and reads until pixels have arrived, even if the size
// changes.
func (v *Viewer) Refresh() error {
	if err := v.Request(false, v.Bounds()); err != nil {
		return err
	}
	for {
		u, err := v.NextUpdate()
		if err != nil || u.Pixels() {
			return err
		}
		if err := v.Request(true, v.Bounds()); err != nil {
			return err
		}
	}
}

// colourMap reads SetColourMapEntries; RFC 6143, section 7.6.2.
func (v *Viewer) colourMap() (any, error) {
	if v.pixels.table == nil {
		return nil, fmt.Errorf("%w: colour map for a true colour format", ErrMessage)
	}
	if err := v.in.skip(1); err != nil {
		return nil, err
	}
	first, err := v.in.u16()
	if err != nil {
		return nil, err
	}
	n, err := v.in.u16()
	if err != nil {
		return nil, err
	}
	if first+n > 1<<v.pixels.format.BitsPerPixel {
		return nil, fmt.Errorf("%w: %d entries from %d", ErrColourMap, n, first)
	}
	for i := range n {
		var c [3]int
		for k := range c {
			if c[k], err = v.in.u16(); err != nil {
				return nil, err
			}
		}
		v.pixels.table[uint32(first+i)] = color.RGBA{byte(c[0] >> 8), byte(c[1] >> 8), byte(c[2] >> 8), 255}
	}
	return ColourMap{first, n}, nil
}
