//go:build linux

package x11

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/lifecycle"
	"lotse/screen/ownwindow"
)

const (
	// pointerPoll is the polling interval of the pointer if the server does not report motion, and
	// pointerCheck if it does, because programs can move the pointer without a report.
	pointerPoll  = time.Second / 30
	pointerCheck = time.Second
	// pointerPace is the minimum time between updates that only move the pointer.
	pointerPace = 8 * time.Millisecond

	// captureTries is how often a capture is retried while the display keeps changing its size.
	captureTries = 20

	// maxCursorSide is the maximum width and height of a cursor in pixels.
	maxCursorSide = 1024
)

// rootScreen implements screen.Screen.
//
// The connection's reading goroutine sets flags for what is due and rings wake. Next clears a flag
// before it acts on it, so that a change during the action sets it again.
type rootScreen struct {
	lifecycle.Lifecycle

	// Static after openRootScreen.
	l   *link
	log *slog.Logger
	ext rootExtensions
	// reportsDamage is ext.damage != 0 for the reading goroutine.
	reportsDamage atomic.Bool
	due           rootDue
	// backdrop replaces this program's own windows. Any goroutine may call its Set.
	backdrop ownwindow.Backdrop

	// Owned by Next.
	cap      capturer
	fresh    bool // nothing has been returned yet
	pending  screen.Region
	monitors []screen.Monitor
	names    map[xproto.Atom]string
	cursor   *screen.Cursor
	pointer  rootPointer
	polling  polling
	mask     ownwindow.Mask
}

// rootDue is what must be examined. The connection's reading goroutine sets it.
type rootDue struct {
	damage, layout, cursor, pointer atomic.Bool
}

// rootPointer is the pointer's position, and when to poll it. Next owns it.
type rootPointer struct {
	at      image.Point
	checkAt time.Time // next poll without an event
	pacedAt time.Time // until then no update only for the pointer
}

var _ screen.Screen = (*rootScreen)(nil)

// openRootScreen opens the capture of the whole display except covered places.
func openRootScreen(o screen.Options, own *ownwindow.Places) (_ *rootScreen, err error) {
	defer recovered(&err)
	s := &rootScreen{
		mask: ownwindow.Mask{Places: own},
		log:  o.Logger, Lifecycle: lifecycle.New(),
		fresh: true, names: map[xproto.Atom]string{}, polling: newPolling(),
	}
	// Events are selected one by one below, so that the event numbers are known before the first
	// event arrives.
	var ready atomic.Bool
	if s.l, err = dialX(o, func(ev []byte) {
		if ready.Load() {
			s.event(ev)
		}
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.l.close()
		}
	}()
	if s.cap.format, err = formatOf(s.l); err != nil {
		return nil, err
	}
	s.cap.l = s.l
	if s.ext, err = openRootExtensions(s.l, o); err != nil {
		return nil, err
	}
	s.cap.hasShm = s.ext.hasShm
	s.reportsDamage.Store(s.ext.damage != 0)
	ready.Store(true)
	if err = s.subscribe(); err != nil {
		return nil, err
	}
	s.due.layout.Store(true)
	s.due.cursor.Store(s.ext.hasCursor)
	return s, nil
}

// Close implements screen.Screen.
func (s *rootScreen) Close() error {
	s.End(s.l.close, s.cap.release) // the caller may still read the frame
	return nil
}

// Next implements screen.Screen. If the X server is gone, the error says so.
func (s *rootScreen) Next(ctx context.Context) (screen.Update, error) {
	return s.RunNext(ctx, s.next, s.cap.release)
}

func (s *rootScreen) next(ctx context.Context) (u screen.Update, err error) {
	defer recovered(&err)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	tries := 0
	for {
		if err := s.l.ended(ctx); err != nil {
			return u, err
		}
		began := time.Now()
		u, ok, err := s.look(began)
		if err != nil {
			// The display may have become smaller during the capture.
			if tries++; tries >= captureTries || s.l.isGone() {
				return u, s.l.explain(err)
			}
			s.log.Debug("x11: capture failed, again", "error", err.Error())
			s.due.layout.Store(true)
			s.damageAll()
			if tries < 3 {
				continue
			}
		} else if ok {
			u.Took = time.Since(began)
			return u, nil
		}
		_, covered := s.mask.Places.Watch()
		if err == nil && s.mask.Stale() {
			continue
		}
		pause := s.untilDue(time.Now())
		if err != nil {
			pause = time.Duration(tries) * time.Millisecond
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-s.Done:
			return u, screen.ErrClosed
		case <-s.l.gone:
		case <-s.Wake:
		case <-covered:
		case <-timer.C:
		}
	}
}

