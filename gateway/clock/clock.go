// Package clock is where the gateway takes its time from, so that tests can decide how it
// passes.
package clock

import (
	"context"
	"time"
)

// Clock is where the gateway takes its time from wherever time decides: budgets,
// life times, holds and pauses. Deadlines of sockets follow the system's clock
// besides. Methods may be called concurrently.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own after d. stop reports false when
	// f was started already.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// System is the computer's clock; in a synctest bubble it is the bubble's.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (System) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// Ticker puts a value into C every so often after Arm; it holds one at most. It is
// for one goroutine.
type Ticker struct {
	C      chan struct{}
	clock  Clock
	every  time.Duration
	disarm func() bool
}

// NewTicker returns a ticker that is armed.
func NewTicker(clock Clock, every time.Duration) *Ticker {
	t := &Ticker{C: make(chan struct{}, 1), clock: clock, every: every}
	t.Arm()
	return t
}

// Arm is called after each value that was taken.
func (t *Ticker) Arm() {
	t.disarm = t.clock.AfterFunc(t.every, func() { t.C <- struct{}{} }) // C is empty
}

// Stop ends the ticker.
func (t *Ticker) Stop() { t.disarm() }

// Pause waits for d, or until ctx ends.
func Pause(ctx context.Context, clock Clock, d time.Duration) {
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
