package agent

import (
	"context"
	"log/slog"
	"sync"

	"lotse/screen"
)

// effects carries out what may wait for the display: releasing keys, taking and
// freeing the hot key. It does so one after the other, in the order in which they
// were asked for, on a goroutine of its own.
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

// releaseInput releases what remote input holds down.
func (e *effects) releaseInput() {
	e.do(func() {
		if err := e.guard.ReleaseAll(); err != nil {
			e.log.Warn("keys could not be released", "reason", err)
		}
	})
}

// swallowHotkey says whether the key is kept from applications: while there is control to
// take back.
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

// run carries out until ctx has ended and nothing is left.
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

// next takes the first one out of the queue; nil: there is none.
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
