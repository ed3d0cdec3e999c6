package gateway

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

// systemClock is the default; in a synctest bubble it is the bubble's.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// ticker puts a value into C every so often after arm; it holds one at most. It is
// for one goroutine.
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

// arm is called after each value that was taken.
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
