package agent

import (
	"image"
	"sync"

	"lotse/screen"
)

// guard is the Input that viewers reach: nothing but what is shared, no short
// cut that leads out of it, and nothing while the customer's hands are at mouse
// or keyboard or the system keeps something to itself. The rights were checked before, by rfb.
type guard struct {
	base screen.Input // lets go of everything, whatever is shared

	mu sync.Mutex
	// Guarded by mu.
	scope screen.Scope // nil: nothing is shared
	apps  bool         // single programs are: short cuts are looked at
	hands bool         // the customer's are on the wheel
	// shielded: the system keeps what is in front to itself; notices.go.
	shielded bool
	held     modifiers
}

var _ screen.Input = (*guard)(nil)

// aim sets what the input reaches; nil: nothing. What was down is let go.
func (g *guard) aim(scope screen.Scope, apps bool) {
	g.mu.Lock()
	old := g.scope
	g.scope, g.apps, g.held = scope, apps, 0
	g.mu.Unlock()
	if old != nil {
		_ = old.ReleaseAll() // the display is gone then
	}
}

// setHands stops or goes on. What was down is let go.
func (g *guard) setHands(on bool) error {
	g.mu.Lock()
	changed := g.hands != on
	g.hands = on
	g.mu.Unlock()
	if changed && on {
		return g.ReleaseAll()
	}
	return nil
}

// setShielded stops or goes on likewise.
func (g *guard) setShielded(on bool) error {
	g.mu.Lock()
	changed := g.shielded != on
	g.shielded = on
	g.mu.Unlock()
	if changed && on {
		return g.ReleaseAll()
	}
	return nil
}

// Key implements screen.Input.
func (g *guard) Key(k screen.Key) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil {
		return nil
	}
	drop := g.apps && g.held.leaves(k)
	g.held.note(k)
	if k.Down && (g.hands || g.shielded || drop) {
		return nil
	}
	return g.scope.Key(k)
}

// Pointer implements screen.Input.
func (g *guard) Pointer(p image.Point, buttons screen.Buttons) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scope == nil || g.hands || g.shielded {
		return nil
	}
	return g.scope.Pointer(p, buttons)
}

// ReleaseAll implements screen.Input.
func (g *guard) ReleaseAll() error {
	g.mu.Lock()
	scope := g.scope
	g.held = 0
	g.mu.Unlock()
	if scope != nil {
		return scope.ReleaseAll()
	}
	return g.base.ReleaseAll()
}
