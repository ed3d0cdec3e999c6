//go:build windows

package windows

import (
	"context"
	"image"
	"log/slog"
	"sync/atomic"
	"time"

	"lotse/screen"
	"lotse/screen/exposure"
	"lotse/screen/lifecycle"
	"lotse/screen/program"
)

// A share of chosen programs shows only those pixels of a capture that certainly belong to their
// windows, because Windows cannot capture a window that others cover. exposure.Trust determines
// which pixels those are.

// shareSettle is how long a place must have belonged to shared windows: longer than the
// compositor's animations of windows.
const shareSettle = 400 * time.Millisecond

// appScreen is the Screen of a share of programs.
type appScreen struct {
	lifecycle.Lifecycle

	// Static after openAppScreen. choice and exposed may be used by all goroutines.
	log     *slog.Logger
	events  *windowEvents
	choice  choice
	exposed exposed

	stirred atomic.Bool // the events reported a change

	// Owned by Next.
	src      *gdiSource
	all      image.Rectangle
	canvas   canvas
	hidden   bool
	fresh    bool
	monitors []screen.Monitor
	layoutAt time.Time
	polling  polling
	shape    shapeReader
	told     *screen.Cursor
	pointer  image.Point
}

func openAppScreen(
	o screen.Options, s screen.Share, backdrop func(image.Point) *screen.Frame,
) (*appScreen, error) {
	a := &appScreen{
		log: o.Logger, Lifecycle: lifecycle.New(), fresh: true,
		polling: polling{every: pollFast}, canvas: canvas{backdrop: backdrop},
		choice:  choice{chosen: program.ChosenOf(s), decided: map[uint32]bool{}},
		exposed: exposed{trust: exposure.Trust{Settle: shareSettle}},
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
		touched = screen.RegionOf(a.canvas.frame.Bounds())
	}
	if touched.Empty() && !changed {
		return u, false, nil
	}
	a.fresh = false
	return screen.Update{
		Frame: a.canvas.frame, Damage: touched, Monitors: a.monitors,
		Cursor: a.told, Pointer: a.pointer,
	}, true, nil
}

// due reports whether it is time for a capture.
func (a *appScreen) due(now time.Time) bool {
	return a.polling.due(now, lastInput(), a.stirred.Swap(false))
}

// layout checks whether the display has changed.
func (a *appScreen) layout() (changed bool, err error) {
	all, hidden := virtualScreen(), isHidden()
	if all.Empty() || all.Dx() > screen.MaxSide || all.Dy() > screen.MaxSide {
		return false, errNoDisplay
	}
	if all == a.all && hidden == a.hidden && a.canvas.frame != nil {
		return false, nil
	}
	a.release()
	if a.canvas.frame == nil || all != a.all {
		a.canvas.resize(all.Size())
		a.monitors = []screen.Monitor{{ID: 1, Name: "screen", Rect: a.canvas.frame.Bounds()}}
	}
	a.canvas.clear()
	a.all, a.hidden, a.fresh = all, hidden, true
	a.exposed.restart(all.Min)
	return true, nil
}

// picture makes a capture and shows what certainly belongs to the share.
func (a *appScreen) picture(now time.Time, touched *screen.Region) (err error) {
	if a.src == nil {
		if a.src, err = openGDI(a.all); err != nil {
			return err
		}
	}
	before, ok := a.sight()
	if !ok {
		a.polling.soon(now)
		return nil // windows are moving: what is shown does not change
	}
	a.cover(before, touched)
	a.polling.soon(now)
	if before.Empty() {
		return nil
	}
	taken := time.Now()
	if err := a.src.shoot(); err != nil {
		return err
	}
	after, ok := a.sight()
	a.events.settle() // events before the capture have been reported now
	if !ok {
		return nil
	}
	a.cover(after, touched)
	drawn := a.canvas.take(a.src.bits, a.exposed.certain(taken), touched)
	a.exposed.publish(a.canvas.shown)
	a.polling.taken(now, drawn)
	return nil
}

// cover paints the backdrop where nothing shared is visible any longer, and excludes that from what
// Input may reach.
func (a *appScreen) cover(visible screen.Region, touched *screen.Region) {
	a.canvas.cover(visible, touched)
	a.exposed.publish(a.canvas.shown)
}

// lookAtPointer reads the pointer's position and shape, and hides both where nothing is shared.
func (a *appScreen) lookAtPointer() (changed bool) {
	at, shape, ok := pointerNow()
	over := ok && !a.hidden && a.mayReach(at)
	told, place := (*screen.Cursor)(nil), a.pointer
	if over {
		cursor := a.shape.cursorOf(shape)
		// The shape belongs to a shared window only if the pointer was over it all the time.
		if later, same, ok := pointerNow(); ok && same == shape && a.mayReach(later) {
			told, place = cursor, at.Sub(a.all.Min)
		}
	}
	changed = told != a.told || place != a.pointer
	a.told, a.pointer = told, place
	return changed
}

// mayReach reports whether a point, in the system's coordinates, is on a shared window, now as well
// as in the last frame.
func (a *appScreen) mayReach(p image.Point) bool {
	if !a.exposed.contains(p) {
		return false
	}
	return a.choice.isShared(call(procGetAncestor, call(procWindowFromPoint, packPoint(p)), gaRoot))
}
