//go:build linux || windows

package native

import (
	"context"
	"sync"
	"sync/atomic"

	"lotse/screen"
)

// life is what Next, Refresh and Close of a capture need of each other: what
// Next reads from is let go by Close, or by a Next that runs then.
type life struct {
	wake       chan struct{}
	done       chan struct{} // closed by Close
	refreshDue atomic.Bool

	mu                       sync.Mutex
	inNext, closed, released bool
}

func newLife() life {
	return life{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// ring wakes a Next that waits.
func (l *life) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Refresh implements screen.Screen.
func (l *life) Refresh() {
	l.refreshDue.Store(true)
	l.ring()
}

// runNext runs next, and release behind it when Close came meanwhile.
func (l *life) runNext(ctx context.Context, next func(context.Context) (screen.Update, error), release func()) (screen.Update, error) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return screen.Update{}, screen.ErrClosed
	}
	l.inNext = true
	l.mu.Unlock()
	u, err := next(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inNext = false
	if l.closed {
		l.releaseLocked(release)
		return screen.Update{}, screen.ErrClosed
	}
	return u, err
}

// end is Close: stop, which may wait for somebody who wants mu, ends what wakes
// Next; release lets go of what Next reads from, once.
func (l *life) end(stop, release func()) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	close(l.done)
	l.mu.Unlock()
	stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.inNext {
		l.releaseLocked(release)
	}
}

func (l *life) releaseLocked(release func()) {
	if !l.released {
		l.released = true
		release()
	}
}
