//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"image"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/ownwindow"
	"lotse/screen/question"
)

const (
	// badgeRaise is the minimum time between two automatic raises of the badge, so that two such
	// windows do not raise themselves continuously.
	badgeRaise = 200 * time.Millisecond
	// dragSlack is how far, in pixels, the pointer may move during a click before it becomes a
	// drag.
	dragSlack = 4
	// badgeMargin is the badge's initial distance from the edges of the usable area.
	badgeMargin = 8
)

// badgeWindow implements screen.Badge with a window that no window manager manages. It belongs to
// this program, so a share of other programs never shows it.
type badgeWindow struct {
	o    screen.Options
	own  *ownwindow.Places
	done chan struct{}
	once sync.Once

	mu sync.Mutex
	// Guarded by mu.
	l      *link
	window xproto.Window
	gc     xproto.Gcontext
	format pixelFormat
	frame  *screen.Frame // nil: hidden
	rect   image.Rectangle
	corner image.Point // the lower right one of the last rect
	moved  bool        // the customer moved it
	events chan badgeEvent
	phys   *physicalDevices // nil: the server cannot distinguish devices
}

// badgeEvent is an event about the badge's window.
type badgeEvent struct {
	kind     byte // of the core protocol
	detail   byte // the button, or the state of VisibilityNotify
	at, root image.Point
	device   xiEvent // of button events, if the server distinguishes devices
}

// badgeEventOf parses an event; ok is false for events that are not used.
func badgeEventOf(ev []byte, xiMajor byte) (e badgeEvent, ok bool) {
	if x, isXI := parseXIEvent(ev, xiMajor); isXI && xiMajor != 0 {
		kinds := map[uint16]byte{xiButtonPress: xproto.ButtonPress, xiButtonRelease: xproto.ButtonRelease, xiMotion: xproto.MotionNotify}
		if x.kind == xiHierarchyChanged {
			return badgeEvent{device: x}, true
		}
		e = badgeEvent{kind: kinds[x.kind], detail: byte(x.detail), at: x.at, root: x.root, device: x}
		return e, e.kind != 0
	}
	number := func(o int) int { return int(int16(binary.LittleEndian.Uint16(ev[o:]))) }
	switch kind := ev[0] &^ xSentFlag; kind {
	case xproto.Expose:
		return badgeEvent{kind: kind}, true
	case xproto.VisibilityNotify:
		return badgeEvent{kind: kind, detail: ev[8]}, true
	case xproto.ButtonPress, xproto.ButtonRelease, xproto.MotionNotify:
		return badgeEvent{kind: kind, detail: ev[1], at: image.Pt(number(24), number(26)), root: image.Pt(number(20), number(22))}, true
	}
	return e, false
}

var _ screen.Badge = (*badgeWindow)(nil)

func newBadge(o screen.Options, own *ownwindow.Places) *badgeWindow {
	return &badgeWindow{o: o, own: own, done: make(chan struct{})}
}

