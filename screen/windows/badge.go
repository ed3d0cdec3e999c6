//go:build windows

package windows

import (
	"unsafe"

	"context"
	"image"
	"log/slog"
	"sync"
	"time"

	"lotse/screen"
	"lotse/screen/ownwindow"
	"lotse/screen/question"
)

const (
	// badgeRaise is the interval at which the badge is moved to the top again.
	badgeRaise = time.Second
	// dragSlack is how far, in pixels, the pointer may move during a click before it becomes a
	// drag.
	dragSlack = 4
	// badgeMargin is the badge's initial distance from the edges of the usable area.
	badgeMargin = 8

	wsPopup                                         = 0x80000000
	exTopmost, exTransparent, exToolWindow          = 0x8, 0x20, 0x80
	exLayered, exNoActivate, exNoRedirectionBitmap  = 0x80000, 0x08000000, 0x00200000
	swpNoSize, swpNoMove, swpNoZOrder, swpNoActive  = 0x1, 0x2, 0x4, 0x10
	swHide, swShowNoActivate                        = 0, 8
	hwndTopmost                                     = ^uintptr(0)
	wmMouseActivate, wmCaptureChanged, noActivation = 0x0021, 0x0215, 3
	leftButtonHeld                                  = 1 // in the state that WM_MOUSEMOVE carries
	excludeFromCapture                              = 0x11
)

// badgeWindow implements screen.Badge: a layered window that never gets the focus, and that
// captures leave out on Windows 10 version 2004 and later.
type badgeWindow struct {
	// Static after newBadge.
	log    *slog.Logger
	own    *ownwindow.Places
	done   chan struct{}
	once   sync.Once
	clicks chan badgeClick

	mu sync.Mutex
	// Guarded by mu.
	thread *messageThread
	frame  *screen.Frame   // nil: hidden
	rect   image.Rectangle // in the system's coordinates
	corner image.Point     // the lower right one of the last rect
	moved  bool            // the customer chose the place

	// Owned by the thread.
	window uintptr
	hold   struct {
		down, drag  bool
		lost        bool        // another window took the mouse since the press
		first, last image.Point // of the pointer, in the system's coordinates
		by          question.Device
	}
}

var _ screen.Badge = (*badgeWindow)(nil)

func newBadge(o screen.Options, own *ownwindow.Places) *badgeWindow {
	return &badgeWindow{log: o.Logger, own: own, done: make(chan struct{}), clicks: make(chan badgeClick, 16)}
}

// badgeClick is one click on the badge.
type badgeClick struct {
	at       image.Point
	physical bool
}

// coverOwn covers a place of the display, given in the system's coordinates, for one of this
// program's windows.
func coverOwn(own *ownwindow.Places, owner any, window uintptr, r image.Rectangle) {
	_, leftOut := unseen.Load(window)
	own.Add(owner, r.Sub(virtualScreen().Min), !leftOut)
}

func (b *badgeWindow) close() error {
	b.once.Do(func() { close(b.done) })
	b.mu.Lock()
	t := b.thread
	b.thread, b.frame, b.rect = nil, nil, image.Rectangle{}
	b.mu.Unlock()
	if t != nil {
		t.close()
	}
	b.own.Gone(b, image.Rectangle{})
	return nil
}

// Rect implements screen.Badge.
func (b *badgeWindow) Rect() image.Rectangle {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rect.Empty() {
		return image.Rectangle{}
	}
	return b.rect.Sub(virtualScreen().Min)
}

// start creates the thread and the window at the first call.
func (b *badgeWindow) start() (*messageThread, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.done:
		return nil, screen.ErrClosed
	default:
	}
	if b.thread != nil {
		return b.thread, nil
	}
	t, err := startThread(func() (err error) {
		const ex = exLayered | exTopmost | exToolWindow | exNoActivate
		b.window, err = makeWindow(0, wsPopup, ex, b.onMessage)
		if err != nil {
			return err
		}
		leaveOut(b.window, b.log)
		return nil
	}, func() {
		unseen.Delete(b.window)
		dropWindow(b.window)
	})
	if err != nil {
		return nil, err
	}
	b.thread = t
	return t, nil
}

