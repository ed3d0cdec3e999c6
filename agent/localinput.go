package agent

import (
	"context"
	"sync"
	"time"

	"lotse/consent"
	"lotse/screen"
)

// localPause is how long remote input waits after the customer's own.
const localPause = time.Second

// localInput knows whether the customer uses mouse or keyboard.
type localInput struct {
	mu     sync.Mutex
	active bool // Guarded by mu; as panels were told.
}

// watchLocalInput follows mouse and keyboard until ctx ends.
func (s *Session) watchLocalInput(ctx context.Context) {
	idle := time.AfterFunc(time.Hour, s.localInputIdle)
	defer idle.Stop()
	err := s.cfg.Display.Hands.Watch(ctx, func(a screen.Act) { s.acted(a, idle) })
	if ctx.Err() == nil {
		s.log.Warn("this system does not tell devices from programs", "reason", err)
	}
}

// acted notes one event. One of a device holds remote input back.
func (s *Session) acted(a screen.Act, idle *time.Timer) {
	if !a.Physical {
		return
	}
	s.guard.holdBack(time.Now().Add(localPause))
	idle.Reset(localPause)
	l := &s.local
	l.mu.Lock()
	begins := !l.active
	l.active = true
	l.mu.Unlock()
	if begins {
		s.log.Debug("local input", "active", true)
		s.effects.do(s.releaseInput)
		s.publishIfControlled()
	}
}

// releaseInput releases what remote input holds down.
func (s *Session) releaseInput() {
	if err := s.guard.ReleaseAll(); err != nil {
		s.log.Warn("keys could not be released", "reason", err)
	}
}

// localInputIdle tells panels when the customer has been still for a moment.
func (s *Session) localInputIdle() {
	l := &s.local
	l.mu.Lock()
	still := l.active && !s.guard.heldBack()
	if still {
		l.active = false
	}
	l.mu.Unlock()
	if still {
		s.log.Debug("local input", "active", false)
		s.publishIfControlled()
	}
}

func (s *Session) publishIfControlled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Given.Has(consent.Control) {
		s.publishLocked()
	}
}
