//go:build linux

package x11

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/lifecycle"
	"lotse/screen/program"
)

// A share of chosen programs is put together from the windows' own pixels, which
// the Composite extension keeps apart: what was not chosen is not masked, it is
// never read. Two things still need care.
//
// The server fills new window memory with what lies below on the screen, so a
// part of a window is shown only after something was drawn there (topWindow.undrawn).
// And a window may change while it is read: the events that came before the
// picture are looked at after it, and what they touch is thrown away.

const (
	// repaintAfter is how long an undrawn part waits before its program is asked
	// to draw it; the wait doubles with each of repaintTries, and then stays. While
	// other windows rush about, what is drawn does not count for certain.
	repaintAfter = 80 * time.Millisecond
	repaintTries = 4
	// repaintWindows bounds the windows of one program that are asked.
	repaintWindows = 400
	// lookAfter is how long a new frame waits before it is looked into again, for
	// a program's window that its window manager has not marked yet; it doubles
	// with each of lookTries.
	lookAfter = 30 * time.Millisecond
	lookTries = 6
	// retryAfter is the pause before a window that could not be read is tried again.
	retryAfter = 10 * time.Millisecond
	// maxWindowEvents bounds what may wait while nobody takes pictures.
	maxWindowEvents = 1 << 16
	// maxShapeRects bounds the raggedness of a window that is shown.
	maxShapeRects = 256
)

// appScreen is the Screen of a share of programs.
type appScreen struct {
	lifecycle.Lifecycle

	// Static after openAppScreen.
	l           *link
	log         *slog.Logger
	apps        *apps
	format      pixelFormat
	backdrop    func(image.Point) *screen.Frame
	damageEvent byte
	shapeEvent  byte
	fixesEvent  byte
	hasShape    bool
	hasShm      bool
	xiMajor     byte

	cursorDue, pointerDue atomic.Bool

	// Owned by Next.
	chosen  program.Chosen
	stack   stack
	size    image.Point
	frame   *screen.Frame
	back    *screen.Frame
	seg     *segment
	layout  bool // what is visible must be found again
	retry   bool // something could not be read
	shown   []image.Rectangle
	fresh   bool
	cursor  *screen.Cursor // as it was read
	over    bool           // the pointer is over something shared
	told    *screen.Cursor // as it was returned
	checkAt time.Time      // next look at the pointer without a hint
	pointer image.Point

	mu sync.Mutex
	// Guarded by mu.
	queue    [][xHead]byte
	overflow bool
	tops     map[xproto.Window]bool // shared top-level windows
	bases    map[uint32]bool        // connections of shared programs
}

// openAppScreen opens a share of programs. Without Composite there is none:
// nothing else keeps windows apart.
func openAppScreen(o screen.Options, s screen.Share, backdrop func(image.Point) *screen.Frame) (_ *appScreen, err error) {
	defer recovered(&err)
	a := &appScreen{
		log: o.Logger, backdrop: backdrop, chosen: program.ChosenOf(s), fresh: true, hasShm: !o.NoShm,
		Lifecycle: lifecycle.New(),
		tops:      map[xproto.Window]bool{}, bases: map[uint32]bool{},
	}
	var ready atomic.Bool
	if a.l, err = dialX(o, func(ev []byte) {
		if ready.Load() {
			a.event(ev)
		}
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.l.close()
			a.release()
		}
	}()
	if a.format, err = formatOf(a.l); err != nil {
		return nil, err
	}
	if a.apps, err = openApps(a.l); err != nil {
		return nil, err
	}
	if err = a.extensions(); err != nil {
		return nil, err
	}
	ready.Store(true)
	if err = a.begin(); err != nil {
		return nil, a.l.explain(err)
	}
	a.cursorDue.Store(true)
	return a, nil
}

var errNoComposite = errors.New("the X server has no Composite extension: single programs cannot be shared without showing others; share the whole screen or a monitor")

