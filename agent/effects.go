package agent

import (
	"context"
	"sync"
)

// effects carries out what may wait for the display: releasing keys, taking and
// freeing the hot key. It does so one after the other, in the order in which they
// were asked for, on a goroutine of its own. So the session's state, which asks
// for them with its lock held, never waits for a display that does not answer.
type effects struct {
	mu sync.Mutex
	// Guarded by mu.
	queue []func()
	busy  bool // one is being carried out

	wake chan struct{}
}

func newEffects() *effects { return &effects{wake: make(chan struct{}, 1)} }

// do has f carried out after all earlier ones.
func (e *effects) do(f func()) {
	e.mu.Lock()
	e.queue = append(e.queue, f)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// idle reports whether nothing waits and nothing is under way.
func (e *effects) idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue) == 0 && !e.busy
}

// run carries out until ctx has ended and nothing is left.
func (e *effects) run(ctx context.Context) {
	for {
		for f := e.next(); f != nil; f = e.next() {
			f()
		}
		select {
		case <-e.wake:
		case <-ctx.Done():
			if e.idle() {
				return
			}
		}
	}
}

// next takes the first one out of the queue; nil: there is none.
func (e *effects) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy = len(e.queue) > 0; !e.busy {
		return nil
	}
	f := e.queue[0]
	e.queue = e.queue[1:]
	return f
}
