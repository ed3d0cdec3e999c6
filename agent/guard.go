package agent

import (
	"image"
	"sync"
	"sync/atomic"
	"time"

	"lotse/screen"
)

// guard is the Input that viewers use. It passes events on to what is shared. It drops presses
// while the customer uses his mouse or keyboard, and while the system keeps a window or
// question to itself. Package rfb has checked the rights before. Suspend also drops events that
// arrived before control was taken and are still waiting.
type guard struct {
	// Static after newSession.
	base screen.Input // of the whole display

	permission screen.Permission

	// localUntil is the time until which the customer's own input blocks remote input, in Unix
	// nanoseconds.
	localUntil atomic.Int64
	shielded   atomic.Bool // notices.go

	mu    sync.Mutex   // held while an event is processed: locking it may wait for the display
	scope screen.Scope // Guarded by mu; nil: nothing is shared.
}

var _ screen.Input = (*guard)(nil)

// aim sets what the input reaches; nil: nothing. It releases what was held down before.
func (g *guard) aim(scope screen.Scope) {
	g.mu.Lock()
	old := g.scope
	g.scope = scope
	g.mu.Unlock()
	if old != nil {
		_ = old.ReleaseAll() // fails only if the display is gone
	}
}

// holdBack drops presses until the given time. It never blocks.
func (g *guard) holdBack(until time.Time) { g.localUntil.Store(until.UnixNano()) }

// heldBack reports whether the customer's own input blocks remote input now.
func (g *guard) heldBack() bool { return time.Now().UnixNano() < g.localUntil.Load() }

// Key implements screen.Input.
func (g *guard) Key(k screen.Key) error {
	permit := g.permission.Permit()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil || k.Down && (!permit.Valid() || g.heldBack() || g.shielded.Load()) {
		return nil
	}
	return g.scope.Key(k)
}

// Pointer implements screen.Input.
func (g *guard) Pointer(p image.Point, buttons screen.Buttons) error {
	permit := g.permission.Permit()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil || !permit.Valid() || g.heldBack() || g.shielded.Load() {
		return nil
	}
	return g.scope.Pointer(p, buttons)
}

// ReleaseAll implements screen.Input.
func (g *guard) ReleaseAll() error {
	g.mu.Lock()
	scope := g.scope
	g.mu.Unlock()
	if scope != nil {
		return scope.ReleaseAll()
	}
	return g.base.ReleaseAll()
}

// Suspend implements screen.Input.
func (g *guard) Suspend(on bool) {
	g.permission.Suspend(on) // also for events that wait in this guard
	g.base.Suspend(on)
}
