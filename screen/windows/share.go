//go:build windows

package windows

import (
	"bytes"
	"context"
	"image"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"lotse/screen"
	"lotse/screen/exposure"
	"lotse/screen/lifecycle"
	"lotse/screen/program"
)

// A share of chosen programs is a picture of the screen of which only what
// surely belongs to their windows is taken: Windows has no way to read a window
// that others cover. exposure.Trust says how that becomes sure.

// shareSettle is how long a place must have belonged to shared windows: longer
// than the compositor lets windows fade and fly.
const shareSettle = 400 * time.Millisecond

// appScreen is the Screen of a share of programs.
type appScreen struct {
	lifecycle.Lifecycle

	// Static after openAppScreen.
	log      *slog.Logger
	backdrop func(image.Point) *screen.Frame
	events   *windowEvents

	stirred atomic.Bool

	// Owned by Next.
	src       *gdiSource
	all       image.Rectangle
	frame     *screen.Frame
	back      *screen.Frame
	shown     screen.Region // what of the frame is not backdrop
	hidden    bool
	fresh     bool
	monitors  []screen.Monitor
	layoutAt  time.Time
	pollAt    time.Time
	pollEvery time.Duration
	used      uint32
	shape     uintptr
	cursor    *screen.Cursor
	told      *screen.Cursor
	pointer   image.Point

	mu sync.Mutex
	// Guarded by mu.
	chosen  program.Chosen
	decided map[uint32]bool // by process
	trust   exposure.Trust
	reach   screen.Region // what is shown, in the frame's coordinates
	origin  image.Point
}

func openAppScreen(o screen.Options, s screen.Share, backdrop func(image.Point) *screen.Frame) (*appScreen, error) {
	a := &appScreen{
		log: o.Logger, backdrop: backdrop, Lifecycle: lifecycle.New(), fresh: true, pollEvery: pollFast,
		chosen: program.ChosenOf(s), decided: map[uint32]bool{}, trust: exposure.Trust{Settle: shareSettle},
	}
	var err error
	if a.events, err = followWindows(a.onEvent); err != nil {
		return nil, err
	}
	return a, nil
}

// Close implements screen.Screen.
func (a *appScreen) Close() error {
	a.End(a.events.close, a.release)
	return nil
}

func (a *appScreen) release() {
	if a.src != nil {
		a.src.close()
		a.src = nil
	}
}

// Next implements screen.Screen.
func (a *appScreen) Next(ctx context.Context) (screen.Update, error) {
	return a.RunNext(ctx, a.next, a.release)
}

func (a *appScreen) next(ctx context.Context) (screen.Update, error) {
	failed := 0
	return poll(ctx, &a.Lifecycle, a.look, func(err error) (giveUp bool) {
		if failed++; failed >= captureTries {
			return true
		}
		a.log.Debug("windows: capture failed, again", "error", err.Error())
		a.release()
		a.layoutAt = time.Time{}
		return false
	})
}

// look does what is due and reports whether there is something to return.
func (a *appScreen) look(now time.Time) (u screen.Update, ok bool, err error) {
	if a.TakeRefresh() {
		a.fresh = true
	}
	changed := false
	if !now.Before(a.layoutAt) {
		a.layoutAt = now.Add(layoutEvery)
		if changed, err = a.layout(); err != nil {
			return u, false, err
		}
	}
	first := a.fresh
	var touched screen.Region
	if !a.hidden && a.due(now) {
		if err := a.picture(now, &touched); err != nil {
			return u, false, err
		}
	}
	if a.lookAtPointer() {
		changed = true
	}
	if first {
		touched = screen.RegionOf(a.frame.Bounds())
	}
	if touched.Empty() && !changed {
		return u, false, nil
	}
	a.fresh = false
	return screen.Update{Frame: a.frame, Damage: touched, Monitors: a.monitors, Cursor: a.told, Pointer: a.pointer}, true, nil
}

// due reports whether it is time for a picture.
func (a *appScreen) due(now time.Time) bool {
	used := lastInput()
	if stirred := a.stirred.Swap(false); stirred || used != a.used {
		a.used, a.pollEvery = used, pollFast
		a.pollAt = minTime(a.pollAt, now.Add(pollFast))
	}
	return !now.Before(a.pollAt)
}

