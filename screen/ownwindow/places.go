// Package ownwindow tracks the agent's own windows on the customer's display, the question window
// and the badge: where they are, so that no share shows them and no remote input reaches them, and
// when and where a question may appear.
package ownwindow

import (
	"image"
	"slices"
	"sync"
	"time"
)

// Places tracks where this program's own windows, the badge and the question window, are on the
// display. No share shows them, and no remote input reaches them. A place is covered from before a
// window appears there until a capture that begins after the window has gone. Methods may be called
// concurrently; places are in the coordinates of a capture's frame.
type Places struct {
	// Linger is how much longer a place stays covered after a window has gone, on systems whose
	// compositor may be late. Static after the first use.
	Linger time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time

	mu sync.Mutex
	// Guarded by mu.
	places  []coveredPlace
	version uint64        // counts changes
	changed chan struct{} // closed and replaced at each change; nil: nobody has asked
}

// coveredPlace is the present or a former place of a window.
type coveredPlace struct {
	owner any
	seen  bool // a capture would show it
	rect  image.Rectangle
	until time.Time // when the window had gone; zero: it is still there
}

func (c *Places) clock() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// Add covers a place. The owner calls it before its window appears there. seen: a capture would
// show the window; otherwise the system leaves it out of captures.
func (c *Places) Add(owner any, r image.Rectangle, seen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = append(c.places, coveredPlace{owner: owner, rect: r, seen: seen})
	if seen {
		c.changedLocked()
	}
}

// Gone ends the owner's places except keep. The owner calls it after its window has left them.
func (c *Places) Gone(owner any, keep image.Rectangle) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	for i := range c.places {
		if p := &c.places[i]; p.owner == owner && p.until.IsZero() && p.rect != keep {
			p.until = now
			if p.seen {
				c.changedLocked()
			}
		}
	}
}

func (c *Places) changedLocked() {
	c.version++
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Contains reports whether a point is on one of the windows.
func (c *Places) Contains(p image.Point) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.places, func(have coveredPlace) bool { return have.until.IsZero() && p.In(have.rect) })
}

// Recent returns where windows of other owners are, or have been since the given time.
func (c *Places) Recent(except any, since time.Time) []image.Rectangle {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []image.Rectangle
	for _, p := range c.places {
		if p.owner != except && (p.until.IsZero() || !p.until.Before(since)) {
			out = append(out, p.rect)
		}
	}
	return out
}

// During returns the places that a capture which began at the given time, and has ended now, must
// not show. again is when the list becomes shorter; zero: only after a change.
func (c *Places) During(began time.Time) (rects []image.Rectangle, again time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = slices.DeleteFunc(c.places, func(p coveredPlace) bool {
		return !p.until.IsZero() && c.clock().Sub(p.until) > c.Linger+keepPlaces
	})
	for _, p := range c.places {
		switch over := p.until.Add(c.Linger); {
		case !p.seen:
		case p.until.IsZero():
			rects = append(rects, p.rect)
		case !began.After(over):
			rects = append(rects, p.rect)
			if again.IsZero() || over.Before(again) {
				again = over
			}
		}
	}
	return rects, again
}

// keepPlaces is how long a place is remembered for Recent after its window has left it.
const keepPlaces = 5 * time.Second

// Watch returns the number of changes so far and a channel that is closed at the
// next one.
func (c *Places) Watch() (version uint64, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.version, c.changed
}

// Mask paints a backdrop over the covered places of a frame and remembers them. The goroutine that
// captures owns it.
type Mask struct {
	Places *Places

	seen   uint64            // the version for which everything was captured
	hidden []image.Rectangle // places where the frame has the backdrop instead of the display
	Again  time.Time         // when less will be covered
}

// Stale reports whether the places changed since the last capture.
func (m *Mask) Stale() bool {
	version, _ := m.Places.Watch()
	return version != m.seen
}

// Due returns what must be captured again because the covered places have changed.
func (m *Mask) Due(now time.Time) []image.Rectangle {
	version, _ := m.Places.Watch()
	if version == m.seen && (m.Again.IsZero() || !now.After(m.Again)) {
		return nil
	}
	m.seen = version
	rects, _ := m.Places.During(now)
	return append(rects, m.hidden...)
}

// Apply hides what must be covered in a capture that began at the given time. It calls hide with
// each place.
func (m *Mask) Apply(began time.Time, hide func(image.Rectangle)) {
	m.hidden, m.Again = m.Places.During(began)
	for _, r := range m.hidden {
		hide(r)
	}
}
