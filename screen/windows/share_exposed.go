//go:build windows

package windows

import (
	"image"
	"sync"
	"time"

	"lotse/screen"
	"lotse/screen/exposure"
)

// exposed is what of the screen surely belongs to shared windows, and what of it is shown.
// It may be used by several goroutines.
type exposed struct {
	mu sync.Mutex
	// Guarded by mu.
	trust  exposure.Trust
	reach  screen.Region // what is shown, in the frame's coordinates
	origin image.Point   // of the frame, in the system's coordinates
}

// restart forgets all: the frame has another origin.
func (e *exposed) restart(origin image.Point) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.origin, e.reach = origin, screen.Region{}
	e.trust.Forget()
}

// sees notes what a look at the windows, which began at a time and ends now, has found.
func (e *exposed) sees(
	began time.Time, visible screen.Region, known map[uintptr]exposure.Window,
) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trust.Sees(began, time.Now(), visible, known)
}

// unknown notes that nobody knew at a time where windows are.
func (e *exposed) unknown(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trust.SuspectAll(at)
}

// told notes what the system told of a window that is at rect, in the system's
// coordinates.
func (e *exposed) told(now time.Time, n exposure.News, rect image.Rectangle) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n.Rect = rect.Sub(e.origin)
	e.trust.Told(now, n)
}

// certain is what may be shown of a picture that was begun at a time.
func (e *exposed) certain(picture time.Time) screen.Region {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.trust.Certain(picture)
}

// publish says what the advisor sees: all that Input may reach.
func (e *exposed) publish(shown screen.Region) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reach = shown.Clone()
}

// contains reports whether the advisor sees a point in the system's coordinates.
func (e *exposed) contains(p image.Point) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reach.Contains(p.Sub(e.origin))
}
