package input

import (
	"context"
	"log/slog"
	"sync"

	"lotse/screen"
)

// Effects does the work that may have to wait for the display: releasing keys, and grabbing and
// freeing the hot key. It does this in the order of the calls, on its own goroutine.
type Effects struct {
	// Static after NewEffects.
	guard  *Guard
	hotkey screen.Hotkey // nil: none
	log    *slog.Logger

	mu sync.Mutex
	// Guarded by mu.
	queue []func()

	wake chan struct{}
}

// NewEffects returns Effects for guarded input; hotkey may be nil.
func NewEffects(g *Guard, hotkey screen.Hotkey, log *slog.Logger) *Effects {
	return &Effects{guard: g, hotkey: hotkey, log: log, wake: make(chan struct{}, 1)}
}

// ReleaseInput releases the keys and buttons that remote input holds down.
func (e *Effects) ReleaseInput() {
	e.do(func() {
		if err := e.guard.ReleaseAll(); err != nil {
			e.log.Warn("keys could not be released", "reason", err)
		}
	})
}

// SwallowHotkey sets whether the hot key is withheld from applications. It is withheld while
// there is control to take back.
func (e *Effects) SwallowHotkey(on bool) {
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
func (e *Effects) do(f func()) {
	e.mu.Lock()
	e.queue = append(e.queue, f)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx has ended and the queue is empty.
func (e *Effects) Run(ctx context.Context) {
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
func (e *Effects) next() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return nil
	}
	f := e.queue[0]
	e.queue = e.queue[1:]
	return f
}
