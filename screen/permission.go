package screen

import "sync/atomic"

// Permission says whether remote input may act. An Input asks it at the moment at which
// something would go down, so taking the right back never waits for an Input. The zero
// value allows. All methods may be called concurrently.
type Permission struct {
	// generation counts the changes; it is odd while input is suspended.
	generation atomic.Uint64
}

// Suspend takes the permission back, or gives it.
func (p *Permission) Suspend(on bool) {
	for {
		g := p.generation.Load()
		if on == (g%2 == 1) || p.generation.CompareAndSwap(g, g+1) {
			return
		}
	}
}

// Permit is the permission at this moment, for an event that arrives now.
func (p *Permission) Permit() Permit { return Permit{p, p.generation.Load()} }

// Permit is the permission that an event arrived with. The zero value allows.
type Permit struct {
	of         *Permission
	generation uint64
}

// Valid reports whether the event may still act: input was not suspended when it arrived
// and has not been since, not even for a moment.
func (p Permit) Valid() bool {
	return p.of == nil || p.generation%2 == 0 && p.of.generation.Load() == p.generation
}
