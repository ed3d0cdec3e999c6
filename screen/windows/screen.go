//go:build windows

package windows

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"slices"
	"time"

	"lotse/screen"
	"lotse/screen/lifecycle"
	"lotse/screen/ownwindow"
)

const (
	// pollTick is the interval at which the pointer is polled, and the display if polling it costs
	// nothing.
	pollTick = 12 * time.Millisecond
	// layoutEvery is the interval at which the monitors, and whether the display is hidden, are
	// polled.
	layoutEvery = 200 * time.Millisecond
	// captureTries is how often a failed capture is retried, and failurePause the time between:
	// captures fail while the display mode changes.
	captureTries = 40
	failurePause = 50 * time.Millisecond
)

// source is a way to capture the whole display.
type source interface {
	// grab updates f and returns what may have changed in it, and by which distances parts moved if
	// that is known. It does not wait. Before comparing, it calls hide with the new image; nil:
	// nothing is hidden.
	grab(f *screen.Frame, hide func(*screen.Frame)) (damage screen.Region, moved []image.Point, err error)
	// told reports whether grab costs nothing if nothing was drawn.
	told() bool
	close()
}

// wholeScreen implements screen.Screen.
type wholeScreen struct {
	lifecycle.Lifecycle

	// Static after openWholeScreen.
	log     *slog.Logger
	onlyGDI bool

	// Owned by Next.
	src      source
	all      image.Rectangle
	frame    *screen.Frame
	monitors []screen.Monitor
	hidden   bool
	fresh    bool
	noDXGI   bool
	layoutAt time.Time
	polling  polling
	shape    shapeReader
	cursor   *screen.Cursor
	pointer  image.Point
	failed   int
	mask     ownwindow.Mask

	// backdrop replaces this program's own windows. Any goroutine may call its Set.
	backdrop ownwindow.Backdrop
}

var _ screen.Screen = (*wholeScreen)(nil)

// openWholeScreen opens the capture of the whole display except covered places.
func openWholeScreen(o screen.Options, own *ownwindow.Places) (*wholeScreen, error) {
	s := &wholeScreen{
		mask: ownwindow.Mask{Places: own},
		log:  o.Logger, onlyGDI: o.NoDamage, Lifecycle: lifecycle.New(),
		fresh: true, polling: polling{every: pollFast},
	}
	if virtualScreen().Empty() {
		return nil, errors.New("windows: Windows shows no display to this program: is it run as a service?")
	}
	return s, nil
}

// Close implements screen.Screen.
func (s *wholeScreen) Close() error {
	s.End(func() {}, s.release)
	return nil
}

func (s *wholeScreen) release() {
	if s.src != nil {
		s.src.close()
		s.src = nil
	}
}

// Next implements screen.Screen.
func (s *wholeScreen) Next(ctx context.Context) (screen.Update, error) {
	return s.RunNext(ctx, s.next, s.release)
}

func (s *wholeScreen) next(ctx context.Context) (screen.Update, error) {
	u, err := poll(ctx, &s.Lifecycle, s.look, func(err error) (giveUp bool) {
		if s.failed++; s.failed >= captureTries {
			return true
		}
		s.log.Debug("windows: capture failed, again", "error", err.Error())
		s.layoutAt = time.Time{}
		return false
	})
	if err == nil {
		s.failed = 0
	}
	return u, err
}

// poll calls look until there is something to return, because Windows reports few changes by
// itself. failed is called with an error and decides whether to give up.
func poll(ctx context.Context, l *lifecycle.Lifecycle, look func(time.Time) (screen.Update, bool, error), failed func(error) (giveUp bool)) (screen.Update, error) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return screen.Update{}, err
		}
		began := time.Now()
		u, ok, err := look(began)
		pause := pollTick
		switch {
		case err != nil:
			if failed(err) {
				return u, err
			}
			pause = failurePause
		case ok:
			u.Took = time.Since(began)
			return u, nil
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-l.Done:
			return u, screen.ErrClosed
		case <-l.Wake:
		case <-timer.C:
		}
	}
}

