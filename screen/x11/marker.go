//go:build linux

package x11

import (
	"errors"
	"image"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jezek/xgb/shape"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// maxMarkRects is the maximum number of rectangles in one request.
const maxMarkRects = 8000

var errNoShape = errors.New("x11: the X server has no SHAPE extension, without which nothing can be drawn over windows")

// marker implements screen.Marker with one window as large as the display. The window has the
// outline of the marks, no mouse or keyboard event reaches it, and its background is a pixmap with
// the marks, so that the server draws it by itself.
type marker struct {
	o screen.Options
	// id is the window's; 0: none. A share of programs ignores the window.
	id atomic.Uint32

	mu sync.Mutex
	// Guarded by mu.
	closed bool
	l      *link
	window xproto.Window
	pixmap xproto.Pixmap
	gc     xproto.Gcontext
	format pixelFormat
	size   image.Point
	marks  []screen.Mark
}

var _ screen.Marker = (*marker)(nil)

func newMarker(o screen.Options) *marker { return &marker{o: o} }

func (m *marker) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.dropLocked()
	return nil
}

// isOwn reports whether a window is that of the marks.
func (m *marker) isOwn(w xproto.Window) bool { return m != nil && w != 0 && m.id.Load() == uint32(w) }

// dropLocked ends the connection, which also destroys the window.
func (m *marker) dropLocked() {
	if m.l != nil {
		m.l.close()
		m.l, m.marks = nil, nil
		m.id.Store(0)
	}
}

// Mark implements screen.Marker.
func (m *marker) Mark(marks []screen.Mark) (err error) {
	defer recovered(&err)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(marks) == 0 {
		m.dropLocked()
		return nil
	}
	if m.closed {
		return screen.ErrClosed
	}
	if m.l == nil {
		if err := m.openLocked(); err != nil {
			return err
		}
	}
	old := m.marks
	m.marks = slices.Clone(marks)
	for _, box := range changedBoxes(old, marks, m.size) {
		m.drawLocked(box)
	}
	if old == nil {
		xproto.MapWindow(m.l.Conn, m.window)
	}
	return m.l.sync()
}

// openLocked creates the window, without an outline and not mapped.
func (m *marker) openLocked() (err error) {
	l, err := dialX(m.o, func([]byte) {})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if _, ok, err := l.extension("SHAPE"); err != nil || !ok {
		return errors.Join(err, errNoShape)
	}
	g, err := xproto.GetGeometry(l.Conn, xproto.Drawable(l.root)).Reply()
	if err != nil {
		return l.explain(err)
	}
	if m.format, err = formatOf(l); err != nil {
		return err
	}
	if m.window, err = xproto.NewWindowId(l.Conn); err != nil {
		return err
	}
	if m.pixmap, err = xproto.NewPixmapId(l.Conn); err != nil {
		return err
	}
	if m.gc, err = xproto.NewGcontextId(l.Conn); err != nil {
		return err
	}
	m.id.Store(uint32(m.window)) // before a share can learn of the window
	xproto.CreatePixmap(l.Conn, l.scr.RootDepth, m.pixmap, xproto.Drawable(l.root), g.Width, g.Height)
	err = xproto.CreateWindowChecked(l.Conn, l.scr.RootDepth, m.window, l.root, 0, 0, g.Width, g.Height, 0, xproto.WindowClassInputOutput, l.scr.RootVisual,
		xproto.CwBackPixmap|xproto.CwOverrideRedirect, []uint32{uint32(m.pixmap), 1}).Check()
	if err != nil {
		return l.explain(err)
	}
	shape.Rectangles(l.Conn, shape.SoSet, shape.SkBounding, xproto.ClipOrderingUnsorted, m.window, 0, 0, nil)
	shape.Rectangles(l.Conn, shape.SoSet, shape.SkInput, xproto.ClipOrderingUnsorted, m.window, 0, 0, nil)
	if err = xproto.CreateGCChecked(l.Conn, m.gc, xproto.Drawable(m.pixmap), 0, nil).Check(); err != nil {
		return l.explain(err)
	}
	m.l, m.size, m.marks = l, image.Pt(int(g.Width), int(g.Height)), nil
	return nil
}