// untilDue returns the time until something must be polled.
func (s *rootScreen) untilDue(now time.Time) time.Duration {
	at := s.pointer.checkAt
	if s.due.pointer.Load() && s.pointer.pacedAt.Before(at) {
		at = s.pointer.pacedAt
	}
	if s.ext.damage == 0 && s.polling.at.Before(at) {
		at = s.polling.at
	}
	if again := s.mask.Again; !again.IsZero() && again.Before(at) {
		at = again
	}
	return max(0, at.Sub(now))
}

func (s *rootScreen) damageAll() {
	if s.cap.frame != nil {
		s.pending = screen.RegionOf(s.cap.frame.Bounds())
	}
}

// look does what is due and reports whether there is something to return.
func (s *rootScreen) look(now time.Time) (u screen.Update, ok bool, err error) {
	if s.TakeRefresh() {
		s.fresh = true
		s.damageAll()
	}
	changed := s.fresh
	if s.due.layout.Swap(false) {
		c, err := s.layout()
		if err != nil {
			s.due.layout.Store(true)
			return u, false, err
		}
		changed = changed || c
	}
	if s.due.cursor.Swap(false) {
		if s.cursor, err = readCursor(s.l); err != nil {
			return u, false, err
		}
		changed = true
	}
	if s.cap.frame != nil {
		for _, r := range s.mask.Due(now) {
			s.pending.Add(r.Intersect(s.cap.frame.Bounds()))
		}
	}
	// Everything that can be requested before the capture is sent at once.
	var parts *xfixes.FetchRegionCookie
	if s.due.damage.Swap(false) {
		// The damage is fetched before the capture, so that something drawn in between is captured
		// twice rather than never.
		damage.Subtract(s.l.Conn, s.ext.damage, 0, s.ext.parts)
		c := xfixes.FetchRegion(s.l.Conn, s.ext.parts)
		parts = &c
	}
	polled := s.ext.damage == 0 && !now.Before(s.polling.at)
	hinted := s.due.pointer.Load() && !now.Before(s.pointer.pacedAt)
	var where *xproto.QueryPointerCookie
	if changed || parts != nil || polled || hinted || !s.pending.Empty() ||
		!now.Before(s.pointer.checkAt) {
		s.due.pointer.Store(false)
		c := xproto.QueryPointer(s.l.Conn, s.l.root)
		where = &c
	}
	if parts != nil {
		r, err := parts.Reply()
		if err != nil {
			s.damageAll()
			return u, false, err
		}
		for _, r := range coarsen(rectsOf(r.Rectangles)) {
			s.pending.Add(r.Intersect(s.cap.frame.Bounds()))
		}
	}
	if where != nil {
		r, err := where.Reply()
		if err != nil {
			return u, false, err
		}
		s.pointer.checkAt = now.Add(pointerPoll)
		if s.ext.hasMotion {
			s.pointer.checkAt = now.Add(pointerCheck)
		}
		if p := image.Pt(int(r.RootX), int(r.RootY)); r.SameScreen && p != s.pointer.at {
			s.pointer.at, changed = p, true
		}
	}
	u, got, err := s.picture(now, polled)
	if err != nil || !got && !changed {
		return u, false, err
	}
	if !got {
		s.pointer.pacedAt = now.Add(pointerPace)
	}
	s.fresh = false
	u.Frame, u.Monitors, u.Cursor, u.Pointer = s.cap.frame, s.monitors, s.cursor, s.pointer.at
	return u, true, nil
}

