//go:build linux || windows

package native

import (
	"image"
	"slices"
	"sync"
	"time"
)

// covers knows where this program's own windows are on the display: the badge and
// the question window. No share shows them, and no remote input reaches them. A
// place is covered from before a window gets there until a capture that begins
// after it has gone. Methods may be called concurrently; places are in the
// coordinates of a capture's frame.
type covers struct {
	// linger is how much longer a place stays covered after a window has gone, where
	// another program draws the screen and may be late. Static after the first use.
	linger time.Duration
	// now is the clock; nil: time.Now.
	now func() time.Time

	mu sync.Mutex
	// Guarded by mu.
	places  []coveredPlace
	version uint64        // counts changes
	changed chan struct{} // closed and replaced at each change; nil: nobody has asked
}

// coveredPlace is one that a window has, or has had.
type coveredPlace struct {
	owner any
	seen  bool // a capture would show it
	rect  image.Rectangle
	until time.Time // when the window had gone; zero: it is there
}

func (c *covers) clock() time.Time {
	if c.now != nil {
		return c.now()
	}
	return time.Now()
}

// add covers a place. The owner calls it before the window gets there. seen says
// that a capture would show the window; else the system leaves it out by itself.
func (c *covers) add(owner any, r image.Rectangle, seen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = append(c.places, coveredPlace{owner: owner, rect: r, seen: seen})
	if seen {
		c.changedLocked()
	}
}

// gone ends the owner's places but for keep. The owner calls it after the window
// has left them.
func (c *covers) gone(owner any, keep image.Rectangle) {
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

func (c *covers) changedLocked() {
	c.version++
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// contains reports whether a point is on one of the windows.
func (c *covers) contains(p image.Point) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.places, func(have coveredPlace) bool { return have.until.IsZero() && p.In(have.rect) })
}

// recent lists where windows of others than the owner are, or have been since then.
func (c *covers) recent(except any, since time.Time) []image.Rectangle {
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

// during lists what a capture that began at the given time, and has ended now, must
// not show. again is when the list gets shorter; zero: not by itself.
func (c *covers) during(began time.Time) (rects []image.Rectangle, again time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = slices.DeleteFunc(c.places, func(p coveredPlace) bool {
		return !p.until.IsZero() && c.clock().Sub(p.until) > c.linger+keepPlaces
	})
	for _, p := range c.places {
		switch over := p.until.Add(c.linger); {
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

// keepPlaces is how long a place is remembered after it was left, for recent.
const keepPlaces = 5 * time.Second

// watch returns the number of changes so far and a channel that is closed at the
// next one.
func (c *covers) watch() (version uint64, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.version, c.changed
}

// mask paints a backdrop over the covered places of a frame and remembers them. It
// belongs to the goroutine that captures.
type mask struct {
	covers *covers

	seen   uint64            // the version for which everything was captured
	hidden []image.Rectangle // backdrop in the frame, instead of the display
	again  time.Time         // when less will be covered
}

// stale reports whether the covers changed since the last capture.
func (m *mask) stale() bool {
	version, _ := m.covers.watch()
	return version != m.seen
}

// due lists what must be captured anew because it is covered otherwise than in the
// frame.
func (m *mask) due(now time.Time) []image.Rectangle {
	version, _ := m.covers.watch()
	if version == m.seen && (m.again.IsZero() || !now.After(m.again)) {
		return nil
	}
	m.seen = version
	rects, _ := m.covers.during(now)
	return append(rects, m.hidden...)
}

// apply hides what is covered from a capture that began at the given time.
// hide is called with each place.
func (m *mask) apply(began time.Time, hide func(image.Rectangle)) {
	m.hidden, m.again = m.covers.during(began)
	for _, r := range m.hidden {
		hide(r)
	}
}
