package agent

import (
	"context"
	"log/slog"
	"sync"

	"lotse/screen"
)

// effects does the work that may have to wait for the display: releasing keys, and grabbing and
// freeing the hot key. It does this in the order of the calls, on its own goroutine.
type effects struct {
	// Static after newEffects.
	guard  *guard
	hotkey screen.Hotkey // nil: none
	log    *slog.Logger

	mu sync.Mutex
	// Guarded by mu.
	queue []func()

	wake chan struct{}
}

func newEffects(g *guard, hotkey screen.Hotkey, log *slog.Logger) *effects {
	return &effects{guard: g, hotkey: hotkey, log: log, wake: make(chan struct{}, 1)}
}

// releaseInput releases the keys and buttons that remote input holds down.
func (e *effects) releaseInput() {
	e.do(func() {
		if err := e.guard.ReleaseAll(); err != nil {
			e.log.Warn("keys could not be released", "reason", err)
		}
	})
}

// swallowHotkey sets whether the hot key is withheld from applications. It is withheld while
// there is control to take back.
func (e *effects) swallowHotkey(on bool) {
	if e.hotkey == nil {
		return
	}
	e.do(func() {
		if err := e.hotkey.Swallow(on); err != nil {
			e.log.Info("F12 also reaches the applications", "reason", err)
		}
	})
}

// do queues f. It does not wait.
func (e *effects) do(f func()) {
	e.mu.Lock()
	e.queue = append(e.queue, f)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run works until ctx has ended and the queue is empty.
func (e *effects) run(ctx context.Context) {
	for {
		if f := e.next(); f != nil {
			f()
			continue
		}
		select {
		case <-e.wake:
			continue
		case <-ctx.Done():
		}
		for f := e.next(); f != nil; f = e.next() {
			f()
		}
		return
	}
}

// next removes the first function from the queue and returns it; nil: the queue is empty.
func (e *effects) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return nil
	}
	f := e.queue[0]
	e.queue = e.queue[1:]
	return f
}