func (b *badgeWindow) close() error {
	b.once.Do(func() { close(b.done) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l != nil {
		b.l.close() // this also destroys the window
		b.own.Gone(b, image.Rectangle{})
		b.l, b.frame, b.rect = nil, nil, image.Rectangle{}
	}
	return nil
}

// Rect implements screen.Badge.
func (b *badgeWindow) Rect() image.Rectangle {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rect
}

// Room implements screen.Badge.
func (b *badgeWindow) Room() (width int, scale float64, err error) {
	defer recovered(&err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.openLocked(); err != nil {
		return 0, 0, err
	}
	usable, err := usableArea(b.l)
	if err != nil {
		return 0, 0, err
	}
	return max(1, usable.Dx()-2*badgeMargin), displayScale(b.l), nil
}

// usableArea returns the part of the first monitor that no panel or dock covers, as far as the
// window manager tells; EWMH, _NET_WORKAREA.
func usableArea(l *link) (image.Rectangle, error) {
	monitors, err := monitorsOf(l)
	if err != nil {
		return image.Rectangle{}, err
	}
	area := monitors[0].Rect
	atom, err := l.atom("_NET_WORKAREA")
	if err != nil {
		return area, err
	}
	r, err := xproto.GetProperty(l.Conn, false, l.root, atom, xproto.AtomCardinal, 0, 4).Reply()
	if err != nil || r.Format != 32 || len(r.Value) < 16 {
		return area, nil // no window manager, or one that does not say it
	}
	n := func(i int) int { return int(int32(binary.LittleEndian.Uint32(r.Value[4*i:]))) }
	at, size := image.Pt(n(0), n(1)), image.Pt(n(2), n(3))
	if work := area.Intersect(image.Rectangle{Min: at, Max: at.Add(size)}); !work.Empty() {
		area = work
	}
	return area, nil
}

// Show implements screen.Badge.
func (b *badgeWindow) Show(f *screen.Frame) (err error) {
	defer recovered(&err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if f == nil && b.l == nil {
		return nil
	}
	if err := b.openLocked(); err != nil {
		return err
	}
	if f == nil {
		b.frame, b.rect = nil, image.Rectangle{}
		err := b.l.explain(xproto.UnmapWindowChecked(b.l.Conn, b.window).Check())
		b.own.Gone(b, image.Rectangle{})
		return err
	}
	fresh := b.frame == nil
	b.frame = f
	g, err := xproto.GetGeometry(b.l.Conn, xproto.Drawable(b.l.root)).Reply()
	if err != nil {
		return b.l.explain(err)
	}
	corner := b.corner
	if fresh && !b.moved {
		usable, err := usableArea(b.l)
		if err != nil {
			return err
		}
		corner = usable.Max.Sub(image.Pt(badgeMargin, badgeMargin))
	}
	b.placeLocked(corner.Sub(f.Size), image.Rect(0, 0, int(g.Width), int(g.Height)))
	xproto.MapWindow(b.l.Conn, b.window)
	err = b.drawLocked() // when this returns, the server has moved and mapped the window
	b.own.Gone(b, b.rect)
	return err
}

// placeLocked moves the window, inside the display and to the top.
func (b *badgeWindow) placeLocked(at image.Point, bounds image.Rectangle) {
	size := b.frame.Size
	at.X = max(bounds.Min.X, min(at.X, bounds.Max.X-size.X))
	at.Y = max(bounds.Min.Y, min(at.Y, bounds.Max.Y-size.Y))
	r := image.Rectangle{Min: at, Max: at.Add(size)}
	if r != b.rect {
		b.own.Add(b, r, true)
	}
	b.rect, b.corner = r, r.Max
	xproto.ConfigureWindow(b.l.Conn, b.window,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight|xproto.ConfigWindowStackMode,
		[]uint32{uint32(int32(at.X)), uint32(int32(at.Y)), uint32(size.X), uint32(size.Y), xproto.StackModeAbove})
}

// openLocked creates the window.
func (b *badgeWindow) openLocked() (err error) {
	select {
	case <-b.done:
		return screen.ErrClosed
	default:
	}
	if b.l != nil {
		if b.l.isGone() {
			return b.l.explain(errGone)
		}
		return nil
	}
	events := make(chan badgeEvent, 256)
	var major atomic.Uint32
	l, err := dialX(b.o, func(ev []byte) {
		e, ok := badgeEventOf(ev, byte(major.Load()))
		if !ok {
			return
		}
		select {
		case events <- e:
		default: // dropped: clicks this frequent need not all be handled
		}
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if b.format, err = formatOf(l); err != nil {
		return err
	}
	if b.window, err = xproto.NewWindowId(l.Conn); err != nil {
		return err
	}
	if b.gc, err = xproto.NewGcontextId(l.Conn); err != nil {
		return err
	}
	what := uint32(xproto.EventMaskExposure | xproto.EventMaskVisibilityChange)
	xi, err := openXI(l)
	switch {
	case errors.Is(err, errNoXI2):
		what |= xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease | xproto.EventMaskButton1Motion
	case err != nil:
		return err
	default:
		if b.phys, err = newPhysicalDevices(xi); err != nil {
			return err
		}
		major.Store(uint32(xi.major))
	}
	err = xproto.CreateWindowChecked(l.Conn, l.scr.RootDepth, b.window, l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOutput, l.scr.RootVisual,
		xproto.CwBackPixel|xproto.CwOverrideRedirect|xproto.CwEventMask, []uint32{0x1b2a3a, 1, what}).Check()
	if err != nil {
		return l.explain(err)
	}
	if b.phys != nil {
		if err = xi.selectOn(b.window, xiAllMasterDevices, xiButtonPress, xiButtonRelease, xiMotion); err == nil {
			err = xi.selectEvents(xiAllDevices, xiHierarchyChanged)
		}
		if err != nil {
			return err
		}
	}
	if err = xproto.CreateGCChecked(l.Conn, b.gc, xproto.Drawable(b.window), 0, nil).Check(); err != nil {
		return l.explain(err)
	}
	name := []byte("Lotse")
	xproto.ChangeProperty(l.Conn, xproto.PropModeReplace, b.window, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), name)
	b.l, b.events = l, events
	return nil
}

// drawLocked paints the frame.
func (b *badgeWindow) drawLocked() error {
	if b.frame == nil {
		return nil
	}
	return b.l.paint(b.window, b.gc, &b.format, b.frame)
}

// paint paints a frame into a window, in bands that fit in a request, and returns when the server
// has done so.
func (l *link) paint(window xproto.Window, gc xproto.Gcontext, format *pixelFormat, f *screen.Frame) error {
	rows := max(1, (200<<10)/(4*f.Size.X))
	for y := 0; y < f.Size.Y; y += rows {
		end := min(y+rows, f.Size.Y)
		var data []byte
		for row := y; row < end; row++ {
			data = format.put(data, f.Row(row, 0, f.Size.X))
		}
		xproto.PutImage(l.Conn, zPixmap, xproto.Drawable(window), gc, uint16(f.Size.X), uint16(end-y), 0, int16(y), 0, l.scr.RootDepth, data)
	}
	return l.sync()
}

// Watch implements screen.Badge.
func (b *badgeWindow) Watch(ctx context.Context, clicked func(p image.Point, physical bool)) error {
	b.mu.Lock()
	err := b.openLocked()
	l, events, phys := b.l, b.events, b.phys
	b.mu.Unlock()
	if err != nil {
		return err
	}
	var hold struct {
		down        bool
		drag        bool
		raised      time.Time
		first, last image.Point // of the pointer, in the display
		by          question.Device
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.done:
			return screen.ErrClosed
		case <-l.gone:
			return l.explain(errGone)
		case ev := <-events:
			by := question.Device(0)
			if phys != nil && ev.device.kind != 0 {
				if by, err = phys.of(ev.device); err != nil {
					return err
				}
			}
			switch ev.kind {
			case xproto.Expose:
				_ = b.redraw() // gone reports the end of the connection
			case xproto.VisibilityNotify:
				if ev.detail != xproto.VisibilityUnobscured && time.Since(hold.raised) >= badgeRaise {
					hold.raised = time.Now()
					b.move(image.Point{})
				}
			case xproto.ButtonPress:
				hold.down, hold.drag, hold.first, hold.last, hold.by = ev.detail == 1, false, ev.root, ev.root, by
			case xproto.MotionNotify:
				if d := ev.root.Sub(hold.first); hold.down && (hold.drag || d.X*d.X+d.Y*d.Y > dragSlack*dragSlack) {
					hold.drag = true
					b.move(ev.root.Sub(hold.last))
					hold.last = ev.root
				}
			case xproto.ButtonRelease:
				if hold.down && !hold.drag && ev.detail == 1 {
					// The badge may have another size since the press, and its buttons keep their
					// distance from the right edge.
					clicked(ev.root.Sub(b.Rect().Min), by != 0 && by == hold.by)
				}
				hold.down = false
			}
		}
	}
}

func (b *badgeWindow) redraw() (err error) {
	defer recovered(&err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l == nil {
		return nil
	}
	return b.drawLocked()
}

// move raises the badge and moves it by d.
func (b *badgeWindow) move(d image.Point) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l == nil || b.frame == nil {
		return
	}
	b.moved = b.moved || d != image.Point{}
	g, err := xproto.GetGeometry(b.l.Conn, xproto.Drawable(b.l.root)).Reply()
	if err != nil {
		return
	}
	b.placeLocked(b.rect.Min.Add(d), image.Rect(0, 0, int(g.Width), int(g.Height)))
	_ = b.l.sync()
	b.own.Gone(b, b.rect)
}
