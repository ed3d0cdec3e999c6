//go:build linux

package x11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/bits"
	"runtime"
	"sync"

	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"
	"golang.org/x/sys/unix"

	"lotse/screen"
)

const (
	zPixmap   = 2
	allPlanes = 0xffffffff
	// getImageBytes is the maximum size of one reply without shared memory.
	getImageBytes = 4 << 20
)

// pixelFormat is the server's format of a pixel of the root window.
type pixelFormat struct {
	bytes            int // per pixel
	pad              int // bytes a row is padded to
	msbFirst         bool
	red, green, blue channel
	plain            bool // same as screen.Frame's format
}

// channel describes one colour's bits in a pixel.
type channel struct {
	shift, width int
}

func channelOf(mask uint32) (channel, bool) {
	c := channel{bits.TrailingZeros32(mask), bits.OnesCount32(mask)}
	ok := mask != 0 && c.width <= 16 && mask == (1<<c.width-1)<<c.shift
	return c, ok
}

// eight returns the channel of pixel p as 8 bits; white is 255.
func (c channel) eight(p uint32) byte {
	v := p >> c.shift & (1<<c.width - 1)
	if c.width == 8 {
		return byte(v)
	}
	top := uint32(1)<<c.width - 1
	return byte((v*255 + top/2) / top)
}

// place moves an 8-bit value to the channel's bits.
func (c channel) place(v byte) uint32 {
	if c.width >= 8 {
		return uint32(v) << (c.width - 8) << c.shift
	}
	return uint32(v>>(8-c.width)) << c.shift
}

// formatOf determines the root window's format and refuses formats without colours in the pixels.
func formatOf(l *link) (pixelFormat, error) {
	var f pixelFormat
	fail := func(why string) (pixelFormat, error) {
		return f, fmt.Errorf("x11: display %s: %s; set the X server to a depth of 24 bits", l.display, why)
	}
	var visual *xproto.VisualInfo
	for _, d := range l.scr.AllowedDepths {
		for i := range d.Visuals {
			if d.Visuals[i].VisualId == l.scr.RootVisual {
				visual = &d.Visuals[i]
			}
		}
	}
	if visual == nil {
		return fail("the root window's visual is unknown")
	}
	if visual.Class != xproto.VisualClassTrueColor && visual.Class != xproto.VisualClassDirectColor {
		return fail(fmt.Sprintf("pixels of depth %d are indexes into a colour map, which is not supported", l.scr.RootDepth))
	}
	for _, p := range l.setup.PixmapFormats {
		if p.Depth != l.scr.RootDepth {
			continue
		}
		f.bytes, f.pad = int(p.BitsPerPixel)/8, int(p.ScanlinePad)/8
		if p.BitsPerPixel%8 != 0 {
			f.bytes = 0
		}
	}
	if f.bytes < 2 || f.bytes > 4 || f.pad < 1 || f.pad > 16 {
		return fail(fmt.Sprintf("pixels of depth %d have an unknown format", l.scr.RootDepth))
	}
	f.msbFirst = l.setup.ImageByteOrder == xproto.ImageOrderMSBFirst
	var okR, okG, okB bool
	f.red, okR = channelOf(visual.RedMask)
	f.green, okG = channelOf(visual.GreenMask)
	f.blue, okB = channelOf(visual.BlueMask)
	if !okR || !okG || !okB {
		return fail("the root window's colour masks are unknown")
	}
	f.plain = f.bytes == 4 && !f.msbFirst && f.red == channel{16, 8} && f.green == channel{8, 8} && f.blue == channel{0, 8}
	return f, nil
}

// stride returns the size of a row of w pixels as the server sends it.
func (f *pixelFormat) stride(w int) int {
	return (w*f.bytes + f.pad - 1) / f.pad * f.pad
}

// convert writes the image src of rectangle r into dst.
func (f *pixelFormat) convert(dst *screen.Frame, r image.Rectangle, src []byte) {
	stride := f.stride(r.Dx())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		out := dst.Row(y, r.Min.X, r.Max.X)
		f.row(out, src[:r.Dx()*f.bytes])
		src = src[stride:]
	}
}

