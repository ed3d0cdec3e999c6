package agent

import (
	"image"
	"sync"
	"sync/atomic"
	"time"

	"lotse/screen"
)

// guard is the Input that viewers reach. It passes events on to what is shared,
// and drops presses while the customer uses mouse or keyboard, or while the
// system keeps something to itself. rfb has checked the rights before, and
// Suspend drops what was under way when control was taken.
type guard struct {
	// Static after newSession.
	base screen.Input // of the whole display

	permission screen.Permission

	// localUntil is until when the customer's own input holds remote input back, in
	// Unix nanoseconds.
	localUntil atomic.Int64
	shielded   atomic.Bool // notices.go

	mu    sync.Mutex   // held while an event is under way: who takes it may wait for the display
	scope screen.Scope // Guarded by mu; nil: nothing is shared.
}

var _ screen.Input = (*guard)(nil)

// aim sets what the input reaches; nil: nothing. What was down is released.
func (g *guard) aim(scope screen.Scope) {
	g.mu.Lock()
	old := g.scope
	g.scope = scope
	g.mu.Unlock()
	if old != nil {
		_ = old.ReleaseAll() // the display is gone then
	}
}

// holdBack drops presses until then. It never waits.
func (g *guard) holdBack(until time.Time) { g.localUntil.Store(until.UnixNano()) }

// heldBack reports whether the customer's own input holds remote input back.
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
	g.permission.Suspend(on) // of events that wait here
	g.base.Suspend(on)
}