func (a *appScreen) extensions() error {
	need := func(name string) (extension, error) {
		ext, ok, err := a.l.extension(name)
		if err == nil && !ok {
			err = fmt.Errorf("x11: display %s: %w (%s is missing)", a.l.display, errNoComposite, name)
		}
		return ext, err
	}
	if _, err := need("Composite"); err != nil {
		return err
	}
	if v, err := composite.QueryVersion(a.l.Conn, 0, 4).Reply(); err != nil {
		return a.l.explain(err)
	} else if v.MajorVersion == 0 && v.MinorVersion < 2 {
		return fmt.Errorf("x11: display %s: %w", a.l.display, errNoComposite)
	}
	ext, err := need("DAMAGE")
	if err != nil {
		return err
	}
	a.damageEvent = ext.firstEvent
	if _, err := damage.QueryVersion(a.l.Conn, 1, 1).Reply(); err != nil {
		return a.l.explain(err)
	}
	if ext, err = need("XFIXES"); err != nil {
		return err
	}
	a.fixesEvent = ext.firstEvent
	if _, err := xfixes.QueryVersion(a.l.Conn, 4, 0).Reply(); err != nil {
		return a.l.explain(err)
	}
	if ext, a.hasShape, err = a.l.extension("SHAPE"); err != nil {
		return err
	}
	a.shapeEvent = ext.firstEvent
	if a.hasShm {
		if _, a.hasShm, err = a.l.extension("MIT-SHM"); err != nil {
			return err
		}
	}
	xi, err := openXI(a.l)
	switch {
	case err == nil:
		a.xiMajor = xi.major
		return xi.selectEvents(xiAllMasterDevices, xiRawMotion)
	case !errors.Is(err, errNoXI2):
		return err
	}
	return nil
}

// event runs on the connection's reading goroutine.
func (a *appScreen) event(ev []byte) {
	switch kind := ev[0]; {
	case kind == xGenericEvent:
		if e, ok := parseXIEvent(ev, a.xiMajor); !ok || e.kind != xiRawMotion {
			return
		}
		a.pointerDue.Store(true)
	case kind == a.fixesEvent+xfixes.CursorNotify:
		a.cursorDue.Store(true)
	case kind == a.damageEvent || a.hasShape && kind == a.shapeEvent || kind >= xproto.CreateNotify && kind <= xproto.CirculateNotify:
		a.mu.Lock()
		if len(a.queue) < maxWindowEvents {
			a.queue = append(a.queue, [xHead]byte(ev[:xHead]))
		} else {
			a.overflow = true
		}
		a.mu.Unlock()
	default:
		return
	}
	a.Ring()
}

// begin makes the model of the windows, in one moment: nothing else can happen
// on the display meanwhile. It is also how a model that has lost step starts again.
func (a *appScreen) begin() (err error) {
	c := a.l.Conn
	xproto.GrabServer(c)
	defer func() {
		xproto.UngrabServer(c)
		err = errors.Join(err, a.l.sync())
	}()
	const what = xproto.EventMaskStructureNotify | xproto.EventMaskSubstructureNotify
	if err := xproto.ChangeWindowAttributesChecked(c, a.l.root, xproto.CwEventMask, []uint32{what}).Check(); err != nil {
		return err
	}
	xfixes.SelectCursorInput(c, a.l.root, xfixes.CursorNotifyMaskDisplayCursor)
	a.mu.Lock()
	a.queue, a.overflow = nil, false
	a.mu.Unlock()
	for _, w := range a.stack.order {
		a.unprepare(w)
	}
	a.stack = stack{root: a.l.root, byID: map[xproto.Window]*topWindow{}}
	g, err := xproto.GetGeometry(c, xproto.Drawable(a.l.root)).Reply()
	if err != nil {
		return err
	}
	if err := a.resize(image.Pt(int(g.Width), int(g.Height))); err != nil {
		return err
	}
	tree, err := xproto.QueryTree(c, a.l.root).Reply()
	if err != nil {
		return err
	}
	for _, id := range tree.Children {
		w := &topWindow{id: id}
		attributes, errA := xproto.GetWindowAttributes(c, id).Reply()
		geometry, errG := xproto.GetGeometry(c, xproto.Drawable(id)).Reply()
		if errA != nil || errG != nil {
			continue
		}
		w.at, w.size, w.border = image.Pt(int(geometry.X), int(geometry.Y)), image.Pt(int(geometry.Width), int(geometry.Height)), int(geometry.BorderWidth)
		w.mapped, w.inputOnly = attributes.MapState != xproto.MapStateUnmapped, attributes.Class == xproto.WindowClassInputOnly
		a.stack.add(w)
	}
	for _, w := range a.stack.order {
		a.lookUp(w)
	}
	// What is there already may have appeared a moment ago and not be drawn yet,
	// and what another window covers has no pixels before it is kept apart. So all
	// of it counts as undrawn, and its programs are asked at once.
	for _, w := range a.stack.order {
		w.askAt = time.Time{}
	}
	a.mu.Lock()
	a.queue = nil // the reports of the damage's own creation
	a.mu.Unlock()
	a.layout = true
	return nil
}