// unseen is the set of our windows that captures leave out, or may show.
var unseen sync.Map

// leaveOut makes the system leave a window out of captures, if it can: on Windows 10 version 2004
// and later. On older versions the mask hides the window.
func leaveOut(window uintptr, log *slog.Logger) {
	if _, err := truth(procSetWindowDisplayAffinity, window, excludeFromCapture); err != nil {
		log.Debug("windows: captures do not leave a window out by themselves", "reason", err.Error())
		return
	}
	unseen.Store(window, true)
}

// Room implements screen.Badge.
func (b *badgeWindow) Room() (width int, scale float64, err error) {
	t, err := b.start()
	if err != nil {
		return 0, 0, err
	}
	if e := t.do(func() { width, scale = usableArea().Dx()-2*badgeMargin, float64(dpiOf(b.window))/96 }); e != nil {
		return 0, 0, screen.ErrClosed
	}
	return max(1, width), scale, nil
}

// Show implements screen.Badge.
func (b *badgeWindow) Show(f *screen.Frame) error {
	b.mu.Lock()
	idle := f == nil && b.thread == nil
	b.mu.Unlock()
	if idle {
		return nil
	}
	t, err := b.start()
	if err != nil {
		return err
	}
	if e := t.do(func() { err = b.show(f) }); e != nil {
		return screen.ErrClosed
	}
	return err
}

// show runs on the thread.
func (b *badgeWindow) show(f *screen.Frame) error {
	b.mu.Lock()
	fresh, moved, corner := b.frame == nil, b.moved, b.corner
	b.mu.Unlock()
	if f == nil {
		b.mu.Lock()
		b.frame, b.rect = nil, image.Rectangle{}
		b.mu.Unlock()
		call(procShowWindow, b.window, swHide)
		b.own.Gone(b, image.Rectangle{})
		return nil
	}
	if fresh && !moved {
		corner = usableArea().Max.Sub(image.Pt(badgeMargin, badgeMargin))
	}
	r := inside(image.Rectangle{Min: corner.Sub(f.Size), Max: corner}, virtualScreen())
	b.cover(r)
	if err := paintLayered(b.window, f, r.Min); err != nil {
		return err
	}
	b.mu.Lock()
	b.frame, b.rect, b.corner = f, r, r.Max
	b.mu.Unlock()
	call(procShowWindow, b.window, swShowNoActivate)
	b.raise()
	b.own.Gone(b, r.Sub(virtualScreen().Min))
	return nil
}

// cover covers the place to which the badge will move. It runs on the thread.
func (b *badgeWindow) cover(r image.Rectangle) {
	b.mu.Lock()
	same := b.frame != nil && r == b.rect
	b.mu.Unlock()
	if !same {
		coverOwn(b.own, b, b.window, r)
	}
}

// mainMonitor returns the monitor at the system's origin.
func mainMonitor() image.Rectangle {
	all := virtualScreen()
	for _, m := range listMonitors(all) {
		if r := m.Rect.Add(all.Min); (image.Point{}).In(r) {
			return r
		}
	}
	return all
}

// usableArea returns the part of the main monitor, the one at the system's origin, that the task
// bar does not cover.
func usableArea() image.Rectangle {
	monitorsMu.Lock()
	defer monitorsMu.Unlock()
	monitorsFound = nil
	call(procEnumDisplayMonitors, 0, 0, monitorSeen(), 0)
	for _, m := range monitorsFound {
		if r := m.Work.rect(); !r.Empty() && (image.Point{}).In(m.Monitor.rect()) {
			return r
		}
	}
	return virtualScreen()
}

// inside moves r into bounds as far as it fits.
func inside(r, bounds image.Rectangle) image.Rectangle {
	at := r.Min
	at.X = max(bounds.Min.X, min(at.X, bounds.Max.X-r.Dx()))
	at.Y = max(bounds.Min.Y, min(at.Y, bounds.Max.Y-r.Dy()))
	return image.Rectangle{Min: at, Max: at.Add(r.Size())}
}