// layout looks whether the display is still what it was.
func (a *appScreen) layout() (changed bool, err error) {
	all, hidden := virtualScreen(), isHidden()
	if all.Empty() || all.Dx() > screen.MaxSide || all.Dy() > screen.MaxSide {
		return false, errNoDisplay
	}
	if all == a.all && hidden == a.hidden && a.frame != nil {
		return false, nil
	}
	a.release()
	if a.frame == nil || all != a.all {
		a.frame, a.back = screen.NewFrame(all.Size()), a.backdrop(all.Size())
		a.monitors = []screen.Monitor{{ID: 1, Name: "screen", Rect: a.frame.Bounds()}}
	}
	a.frame.CopyRect(a.back, a.frame.Bounds())
	a.all, a.hidden, a.fresh, a.shown = all, hidden, true, screen.Region{}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.origin, a.reach = all.Min, screen.Region{}
	a.trust.Forget()
	return true, nil
}

// picture takes a picture, and of it what is sure.
func (a *appScreen) picture(now time.Time, touched *screen.Region) (err error) {
	if a.src == nil {
		if a.src, err = openGDI(a.all); err != nil {
			return err
		}
	}
	before, ok := a.sight()
	if !ok {
		a.pollAt = now.Add(pollFast)
		return nil // somebody moves windows about: what is shown stays
	}
	a.cover(before, touched)
	a.pollAt = now.Add(pollFast)
	if before.Empty() {
		return nil
	}
	taken := time.Now()
	if err := a.src.shoot(); err != nil {
		return err
	}
	after, ok := a.sight()
	a.events.settle() // what was told before the picture has been heard now
	if !ok {
		return nil
	}
	a.cover(after, touched)
	a.mu.Lock()
	sure := a.trust.Certain(taken)
	a.mu.Unlock()
	drawn := a.take(sure, touched)
	a.publish()
	if drawn {
		a.pollEvery = pollFast
	} else {
		a.pollEvery = min(a.pollEvery*5/4, pollSlow)
	}
	a.pollAt = now.Add(max(a.pollEvery, 2*time.Since(now)))
	return nil
}

// cover puts the backdrop where nothing shared is visible any more.
func (a *appScreen) cover(visible screen.Region, touched *screen.Region) {
	gone := a.shown.Clone()
	gone.SubtractRegion(visible)
	for _, r := range gone.Rects() {
		a.frame.CopyRect(a.back, r)
		touched.Add(r)
	}
	a.shown.SubtractRegion(gone)
	a.publish()
}

// publish tells Input what the advisor sees.
func (a *appScreen) publish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reach = a.shown.Clone()
}

// take copies what is sure from the picture into the frame.
func (a *appScreen) take(sure screen.Region, touched *screen.Region) (drawn bool) {
	for _, r := range sure.Rects() {
		for y := r.Min.Y; y < r.Max.Y; y += bandRows {
			band := image.Rect(r.Min.X, y, r.Max.X, min(y+bandRows, r.Max.Y))
			differs := false
			for row := band.Min.Y; row < band.Max.Y; row++ {
				in, out := a.src.bits.Row(row, r.Min.X, r.Max.X), a.frame.Row(row, r.Min.X, r.Max.X)
				if !bytes.Equal(in, out) {
					copy(out, in)
					differs = true
				}
			}
			if differs {
				touched.Add(band)
				drawn = true
			}
		}
		a.shown.Add(r)
	}
	return drawn
}

// lookAtPointer reads the pointer's place and shape, and hides both where
// nothing is shared.
func (a *appScreen) lookAtPointer() (changed bool) {
	at, shape, ok := pointerNow()
	over := ok && !a.hidden && a.mayReach(at)
	told, place := (*screen.Cursor)(nil), a.pointer
	if over {
		if shape != a.shape || a.cursor == nil {
			a.shape, a.cursor = shape, nil
			if shape != 0 {
				if a.cursor = readShape(shape); a.cursor == nil {
					a.cursor = screen.Arrow
				}
			}
		}
		// It is a shared window's shape only if the pointer was there all the time.
		if later, same, ok := pointerNow(); ok && same == shape && a.mayReach(later) {
			told, place = a.cursor, at.Sub(a.all.Min)
		}
	}
	changed = told != a.told || place != a.pointer
	a.told, a.pointer = told, place
	return changed
}

// mayReach reports whether a point, in the system's coordinates, is on a shared
// window, now as well as in the last picture.
func (a *appScreen) mayReach(p image.Point) bool {
	a.mu.Lock()
	shown := a.reach.Contains(p.Sub(a.origin))
	a.mu.Unlock()
	return shown && a.isShared(call(procGetAncestor, call(procWindowFromPoint, packPoint(p)), gaRoot))
}