// row converts one row.
func (f *pixelFormat) row(out, in []byte) {
	if f.plain {
		copy(out, in)
		return
	}
	for i := 0; i < len(out); i += screen.BytesPerPixel {
		p := f.pixel(in)
		in = in[f.bytes:]
		out[i], out[i+1], out[i+2], out[i+3] = f.blue.eight(p), f.green.eight(p), f.red.eight(p), 0
	}
}

// pixel returns the first pixel of b.
func (f *pixelFormat) pixel(b []byte) uint32 {
	switch {
	case f.bytes == 2 && f.msbFirst:
		return uint32(binary.BigEndian.Uint16(b))
	case f.bytes == 2:
		return uint32(binary.LittleEndian.Uint16(b))
	case f.bytes == 3 && f.msbFirst:
		return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	case f.bytes == 3:
		return uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0])
	case f.msbFirst:
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// put appends a row of a frame's pixels in the server's format, padded.
func (f *pixelFormat) put(b, row []byte) []byte {
	start := len(b)
	for ; len(row) >= screen.BytesPerPixel; row = row[screen.BytesPerPixel:] {
		p := f.blue.place(row[0]) | f.green.place(row[1]) | f.red.place(row[2])
		for i := range f.bytes {
			if f.msbFirst {
				i = f.bytes - 1 - i
			}
			b = append(b, byte(p>>(8*i)))
		}
	}
	for (len(b)-start)%f.pad != 0 {
		b = append(b, 0)
	}
	return b
}

// segment is memory shared with the server. It is marked for removal, so the system frees it when
// both sides have detached it, even after a crash.
type segment struct {
	seg  shm.Seg
	data []byte
	once sync.Once
}

// unmap detaches our side; the server detaches at ShmDetach or when the connection ends.
func (s *segment) unmap() {
	s.once.Do(func() { _ = unix.SysvShmDetach(s.data) })
}

var errNoShm = errors.New("no shared memory")

// newSegment creates shared memory. The error is errNoShm if the server cannot share memory with
// us, for example because it runs on another computer.
func newSegment(l *link, size int) (*segment, error) {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, unix.IPC_CREAT|0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoShm, err)
	}
	data, err := unix.SysvShmAttach(id, 0, 0)
	remove := func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) }
	if err != nil {
		remove()
		return nil, fmt.Errorf("%w: %w", errNoShm, err)
	}
	s := &segment{data: data}
	if s.seg, err = shm.NewSegId(l.Conn); err == nil {
		err = shm.AttachChecked(l.Conn, s.seg, uint32(id), false).Check()
	}
	remove()
	if err != nil {
		s.unmap()
		if l.isGone() {
			return nil, l.explain(err)
		}
		return nil, fmt.Errorf("%w: %w", errNoShm, err)
	}
	return s, nil
}

// capturer copies rectangles of the root window into a frame. The goroutine that calls Next owns
// it.
type capturer struct {
	l      *link
	format pixelFormat
	hasShm bool

	frame *screen.Frame
	seg   *segment
	// A frame in the server's own format is at the segment's start, so that the server writes
	// directly into it; scratch is where the rest starts.
	direct  bool
	scratch int
}

// resize makes a new frame. The old one remains readable until its owner drops it.
func (c *capturer) resize(size image.Point) error {
	c.release()
	frameBytes := size.X * size.Y * screen.BytesPerPixel
	c.frame, c.direct, c.scratch = nil, false, 0
	if c.hasShm {
		c.direct = c.format.plain && c.format.stride(1)%screen.BytesPerPixel == 0 && c.format.pad == screen.BytesPerPixel
		need := c.format.stride(size.X) * size.Y
		if c.direct {
			c.scratch = frameBytes
			need += frameBytes
		}
		seg, err := newSegment(c.l, need)
		switch {
		case errors.Is(err, errNoShm):
			c.l.log.Info("x11: capture without shared memory", "error", err.Error())
			c.hasShm, c.direct, c.scratch = false, false, 0
		case err != nil:
			return err
		default:
			c.seg = seg
		}
	}
	if c.direct {
		c.frame = &screen.Frame{Pix: c.seg.data[:frameBytes:frameBytes], Stride: size.X * screen.BytesPerPixel, Size: size}
	} else {
		c.frame = screen.NewFrame(size)
	}
	return nil
}