// paintLayered sets the image and the place of a layered window.
func paintLayered(window uintptr, f *screen.Frame, at image.Point) error {
	g, err := openGDI(image.Rectangle{Max: f.Size})
	if err != nil {
		return err
	}
	defer g.close()
	g.bits.CopyRect(f, f.Bounds())
	for i := 3; i < len(g.bits.Pix); i += screen.BytesPerPixel {
		g.bits.Pix[i] = 255
	}
	return g.layer(window, at)
}

// layer sets the image of a layered window to bits, whose pixels are premultiplied with their
// alpha, and its place.
func (g *gdiSource) layer(window uintptr, at image.Point) error {
	call(procGdiFlush)
	place, size, from := pointAPI{int32(at.X), int32(at.Y)}, pointAPI{int32(g.bits.Size.X), int32(g.bits.Size.Y)}, pointAPI{}
	blend := [4]byte{0, 0, 255, 1} // blended over the background by alpha
	const alpha = 2
	_, err := truth(procUpdateLayeredWindow, window, 0, uintptr(unsafe.Pointer(&place)), uintptr(unsafe.Pointer(&size)), g.dc, uintptr(unsafe.Pointer(&from)), 0, uintptr(unsafe.Pointer(&blend)), alpha)
	return err
}

// raise runs on the thread.
func (b *badgeWindow) raise() {
	call(procSetWindowPos, b.window, hwndTopmost, 0, 0, 0, 0, swpNoMove|swpNoSize|swpNoActive)
}

// onMessage runs on the thread.
func (b *badgeWindow) onMessage(_ uintptr, what uint32, w, l uintptr) (result uintptr, done bool) {
	b.mu.Lock()
	corner := b.rect.Min
	b.mu.Unlock()
	at := image.Pt(int(int16(l)), int(int16(l>>16)))
	place := at.Add(corner)
	h := &b.hold
	switch what {
	case wmMouseActivate:
		return noActivation, true
	case wmLeftDown:
		h.down, h.drag, h.lost = true, false, false
		h.first, h.last, h.by = place, place, physicalDevice()
		call(procSetCapture, b.window)
		return 0, true
	case wmMouseMove:
		if h.lost && w&leftButtonHeld == 0 {
			h.down = false // it was released where the badge could not see it
		}
		if d := place.Sub(h.first); h.down && (h.drag || d.X*d.X+d.Y*d.Y > dragSlack*dragSlack) {
			h.drag = true
			if !h.lost {
				b.move(place.Sub(h.last))
			}
			h.last = place
		}
		return 0, true
	case wmLeftUp:
		if h.down && !h.drag {
			select {
			case b.clicks <- badgeClick{at, h.by != 0 && h.by == physicalDevice()}:
			default:
			}
		}
		h.down = false
		call(procReleaseCapture)
		return 0, true
	case wmCaptureChanged:
		// A window that opens can take the mouse away while the button is held, and a question can
		// open at any moment. The click still counts if the button is released on the badge.
		h.lost = true
	}
	return 0, false
}

// move runs on the thread.
func (b *badgeWindow) move(d image.Point) {
	b.mu.Lock()
	r := inside(b.rect.Add(d), virtualScreen())
	b.mu.Unlock()
	b.cover(r)
	b.mu.Lock()
	b.rect, b.corner, b.moved = r, r.Max, true
	b.mu.Unlock()
	call(procSetWindowPos, b.window, hwndTopmost, uintptr(r.Min.X), uintptr(r.Min.Y), 0, 0, swpNoSize|swpNoActive)
	b.own.Gone(b, r.Sub(virtualScreen().Min))
}

// Watch implements screen.Badge.
func (b *badgeWindow) Watch(ctx context.Context, clicked func(p image.Point, physical bool)) error {
	t, err := b.start()
	if err != nil {
		return err
	}
	tick := time.NewTicker(badgeRaise)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.done:
			return screen.ErrClosed
		case c := <-b.clicks:
			clicked(c.at, c.physical)
		case <-tick.C:
			if !b.Rect().Empty() {
				_ = t.do(b.raise)
			}
		}
	}
}