// resize gives the picture another size.
func (a *appScreen) resize(size image.Point) error {
	if size.X <= 0 || size.Y <= 0 || size.X > 32767 || size.Y > 32767 {
		return fmt.Errorf("display of %v pixels", size)
	}
	if a.size == size {
		return nil
	}
	a.size = size
	a.frame, a.back = screen.NewFrame(size), a.backdrop(size)
	a.frame.CopyRect(a.back, a.frame.Bounds())
	a.shown, a.layout, a.fresh = nil, true, true
	for _, w := range a.stack.order {
		w.vis = nil
	}
	if a.seg != nil {
		shmDetach(a.l, a.seg)
		a.seg = nil
	}
	if a.hasShm {
		seg, err := newSegment(a.l, a.format.stride(size.X)*size.Y+1<<20)
		switch {
		case errors.Is(err, errNoShm):
			a.hasShm = false
		case err != nil:
			return err
		default:
			a.seg = seg
		}
	}
	return nil
}

// Close implements screen.Screen.
func (a *appScreen) Close() error {
	a.End(a.l.close, a.release) // ends the redirection of windows as well
	return nil
}

func (a *appScreen) release() {
	if a.seg != nil {
		a.seg.unmap()
		a.seg = nil
	}
}

// Next implements screen.Screen.
func (a *appScreen) Next(ctx context.Context) (screen.Update, error) {
	return a.RunNext(ctx, a.next, a.release)
}

func (a *appScreen) next(ctx context.Context) (u screen.Update, err error) {
	defer recovered(&err)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if err := a.l.ended(ctx); err != nil {
			return u, err
		}
		began := time.Now()
		u, ok, again, err := a.look()
		if err != nil {
			return u, a.l.explain(err)
		}
		if ok {
			u.Took = time.Since(began)
			return u, nil
		}
		timer.Reset(again)
		select {
		case <-ctx.Done():
		case <-a.Done:
			return u, screen.ErrClosed
		case <-a.l.gone:
		case <-a.Wake:
		case <-timer.C:
		}
	}
}

// look does what is due. again is when to look next without being told.
func (a *appScreen) look() (u screen.Update, ok bool, again time.Duration, err error) {
	if err := a.follow(); err != nil {
		return u, false, 0, err
	}
	now := time.Now()
	for _, w := range a.stack.order {
		if !w.known || !w.lookAt.IsZero() && !now.Before(w.lookAt) {
			w.lookAt = time.Time{}
			a.lookUp(w)
		}
	}
	var touched screen.Region
	if a.layout {
		a.layout = false
		a.arrange(&touched)
	}
	if err := a.read(&touched); err != nil {
		return u, false, 0, err
	}
	moved, err := a.lookAtPointer(now)
	if err != nil {
		return u, false, 0, err
	}
	again = a.askForDrawing(now)
	for _, w := range a.stack.order {
		if !w.lookAt.IsZero() {
			again = min(again, max(0, w.lookAt.Sub(now)))
		}
	}
	again = min(again, max(0, a.checkAt.Sub(now)))
	if a.retry {
		a.retry, again = false, min(again, retryAfter)
	}
	if a.TakeRefresh() {
		a.fresh = true
	}
	if a.fresh {
		touched = screen.RegionOf(a.frame.Bounds())
	}
	ok = a.fresh || moved || !touched.Empty()
	a.fresh = false
	u = screen.Update{
		Frame: a.frame, Damage: touched, Cursor: a.told, Pointer: a.pointer,
		Monitors: []screen.Monitor{{ID: 1, Name: "screen", Rect: a.frame.Bounds()}},
	}
	return u, ok, again, nil
}