// changedBoxes returns the places at which the marks differ, on a display of that size.
func changedBoxes(old, now []screen.Mark, size image.Point) (boxes []image.Rectangle) {
	add := func(of, without []screen.Mark) {
		for _, k := range of {
			if r := k.Rect().Intersect(image.Rectangle{Max: size}); !r.Empty() && !slices.Contains(without, k) {
				boxes = append(boxes, r)
			}
		}
	}
	add(old, now)
	add(now, old)
	return boxes
}

// drawLocked draws the marks inside of box again. What appears gets its pixels before it becomes a
// part of the window.
func (m *marker) drawLocked(box image.Rectangle) {
	f := screen.NewFrame(box.Size())
	opaque := make([]bool, box.Dx()*box.Dy())
	for _, k := range m.marks {
		draw(f, opaque, k, box.Min)
	}
	rows := max(1, (200<<10)/(4*f.Size.X))
	for y := 0; y < f.Size.Y; y += rows {
		end := min(y+rows, f.Size.Y)
		var data []byte
		for row := y; row < end; row++ {
			data = m.format.put(data, f.Row(row, 0, f.Size.X))
		}
		xproto.PutImage(m.l.Conn, zPixmap, xproto.Drawable(m.pixmap), m.gc, uint16(f.Size.X), uint16(end-y), int16(box.Min.X), int16(box.Min.Y+y), 0, m.l.scr.RootDepth, data)
	}
	ink, rest := spans(opaque, box)
	m.outlineLocked(shape.SoUnion, ink)
	m.outlineLocked(shape.SoSubtract, rest)
	xproto.ClearArea(m.l.Conn, false, m.window, int16(box.Min.X), int16(box.Min.Y), uint16(box.Dx()), uint16(box.Dy()))
}

func (m *marker) outlineLocked(op shape.Op, rects []xproto.Rectangle) {
	for part := range slices.Chunk(rects, maxMarkRects) {
		shape.Rectangles(m.l.Conn, op, shape.SkBounding, xproto.ClipOrderingUnsorted, m.window, 0, 0, part)
	}
}

// draw draws a mark into f, whose corner is at that place of the display. The window is opaque, so
// a pixel of the mark is drawn completely or not at all.
func draw(f *screen.Frame, opaque []bool, k screen.Mark, corner image.Point) {
	at := k.Rect().Min.Sub(corner)
	r := k.Rect().Sub(corner).Intersect(f.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		in := k.Shape.Pix[(y-at.Y)*k.Shape.Size.X*4:]
		out := f.Row(y, 0, f.Size.X)
		for x := r.Min.X; x < r.Max.X; x++ {
			p := in[(x-at.X)*4:][:4]
			alpha := int(p[3])
			if alpha < 128 {
				continue
			}
			for c := range 3 {
				out[x*4+c] = byte(min(255, int(p[c])*255/alpha))
			}
			opaque[y*f.Size.X+x] = true
		}
	}
}

// spans splits a box into rectangles of opaque pixels and the rest.
func spans(opaque []bool, box image.Rectangle) (ink, rest []xproto.Rectangle) {
	width := box.Dx()
	for y := range box.Dy() {
		row := opaque[y*width:][:width]
		for x := 0; x < width; {
			from := x
			for x < width && row[x] == row[from] {
				x++
			}
			r := xproto.Rectangle{X: int16(box.Min.X + from), Y: int16(box.Min.Y + y), Width: uint16(x - from), Height: 1}
			if row[from] {
				ink = append(ink, r)
			} else {
				rest = append(rest, r)
			}
		}
	}
	return ink, rest
}
