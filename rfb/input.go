package rfb

import (
	"image"
	"sync"

	"lotse/screen"
)

// maxHeldKeys is the maximum number of keys that a viewer can hold down at once.
const maxHeldKeys = 64

// inputGate passes a viewer's events to the display while it has RightControl.
type inputGate struct {
	// Static after NewConn.
	to      screen.Input // nil: events are dropped
	allowed func() bool
	// taken makes releaseLoop release held keys and buttons after control was taken.
	taken chan struct{}

	// mu is held while an event is injected. Input may wait for the display, so code that must not
	// block does not take mu.
	mu   sync.Mutex
	held heldInput // Guarded by mu.
}

// heldInput is what one viewer holds down and what must be released later.
type heldInput struct {
	keys    []screen.Key
	buttons screen.Buttons
	at      image.Point
}

// key injects a key event of a viewer with RightControl.
func (g *inputGate) key(k screen.Key) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.to == nil || !g.allowed() {
		return nil
	}
	same := -1
	for i, h := range g.held.keys {
		if h.Sym == k.Sym && h.Code == k.Code {
			same = i
		}
	}
	switch {
	case !k.Down && same < 0:
		// It was not pressed through this gate: perhaps before the right was given.
		return nil
	case !k.Down:
		g.held.keys = append(g.held.keys[:same], g.held.keys[same+1:]...)
	case same < 0:
		if len(g.held.keys) == maxHeldKeys {
			return nil
		}
		g.held.keys = append(g.held.keys, k)
	}
	return g.to.Key(k)
}

// pointer injects a pointer event of a viewer with RightControl.
func (g *inputGate) pointer(at image.Point, buttons screen.Buttons) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.to == nil || !g.allowed() {
		return nil
	}
	g.held.at, g.held.buttons = at, buttons
	return g.to.Pointer(at, buttons)
}

// release releases everything that the viewer holds down.
func (h *heldInput) release(in screen.Input) {
	keys, buttons := h.keys, h.buttons
	h.keys, h.buttons = nil, 0
	if in == nil {
		return
	}
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		k.Down = false
		_ = in.Key(k) // ignore the error: the others must be released as well
	}
	if buttons != 0 {
		_ = in.Pointer(h.at, 0)
	}
}

// release makes releaseLoop release what is held. It does not block.
func (g *inputGate) release() {
	select {
	case g.taken <- struct{}{}:
	default: // a release is pending already
	}
}

// releaseLoop releases what the viewer holds down each time control was taken, and at the end.
func (g *inputGate) releaseLoop(served <-chan struct{}) {
	for over := false; !over; {
		select {
		case <-g.taken:
		case <-served:
			over = true
		}
		g.mu.Lock()
		g.held.release(g.to)
		g.mu.Unlock()
	}
}