// arrange finds what is visible of each shared window, and covers what is not
// any more.
func (a *appScreen) arrange(touched *screen.Region) {
	bounds := image.Rectangle{Max: a.size}
	free := screen.RegionOf(bounds)
	var shown []image.Rectangle
	for i := len(a.stack.order) - 1; i >= 0; i-- {
		w := a.stack.order[i]
		if !w.shared || !w.mapped {
			w.vis = nil
			continue
		}
		outline := []image.Rectangle{w.outer().Sub(w.origin())}
		if w.shape != nil {
			outline = w.shape
		}
		var vis []image.Rectangle
		for _, r := range outline {
			r = r.Intersect(w.outer().Sub(w.origin())).Add(w.origin())
			part := free.Intersect(r)
			free.Subtract(r)
			for _, u := range w.undrawn.Rects() {
				part.Subtract(u.Add(w.origin()))
			}
			vis = append(vis, part.Rects()...)
		}
		shown = append(shown, vis...)
		if w.visAt != w.origin() || !slices.Equal(vis, w.vis) {
			for _, r := range vis {
				w.dirty.Add(r.Sub(w.origin()))
			}
		}
		w.vis, w.visAt = vis, w.origin()
	}
	var hidden screen.Region
	for _, r := range a.shown {
		hidden.Add(r)
	}
	for _, r := range shown {
		hidden.Subtract(r)
	}
	for _, r := range hidden.Rects() {
		a.frame.CopyRect(a.back, r)
		touched.Add(r)
	}
	a.shown = shown
}

// lookAtPointer reads the pointer's place and shape, and hides both where
// nothing is shared.
func (a *appScreen) lookAtPointer(now time.Time) (changed bool, err error) {
	shapeDue := a.cursorDue.Load()
	if !a.pointerDue.Swap(false) && !shapeDue && !a.fresh && now.Before(a.checkAt) {
		return false, nil
	}
	a.checkAt = now.Add(pointerCheck) // programs can move the pointer without a report
	if a.xiMajor == 0 {
		a.checkAt = now.Add(pointerPoll)
	}
	before, err := xproto.QueryPointer(a.l.Conn, a.l.root).Reply()
	if err != nil {
		return false, err
	}
	over := a.isTop(before.Child)
	if over && (shapeDue || !a.over) {
		a.cursorDue.Store(false)
		if a.cursor, err = readCursor(a.l); err != nil {
			return false, err
		}
		// It is a shared window's shape only if the pointer was there all the time.
		after, err := xproto.QueryPointer(a.l.Conn, a.l.root).Reply()
		if err != nil {
			return false, err
		}
		if over = a.isTop(after.Child); !over {
			a.pointerDue.Store(true)
		}
	}
	a.over = over
	told, at := (*screen.Cursor)(nil), a.pointer
	if over {
		told, at = a.cursor, image.Pt(int(before.RootX), int(before.RootY))
	}
	changed = told != a.told || at != a.pointer
	a.told, a.pointer = told, at
	return changed, nil
}

func (a *appScreen) isTop(w xproto.Window) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tops[w]
}

func (a *appScreen) isBase(w xproto.Window) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return w > 1 && a.bases[a.apps.base(w)]
}