// picture captures what is pending, or everything when a poll is due.
func (s *rootScreen) picture(now time.Time, polled bool) (u screen.Update, got bool, err error) {
	if s.ext.damage == 0 && polled {
		s.damageAll()
	}
	if s.pending.Empty() {
		return u, false, nil
	}
	began := time.Now()
	touched, err := s.cap.capture(coarsen(s.pending.Rects()))
	if err != nil {
		return u, false, err
	}
	s.pending = screen.Region{}
	s.mask.Apply(began, s.hide)
	if s.ext.damage == 0 && s.polling.same(now, s.cap.frame.Pix, s.fresh) {
		return u, false, nil
	}
	u.Damage = touched
	return u, true, nil
}

// hide paints the backdrop over one of this program's own windows.
func (s *rootScreen) hide(r image.Rectangle) {
	s.cap.frame.CopyRect(s.backdrop.Frame(s.cap.frame.Size), r)
}

// layout reads the root window's size and the monitors. A new size makes a new frame, which is
// completely pending.
func (s *rootScreen) layout() (changed bool, err error) {
	g, err := xproto.GetGeometry(s.l.Conn, xproto.Drawable(s.l.root)).Reply()
	if err != nil {
		return false, err
	}
	size := image.Pt(int(g.Width), int(g.Height))
	if size.X == 0 || size.Y == 0 || size.X > 32767 || size.Y > 32767 {
		return false, fmt.Errorf("display of %v pixels", size)
	}
	if s.cap.frame == nil || s.cap.frame.Size != size {
		if err := s.cap.resize(size); err != nil {
			return false, err
		}
		s.damageAll()
		s.polling.sum, changed = 0, true
	}
	monitors := s.readMonitors(image.Rectangle{Max: size})
	same := len(monitors) == len(s.monitors)
	for i := 0; same && i < len(monitors); i++ {
		same = monitors[i] == s.monitors[i]
	}
	if !same {
		s.monitors, changed = monitors, true
	}
	return changed, nil
}

// readCursor reads the shape.
func readCursor(l *link) (*screen.Cursor, error) {
	r, err := xfixes.GetCursorImage(l.Conn).Reply()
	if err != nil {
		if l.isGone() {
			return nil, err
		}
		return screen.Arrow, nil // its creator has disconnected
	}
	w, h := int(r.Width), int(r.Height)
	if w == 0 || h == 0 || w > maxCursorSide || h > maxCursorSide || len(r.CursorImage) < w*h {
		return screen.Arrow, nil
	}
	c := &screen.Cursor{Pix: make([]byte, w*h*4), Size: image.Pt(w, h)}
	for i, p := range r.CursorImage[:w*h] {
		c.Pix[4*i], c.Pix[4*i+1], c.Pix[4*i+2], c.Pix[4*i+3] = byte(p), byte(p>>8), byte(p>>16), byte(p>>24)
	}
	c.Hot = image.Pt(min(int(r.Xhot), w-1), min(int(r.Yhot), h-1))
	return c, nil
}

func rectsOf(in []xproto.Rectangle) []image.Rectangle {
	out := make([]image.Rectangle, len(in))
	for i, r := range in {
		out[i] = image.Rect(int(r.X), int(r.Y), int(r.X)+int(r.Width), int(r.Y)+int(r.Height))
	}
	return out
}

// coarsen joins rectangles if one capture costs less than two, and limits their number. The result
// covers rects; the caller owns it.
func coarsen(rects []image.Rectangle) []image.Rectangle {
	const (
		most     = 24
		perShot  = 128 * 128 // pixels that are copied in the time of one request
		mostRaw  = 4096
		perShots = 16
	)
	if len(rects) > mostRaw {
		var all image.Rectangle
		for _, r := range rects {
			all = all.Union(r)
		}
		return []image.Rectangle{all}
	}
	area := func(r image.Rectangle) int { return r.Dx() * r.Dy() }
	out := make([]image.Rectangle, 0, len(rects))
	spare := perShot
	for {
		out = out[:0]
		for _, r := range rects {
			if r.Empty() {
				continue
			}
			if n := len(out); n > 0 {
				last := out[n-1]
				if u := last.Union(r); area(u) <= area(last)+area(r)+spare {
					out[n-1] = u
					continue
				}
			}
			out = append(out, r)
		}
		if len(out) <= most {
			return out
		}
		rects = append([]image.Rectangle(nil), out...)
		spare *= perShots
	}
}
