package gateway

import (
	"context"
	"time"
)

// Clock is the gateway's source of time for budgets, lifetimes, holds and pauses. Socket deadlines
// use the system's clock in addition. Methods may be called concurrently.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a new goroutine after d. stop returns false if f has been started
	// already.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// systemClock is the default. In a synctest bubble it uses the bubble's time.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// ticker sends a value to C the given time after each arm. C holds at most one value. A ticker must
// not be used concurrently.
type ticker struct {
	C      chan struct{}
	clock  Clock
	every  time.Duration
	disarm func() bool
}

func newTicker(clock Clock, every time.Duration) *ticker {
	t := &ticker{C: make(chan struct{}, 1), clock: clock, every: every}
	t.arm()
	return t
}

// arm must be called after each value received.
func (t *ticker) arm() {
	t.disarm = t.clock.AfterFunc(t.every, func() { t.C <- struct{}{} }) // C is empty
}

func (t *ticker) stop() { t.disarm() }

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, clock Clock, d time.Duration) {
	if d <= 0 {
		return
	}
	over := make(chan struct{})
	stop := clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-ctx.Done():
	}
}
