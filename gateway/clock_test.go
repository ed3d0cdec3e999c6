package gateway

import (
	"sync"
	"testing"
	"time"

	"lotse/gateway/clock"
)

// testClock stands still until a test advances it.
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

// advance starts what is due by then.
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

// release starts the timers that were set to about d, and for each lets a nanosecond
// pass: as if time went on for them alone.
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

// pending is how many timers wait that were set to d.
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

// armedNow is how many timers were set to d since the clock was last advanced.
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

// pendingWithin is how many timers wait that were set to d or less.
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

// shiftClock runs as the system's, and can be set forward.
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

// hastyClock runs as the system's, but leaps over the hold of an entering: nobody waits
// for it, and the clock is set forward instead. What remains of a longer wait than the
// hold keeps the order of both.
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

// eventually polls until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("does not come: %s", what)
		}
	}
}