// look does what is due and reports whether there is something to return.
func (s *wholeScreen) look(now time.Time) (u screen.Update, ok bool, err error) {
	if s.TakeRefresh() {
		s.fresh = true
	}
	changed := false
	if !now.Before(s.layoutAt) {
		s.layoutAt = now.Add(layoutEvery)
		if changed, err = s.layout(); err != nil {
			return u, false, err
		}
	}
	if s.lookAtPointer() {
		changed = true
	}
	if !s.hidden && s.due(now) {
		if u.Damage, u.Moved, err = s.picture(now); err != nil {
			return u, false, err
		}
	}
	if s.fresh {
		u.Damage = screen.RegionOf(s.frame.Bounds())
	}
	if u.Damage.Empty() && !changed {
		return u, false, nil
	}
	s.fresh = false
	u.Frame, u.Monitors, u.Cursor, u.Pointer = s.frame, s.monitors, s.cursor, s.pointer
	return u, true, nil
}

// due reports whether it is time for a capture. A source that does not report drawing is polled
// more often after a change, or after the use of mouse or keyboard.
func (s *wholeScreen) due(now time.Time) bool {
	if s.fresh || s.src == nil || s.src.told() || s.mask.Stale() {
		return true
	}
	return s.polling.due(now, lastInput(), false)
}

// picture updates the frame.
func (s *wholeScreen) picture(now time.Time) (damage screen.Region, moved []image.Point, err error) {
	if s.src == nil {
		if err := s.openSource(); err != nil {
			return damage, nil, err
		}
	}
	if changed := s.mask.Due(now); len(changed) > 0 && s.src.told() {
		// The source reports only drawing, and nothing is drawn where a cover has gone.
		s.src.close()
		s.src = nil
		if err := s.openSource(); err != nil {
			return damage, nil, err
		}
	}
	began := time.Now()
	damage, moved, err = s.src.grab(s.frame, func(f *screen.Frame) {
		s.mask.Apply(began, func(r image.Rectangle) { f.CopyRect(s.backdrop.Frame(f.Size), r) })
	})
	if err != nil {
		if isHidden() {
			err = nil // layout notices it next time
		}
		s.src.close()
		s.src, s.layoutAt = nil, time.Time{}
		return screen.Region{}, nil, err
	}
	s.polling.taken(now, !damage.Empty())
	return damage, moved, nil
}

// openSource opens the best way to capture the display that works at the moment.
func (s *wholeScreen) openSource() error {
	if !s.onlyGDI && !s.noDXGI {
		d, err := openDXGI(s.all)
		if err == nil {
			s.src = d
			s.log.Info("windows: capture by desktop duplication", "outputs", len(d.outputs))
			s.fresh = true
			return nil
		}
		if errors.Is(err, errNotNow) && s.failed < captureTries/2 {
			return err
		}
		s.noDXGI = true
		s.log.Info("windows: no desktop duplication, capture by GDI", "reason", err.Error())
	}
	g, err := openGDI(s.all)
	if err != nil {
		return err
	}
	s.src = g
	return nil
}

// layout checks whether display and monitors have changed.
func (s *wholeScreen) layout() (changed bool, err error) {
	hidden := isHidden()
	if hidden != s.hidden {
		s.hidden, s.noDXGI, changed = hidden, false, true
		if hidden {
			if s.frame != nil {
				s.frame.Fill(s.frame.Bounds(), 0x80, 0x80, 0x80)
			}
			s.log.Info("windows: the system hides the display")
		}
		if s.src != nil {
			s.src.close()
			s.src = nil
		}
		s.fresh = true
	}
	all := virtualScreen()
	if all.Empty() || all.Dx() > screen.MaxSide || all.Dy() > screen.MaxSide {
		return changed, errNoDisplay
	}
	monitors := listMonitors(all)
	if all != s.all || s.frame == nil {
		s.log.Debug("windows: display", "rect", all.String())
		s.all, s.fresh, changed, s.noDXGI = all, true, true, false
		s.frame = screen.NewFrame(all.Size())
		if s.hidden {
			s.frame.Fill(s.frame.Bounds(), 0x80, 0x80, 0x80)
		}
		if s.src != nil {
			s.src.close()
			s.src = nil
		}
	}
	if !slices.Equal(monitors, s.monitors) {
		s.monitors, changed = monitors, true
		if s.src != nil && s.src.told() { // outputs may have been rotated or rearranged
			s.src.close()
			s.src = nil
		}
	}
	return changed, nil
}

// lookAtPointer reads the pointer's position and shape.
func (s *wholeScreen) lookAtPointer() (changed bool) {
	at, shape, ok := pointerNow()
	if !ok || s.hidden {
		shape, at = 0, s.pointer.Add(s.all.Min)
	}
	if at = at.Sub(s.all.Min); at != s.pointer {
		s.pointer, changed = at, true
	}
	was := s.cursor
	s.cursor = s.shape.cursorOf(shape)
	return changed || was != s.cursor
}
