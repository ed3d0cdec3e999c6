// Package lifecycle helps captures to implement Refresh and Close of screen.Screen while Next may
// be waiting.
package lifecycle

import (
	"context"
	"sync"
	"sync/atomic"

	"lotse/screen"
)

// Lifecycle is embedded in a capture. The resources that Next reads from are released exactly once:
// by Close, or by the Next that is running while Close is called. Make it with New.
type Lifecycle struct {
	Wake chan struct{} // capacity 1; Next waits for it, see Ring
	Done chan struct{} // closed by End

	refreshDue atomic.Bool

	mu                       sync.Mutex
	inNext, closed, released bool // Guarded by mu.
}

// New returns a Lifecycle that has not ended.
func New() Lifecycle {
	return Lifecycle{Wake: make(chan struct{}, 1), Done: make(chan struct{})}
}

// Ring wakes a waiting Next, or else the next call of Next. It never blocks.
func (l *Lifecycle) Ring() {
	select {
	case l.Wake <- struct{}{}:
	default:
	}
}

// Refresh implements screen.Screen.
func (l *Lifecycle) Refresh() {
	l.refreshDue.Store(true)
	l.Ring()
}

// TakeRefresh reports whether Refresh was called since the last TakeRefresh.
func (l *Lifecycle) TakeRefresh() bool { return l.refreshDue.Swap(false) }

// RunNext runs next, and then release if End was called in the meantime. After End it returns
// screen.ErrClosed.
func (l *Lifecycle) RunNext(ctx context.Context, next func(context.Context) (screen.Update, error), release func()) (screen.Update, error) {
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

// End implements Close; further calls do nothing. stop stops what wakes Next. release releases the
// resources that Next reads from; if a Next is running, that Next calls it.
func (l *Lifecycle) End(stop, release func()) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	close(l.Done)
	l.mu.Unlock()
	stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.inNext {
		l.releaseLocked(release)
	}
}

func (l *Lifecycle) releaseLocked(release func()) {
	if !l.released {
		l.released = true
		release()
	}
}
