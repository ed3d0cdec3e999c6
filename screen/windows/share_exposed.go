//go:build windows

package windows

import (
	"image"
	"slices"
	"sync"
	"time"

	"lotse/screen"
	"lotse/screen/exposure"
)

// exposed records which part of the screen certainly belongs to shared windows, and which part of
// it is shown. It may be used concurrently.
type exposed struct {
	mu sync.Mutex
	// Guarded by mu.
	trust  exposure.Trust
	reach  screen.Region // what is shown, in the frame's coordinates
	origin image.Point   // of the frame, in the system's coordinates
}

// restart clears everything after the frame's origin changed.
func (e *exposed) restart(origin image.Point) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.origin, e.reach = origin, screen.Region{}
	e.trust.Forget()
}

// sees records the result of a look at the windows that started at began and ends now.
func (e *exposed) sees(
	began time.Time, visible screen.Region, known map[uintptr]exposure.Window,
) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trust.Sees(began, time.Now(), visible, known)
}

// unknown records that the places of windows were unknown at a time.
func (e *exposed) unknown(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trust.SuspectAll(at)
}

// told records a report of the system about a window that is at rect, in the system's coordinates.
func (e *exposed) told(now time.Time, n exposure.News, rect image.Rectangle) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n.Rect = rect.Sub(e.origin)
	e.trust.Told(now, n)
}

// certain returns what may be shown of a capture that started at the given time.
func (e *exposed) certain(picture time.Time) screen.Region {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.trust.Certain(picture)
}

// publish records what the advisor sees, which is all that Input may reach.
func (e *exposed) publish(shown screen.Region) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reach = shown.Clone()
}

// shown returns what the advisor sees, in the frame's coordinates.
func (e *exposed) shown() []image.Rectangle {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.reach.Rects())
}

// contains reports whether the advisor sees a point in the system's coordinates.
func (e *exposed) contains(p image.Point) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reach.Contains(p.Sub(e.origin))
}
