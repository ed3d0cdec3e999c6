//go:build linux

package native

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"sync"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

const (
	// badgeRaise is the least time between two times that the badge comes to the
	// top by itself: two such windows must not fight.
	badgeRaise = 200 * time.Millisecond
	// dragSlack is how far, in pixels, a click may move before it is a move.
	dragSlack = 4
	// badgeMargin is the badge's first distance from the display's corner.
	badgeMargin = 16
)

// x11Badge implements screen.Badge: a window that no window manager looks after.
// It belongs to this program, so a share of other programs never shows it.
type x11Badge struct {
	o    Options
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
	moved  bool // the customer chose the place
	events chan [xHead]byte
}

var _ screen.Badge = (*x11Badge)(nil)

func newX11Badge(o Options) *x11Badge { return &x11Badge{o: o, done: make(chan struct{})} }

func (b *x11Badge) close() error {
	b.once.Do(func() { close(b.done) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l != nil {
		b.l.close() // the window ends with its connection
		b.l, b.frame, b.rect = nil, nil, image.Rectangle{}
	}
	return nil
}

// Rect implements screen.Badge.
func (b *x11Badge) Rect() image.Rectangle {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rect
}

// Show implements screen.Badge.
func (b *x11Badge) Show(f *screen.Frame) (err error) {
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
		return b.l.explain(xproto.UnmapWindowChecked(b.l.Conn, b.window).Check())
	}
	fresh := b.frame == nil
	b.frame = f
	g, err := xproto.GetGeometry(b.l.Conn, xproto.Drawable(b.l.root)).Reply()
	if err != nil {
		return b.l.explain(err)
	}
	bounds := image.Rect(0, 0, int(g.Width), int(g.Height))
	at := b.rect.Min
	if fresh && !b.moved {
		at = image.Pt(bounds.Max.X-f.Size.X-badgeMargin, badgeMargin)
	}
	b.placeLocked(at, bounds)
	xproto.MapWindow(b.l.Conn, b.window)
	return b.drawLocked()
}

// placeLocked moves the window, inside the display and on top.
func (b *x11Badge) placeLocked(at image.Point, bounds image.Rectangle) {
	size := b.frame.Size
	at.X = max(bounds.Min.X, min(at.X, bounds.Max.X-size.X))
	at.Y = max(bounds.Min.Y, min(at.Y, bounds.Max.Y-size.Y))
	b.rect = image.Rectangle{Min: at, Max: at.Add(size)}
	xproto.ConfigureWindow(b.l.Conn, b.window,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight|xproto.ConfigWindowStackMode,
		[]uint32{uint32(int32(at.X)), uint32(int32(at.Y)), uint32(size.X), uint32(size.Y), xproto.StackModeAbove})
}

// openLocked makes the window.
func (b *x11Badge) openLocked() (err error) {
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
	events := make(chan [xHead]byte, 256)
	l, err := dialX(b.o, func(ev []byte) {
		if kind := ev[0] &^ xSentFlag; kind == xGenericEvent || kind == 0 || kind == 1 {
			return
		}
		select {
		case events <- [xHead]byte(ev[:xHead]):
		default: // a badge that is clicked that often is not read
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
	if !b.format.plain {
		return fmt.Errorf("native: display %s: no badge on pixels of depth %d", l.display, l.scr.RootDepth)
	}
	if b.window, err = xproto.NewWindowId(l.Conn); err != nil {
		return err
	}
	if b.gc, err = xproto.NewGcontextId(l.Conn); err != nil {
		return err
	}
	const what = xproto.EventMaskExposure | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease | xproto.EventMaskButton1Motion | xproto.EventMaskVisibilityChange
	err = xproto.CreateWindowChecked(l.Conn, l.scr.RootDepth, b.window, l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOutput, l.scr.RootVisual,
		xproto.CwBackPixel|xproto.CwOverrideRedirect|xproto.CwEventMask, []uint32{0x1b2a3a, 1, what}).Check()
	if err != nil {
		return l.explain(err)
	}
	if err = xproto.CreateGCChecked(l.Conn, b.gc, xproto.Drawable(b.window), 0, nil).Check(); err != nil {
		return l.explain(err)
	}
	name := []byte("Lotse")
	xproto.ChangeProperty(l.Conn, xproto.PropModeReplace, b.window, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), name)
	b.l, b.events = l, events
	return nil
}

// drawLocked paints the picture, in bands that fit into a request.
func (b *x11Badge) drawLocked() error {
	f := b.frame
	if f == nil {
		return nil
	}
	rows := max(1, (200<<10)/(4*f.Size.X))
	for y := 0; y < f.Size.Y; y += rows {
		end := min(y+rows, f.Size.Y)
		var data []byte
		for row := y; row < end; row++ {
			data = append(data, f.Row(row, 0, f.Size.X)...)
		}
		xproto.PutImage(b.l.Conn, zPixmap, xproto.Drawable(b.window), b.gc, uint16(f.Size.X), uint16(end-y), 0, int16(y), 0, b.l.scr.RootDepth, data)
	}
	return b.l.sync()
}

// Watch implements screen.Badge.
func (b *x11Badge) Watch(ctx context.Context, clicked func(image.Point)) error {
	b.mu.Lock()
	err := b.openLocked()
	l, events := b.l, b.events
	b.mu.Unlock()
	if err != nil {
		return err
	}
	var hold struct {
		down        bool
		at          image.Point // in the badge
		drag        bool
		raised      time.Time
		first, last image.Point // of the pointer, in the display
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
			at := image.Pt(int(int16(binary.LittleEndian.Uint16(ev[24:]))), int(int16(binary.LittleEndian.Uint16(ev[26:]))))
			root := image.Pt(int(int16(binary.LittleEndian.Uint16(ev[20:]))), int(int16(binary.LittleEndian.Uint16(ev[22:]))))
			switch ev[0] {
			case xproto.Expose:
				err = errors.Join(err, b.redraw())
			case xproto.VisibilityNotify:
				if ev[8] != xproto.VisibilityUnobscured && time.Since(hold.raised) >= badgeRaise {
					hold.raised = time.Now()
					b.move(image.Point{})
				}
			case xproto.ButtonPress:
				hold.down, hold.drag, hold.at, hold.first, hold.last = ev[1] == 1, false, at, root, root
			case xproto.MotionNotify:
				if d := root.Sub(hold.first); hold.down && (hold.drag || d.X*d.X+d.Y*d.Y > dragSlack*dragSlack) {
					hold.drag = true
					b.move(root.Sub(hold.last))
					hold.last = root
				}
			case xproto.ButtonRelease:
				if hold.down && !hold.drag && ev[1] == 1 {
					clicked(hold.at)
				}
				hold.down = false
			}
		}
	}
}

func (b *x11Badge) redraw() (err error) {
	defer recovered(&err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l == nil {
		return nil
	}
	return b.drawLocked()
}

// move brings the badge to the top, d further.
func (b *x11Badge) move(d image.Point) {
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
}
