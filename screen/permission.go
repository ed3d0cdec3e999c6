package screen

import "sync/atomic"

// Permission determines whether remote input may act. An Input checks it at the moment when it
// presses something, so revoking the permission never waits for an Input. The zero value allows.
// All methods may be called concurrently.
type Permission struct {
	// generation counts the changes; it is odd while input is suspended.
	generation atomic.Uint64
}

// Suspend revokes the permission, or restores it.
func (p *Permission) Suspend(on bool) {
	for {
		g := p.generation.Load()
		if on == (g%2 == 1) || p.generation.CompareAndSwap(g, g+1) {
			return
		}
	}
}

// Permit returns the present permission, for an event that arrives now.
func (p *Permission) Permit() Permit { return Permit{p, p.generation.Load()} }

// Permit is the permission at the time when an event arrived. The zero value allows.
type Permit struct {
	of         *Permission
	generation uint64
}

// Valid reports whether the event may still act: input was not suspended when it arrived and has
// not been suspended since, not even for a moment.
func (p Permit) Valid() bool {
	return p.of == nil || p.generation%2 == 0 && p.of.generation.Load() == p.generation
}
