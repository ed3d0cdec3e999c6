// Package input is the way of remote input to what is shared: it drops what must not arrive, and
// does in order what may have to wait for the display.
package input

import (
	"image"
	"sync"
	"sync/atomic"
	"time"

	"lotse/screen"
)

// Guard is the Input that viewers use. It passes events on to what is shared. It drops presses
// while the customer uses his mouse or keyboard, and while the system keeps a window or
// question to itself. Package rfb has checked the rights before. Suspend also drops events that
// arrived before control was taken and are still waiting.
type Guard struct {
	// Base is the input of the whole display. It must not change.
	Base screen.Input

	permission screen.Permission

	// localUntil is the time until which the customer's own input blocks remote input, in Unix
	// nanoseconds.
	localUntil atomic.Int64
	shielded   atomic.Bool

	mu    sync.Mutex   // held while an event is processed: locking it may wait for the display
	scope screen.Scope // Guarded by mu; nil: nothing is shared.
}

var _ screen.Input = (*Guard)(nil)

// Aim sets what the input reaches; nil: nothing. It releases what was held down before.
func (g *Guard) Aim(scope screen.Scope) {
	g.mu.Lock()
	old := g.scope
	g.scope = scope
	g.mu.Unlock()
	if old != nil {
		_ = old.ReleaseAll() // fails only if the display is gone
	}
}

// HoldBack drops presses until the given time. It never blocks.
func (g *Guard) HoldBack(until time.Time) { g.localUntil.Store(until.UnixNano()) }

// HeldBack reports whether the customer's own input blocks remote input now.
func (g *Guard) HeldBack() bool { return time.Now().UnixNano() < g.localUntil.Load() }

// Shield sets whether the system keeps a window or question to itself, and reports whether that
// changed. Meanwhile nothing is pressed.
func (g *Guard) Shield(on bool) (changed bool) { return g.shielded.Swap(on) != on }

// Key implements screen.Input.
func (g *Guard) Key(k screen.Key) error {
	permit := g.permission.Permit()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil || k.Down && (!permit.Valid() || g.HeldBack() || g.shielded.Load()) {
		return nil
	}
	return g.scope.Key(k)
}

// Pointer implements screen.Input.
func (g *Guard) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := g.permission.Permit()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil || !permit.Valid() || g.HeldBack() || g.shielded.Load() {
		return nil
	}
	return g.scope.Pointer(p, buttons)
}

// ReleaseAll implements screen.Input.
func (g *Guard) ReleaseAll() error {
	g.mu.Lock()
	scope := g.scope
	g.mu.Unlock()
	if scope != nil {
		return scope.ReleaseAll()
	}
	return g.Base.ReleaseAll()
}

// Suspend implements screen.Input.
func (g *Guard) Suspend(on bool) {
	g.permission.Suspend(on) // also for events that wait in this guard
	g.Base.Suspend(on)
}
