package gateway

import (
	"sync"
	"testing"
	"time"

	"lotse/gateway/clock"
)

// testClock is stopped; a test advances it.
type testClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*testTimer]struct{}
}

type testTimer struct {
	after time.Duration
	due   time.Time
	f     func()
}

func newTestClock() *testClock {
	return &testClock{now: time.Now(), timers: map[*testTimer]struct{}{}}
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &testTimer{d, c.now.Add(d), f}
	if d <= 0 {
		go f()
		return func() bool { return false }
	}
	c.timers[t] = struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waits := c.timers[t]
		delete(c.timers, t)
		return waits
	}
}

// advance advances the clock and starts the timers that are due.
func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if !t.due.After(c.now) {
			delete(c.timers, t)
			go t.f()
		}
	}
}

// release starts the timers that were set to about d, and advances the clock by a nanosecond for
// each, as if time passed for them alone.
func (c *testClock) release(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if t.after <= d && t.after > d-time.Millisecond {
			c.now = c.now.Add(1)
			delete(c.timers, t)
			go t.f()
		}
	}
}

// pending returns how many timers set to d are waiting.
func (c *testClock) pending(d time.Duration) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if t.after == d {
			n++
		}
	}
	return n
}

// armedNow returns how many timers were set to d since the clock was last advanced.
func (c *testClock) armedNow(d time.Duration) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if t.after == d && t.due.Equal(c.now.Add(d)) {
			n++
		}
	}
	return n
}

// pendingWithin returns how many timers set to d or less are waiting.
func (c *testClock) pendingWithin(d time.Duration) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if t.after <= d {
			n++
		}
	}
	return n
}

// shiftClock is the system's clock and can be set forward.
type shiftClock struct {
	clock.System
	mu  sync.Mutex
	far time.Duration
}

func (c *shiftClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.far)
}

func (c *shiftClock) shift(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.far += d
}

// hastyClock is the system's clock but skips the hold of an entering: instead of waiting, it sets
// the clock forward. A timer longer than the hold waits for the difference, which keeps the order
// of timers.
type hastyClock struct{ shiftClock }

func (c *hastyClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	if d > 0 && d <= enteringHold+enteringHold/5 {
		leap := min(d, enteringHold)
		c.shift(leap)
		d -= leap
	}
	return c.shiftClock.AfterFunc(d, f)
}

// withRealHolds is for tests that prove how long the gateway waits.
func withRealHolds(c *Config) { c.Clock = clock.System{} }

func withClock(clock clock.Clock) func(*Config) { return func(c *Config) { c.Clock = clock } }

// eventually polls until holds returns true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("does not come: %s", what)
		}
	}
}