// release releases the segment. A frame in it remains readable as long as it is referenced, because
// reading unmapped memory would crash the program.
func (c *capturer) release() {
	if c.seg == nil {
		return
	}
	if !c.l.isGone() {
		shm.Detach(c.l.Conn, c.seg.seg)
	}
	if c.direct && c.frame != nil {
		runtime.AddCleanup(c.frame, (*segment).unmap, c.seg)
	} else {
		c.seg.unmap()
	}
	c.seg, c.frame = nil, nil
}

// capture updates rects of the frame and returns what it changed, which may be more. After an error
// the frame's content is undefined.
func (c *capturer) capture(rects []image.Rectangle) (screen.Region, error) {
	var touched screen.Region
	if c.seg == nil {
		for _, r := range rects {
			if err := c.getImage(r); err != nil {
				return touched, err
			}
			touched.Add(r)
		}
		return touched, nil
	}
	return touched, c.shmImages(rects, &touched)
}

// shot is a pending capture into shared memory.
type shot struct {
	cookie shm.GetImageCookie
	rect   image.Rectangle
	offset int // in the segment
	placed bool
}

// shmImages requests all rectangles before it waits for the first.
func (c *capturer) shmImages(rects []image.Rectangle, touched *screen.Region) error {
	var shots []shot
	free := c.scratch
	for _, r := range rects {
		s := shot{rect: r, offset: free}
		size := c.format.stride(r.Dx()) * r.Dy()
		// Rows that span the frame are contiguous, so the server can write them in place. It is
		// cheaper to widen a wide rectangle than to copy it.
		if c.direct && (2*r.Dx() >= c.frame.Size.X || free+size > len(c.seg.data)) {
			s.rect.Min.X, s.rect.Max.X = 0, c.frame.Size.X
			s.offset, s.placed = r.Min.Y*c.frame.Stride, true
		} else {
			if free+size > len(c.seg.data) {
				if err := c.collect(shots, touched); err != nil {
					return err
				}
				shots, free = shots[:0], c.scratch
				s.offset = free
			}
			free += size
		}
		s.cookie = shm.GetImage(c.l.Conn, xproto.Drawable(c.l.root), int16(s.rect.Min.X), int16(s.rect.Min.Y),
			uint16(s.rect.Dx()), uint16(s.rect.Dy()), allPlanes, zPixmap, c.seg.seg, uint32(s.offset))
		shots = append(shots, s)
	}
	return c.collect(shots, touched)
}

// collect waits for captures and copies them into the frame.
func (c *capturer) collect(shots []shot, touched *screen.Region) error {
	var failed error
	for _, s := range shots {
		if _, err := s.cookie.Reply(); err != nil {
			failed = err
			continue
		}
		if failed != nil {
			continue
		}
		if !s.placed {
			c.format.convert(c.frame, s.rect, c.seg.data[s.offset:])
		}
		touched.Add(s.rect)
	}
	return failed
}

// getImage requests r over the connection, in bands.
func (c *capturer) getImage(r image.Rectangle) error {
	stride := c.format.stride(r.Dx())
	rows := max(1, getImageBytes/stride)
	for y := r.Min.Y; y < r.Max.Y; y += rows {
		band := image.Rect(r.Min.X, y, r.Max.X, min(y+rows, r.Max.Y))
		b := []byte{xGetImage, zPixmap, 0, 0}
		b = binary.LittleEndian.AppendUint32(b, uint32(c.l.root))
		for _, v := range []int{band.Min.X, band.Min.Y, band.Dx(), band.Dy()} {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		b = binary.LittleEndian.AppendUint32(b, allPlanes)
		reply, err := c.l.request(b, true).Reply()
		if err != nil {
			return err
		}
		if len(reply) < xHead+stride*band.Dy() {
			return fmt.Errorf("x11: picture of %d bytes for %v", len(reply), band)
		}
		c.format.convert(c.frame, band, reply[xHead:])
	}
	return nil
}

// X Window System Protocol, GetImage.
const xGetImage = 73
