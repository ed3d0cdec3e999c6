//go:build linux

package x11

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/lifecycle"
	"lotse/screen/program"
)

// A share of chosen programs is composed of the windows' own pixels, which the Composite extension
// stores separately. Windows that were not chosen are never read. Two things still need care.
//
// The server fills a window's new memory with what is below on the screen, so a part of a window is
// shown only after something was drawn there (topWindow.undrawn). And a window may change while it
// is being read. The events from before the capture are therefore examined after it, and what they
// affect is discarded.

const (
	// repaintAfter is how long an undrawn part waits before its program is asked to draw it. The
	// wait doubles with each of repaintTries and then stays the same. While other windows keep
	// moving, drawing may not count as certain.
	repaintAfter = 80 * time.Millisecond
	repaintTries = 4
	// repaintWindows is the maximum number of windows of one program that are asked.
	repaintWindows = 400
	// lookAfter is how long a new frame waits before it is examined again for a program's window
	// that its window manager has not marked yet. It doubles with each of lookTries.
	lookAfter = 30 * time.Millisecond
	lookTries = 6
	// retryAfter is the pause before a failed read of a window is retried.
	retryAfter = 10 * time.Millisecond
	// maxWindowEvents is the maximum number of events queued while Next is not called.
	maxWindowEvents = 1 << 16
	// maxShapeRects is the maximum number of rectangles in the outline of a shown window.
	maxShapeRects = 256
)

// appScreen is the Screen of a share of programs.
type appScreen struct {
	lifecycle.Lifecycle

	// Static after openAppScreen. Parts that other goroutines use say so themselves.
	l       *link
	log     *slog.Logger
	ext     shareExtensions
	queue   windowQueue
	owners  shareOwners
	windows windowLookup

	// Owned by Next, except where sharePointer says otherwise.
	stack   stack
	canvas  canvas
	reader  windowReader
	pointer sharePointer
	layout  bool // what is visible must be determined again
	fresh   bool // the whole frame is new to the caller
}

// openAppScreen opens a share of programs. It needs Composite, because nothing else stores windows
// separately.
func openAppScreen(o screen.Options, s screen.Share, backdrop func(image.Point) *screen.Frame) (_ *appScreen, err error) {
	defer recovered(&err)
	a := &appScreen{log: o.Logger, fresh: true, Lifecycle: lifecycle.New()}
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
			a.reader.release()
		}
	}()
	format, err := formatOf(a.l)
	if err != nil {
		return nil, err
	}
	apps, err := openApps(a.l)
	if err != nil {
		return nil, err
	}
	if a.ext, err = openShareExtensions(a.l, !o.NoShm); err != nil {
		return nil, err
	}
	a.owners = shareOwners{apps: apps}
	a.windows = windowLookup{
		l: a.l, log: a.log, apps: apps, chosen: program.ChosenOf(s), ext: &a.ext, queue: &a.queue,
	}
	a.canvas = canvas{format: format, backdrop: backdrop}
	a.reader = windowReader{
		l: a.l, ext: &a.ext, windows: &a.windows, stack: &a.stack, queue: &a.queue,
		canvas: &a.canvas, hasShm: a.ext.hasShm,
	}
	a.pointer.l, a.pointer.hasMotion = a.l, a.ext.xiMajor != 0
	ready.Store(true)
	if err = a.begin(); err != nil {
		return nil, a.l.explain(err)
	}
	a.pointer.shapeDue.Store(true)
	return a, nil
}

// event runs on the connection's reading goroutine.
func (a *appScreen) event(ev []byte) {
	switch {
	case a.ext.isMotion(ev):
		a.pointer.moveDue.Store(true)
	case a.ext.isCursor(ev):
		a.pointer.shapeDue.Store(true)
	case a.ext.isOfWindow(ev):
		a.queue.add(ev)
	default:
		return
	}
	a.Ring()
}

// begin builds the model of the windows while the server is grabbed, so that nothing changes
// meanwhile. It is also used to rebuild a model that is no longer consistent.
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
	a.queue.reset()
	for _, w := range a.stack.order {
		a.windows.unprepare(w)
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
		attributes, errA := xproto.GetWindowAttributes(c, id).Reply()
		geometry, errG := xproto.GetGeometry(c, xproto.Drawable(id)).Reply()
		if errA != nil || errG != nil {
			continue
		}
		a.stack.add(&topWindow{
			id: id, extent: extentOf(geometry), mapped: attributes.MapState != xproto.MapStateUnmapped,
			inputOnly: attributes.Class == xproto.WindowClassInputOnly,
		})
	}
	for _, w := range a.stack.order {
		a.lookUp(w)
	}
	// Existing windows may have appeared a moment ago without being drawn yet, and a part covered
	// by another window has no pixels before the window is stored separately. So all of it counts
	// as undrawn, and the programs are asked at once.
	for _, w := range a.stack.order {
		w.askAt = time.Time{}
	}
	a.queue.clear() // the reports caused by creating the damage
	a.layout = true
	return nil
}

// lookUp determines to which program a window belongs, and publishes the result.
func (a *appScreen) lookUp(w *topWindow) {
	if a.windows.lookUp(w) {
		a.layout = true
	}
	a.owners.publish(a.stack.order)
}

// resize changes the size of the frame.
func (a *appScreen) resize(size image.Point) error {
	if size.X <= 0 || size.Y <= 0 || size.X > 32767 || size.Y > 32767 {
		return fmt.Errorf("display of %v pixels", size)
	}
	if a.canvas.size == size {
		return nil
	}
	a.canvas.resize(size)
	a.layout, a.fresh = true, true
	for _, w := range a.stack.order {
		w.vis = nil
	}
	return a.reader.resize(size)
}

// Close implements screen.Screen.
func (a *appScreen) Close() error {
	a.End(a.l.close, a.reader.release) // this also ends the redirection of windows
	return nil
}

// Next implements screen.Screen.
func (a *appScreen) Next(ctx context.Context) (screen.Update, error) {
	return a.RunNext(ctx, a.next, a.reader.release)
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

// look does what is due. again is when to call look next without an event.
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
		a.canvas.arrange(a.stack.order, &touched)
	}
	if err := a.reader.read(&touched); err != nil {
		return u, false, 0, err
	}
	moved, err := a.pointer.look(now, a.fresh, a.owners.isTop)
	if err != nil {
		return u, false, 0, err
	}
	again = a.stack.askForDrawing(a.l, now)
	for _, w := range a.stack.order {
		if !w.lookAt.IsZero() {
			again = min(again, max(0, w.lookAt.Sub(now)))
		}
	}
	again = min(again, max(0, a.pointer.checkAt.Sub(now)))
	if a.reader.retry {
		a.reader.retry, again = false, min(again, retryAfter)
	}
	if a.TakeRefresh() {
		a.fresh = true
	}
	if a.fresh {
		touched = screen.RegionOf(a.canvas.frame.Bounds())
	}
	ok = a.fresh || moved || !touched.Empty()
	a.fresh = false
	u = screen.Update{
		Frame: a.canvas.frame, Damage: touched, Cursor: a.pointer.told, Pointer: a.pointer.at,
		Monitors: []screen.Monitor{{ID: 1, Name: "screen", Rect: a.canvas.frame.Bounds()}},
	}
	return u, ok, again, nil
}
