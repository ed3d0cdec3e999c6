package agent

import (
	"context"
	"sync"
	"time"

	"lotse/consent"
	"lotse/screen"
)

const (
	// handsPause is how long remote input waits after the customer's own.
	handsPause = time.Second
	// answerWindow is how old the press may be by which a question is answered.
	answerWindow = 3 * time.Second
)

// Why an answer did not count; PANEL.md.
const (
	problemInjected = "injected"
	problemHands    = "hands"
)

// hands knows what was done last at mouse and keyboard, and by whom.
type hands struct {
	mu sync.Mutex
	// Guarded by mu.
	works    bool      // the system tells a hand from a program
	pressed  time.Time // a key or button, by hand
	injected time.Time // anything by a program
	on       bool      // remote input waits
	until    time.Time
}

// watchHands follows mouse and keyboard until ctx ends.
func (s *Session) watchHands(ctx context.Context) {
	h := &s.hands
	idle := time.AfterFunc(time.Hour, func() { s.handsIdle() })
	defer idle.Stop()
	h.mu.Lock()
	h.works = true
	h.mu.Unlock()
	err := s.cfg.Display.Hands.Watch(ctx, func(a screen.Act) { s.acted(a, idle) })
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	h.works = false
	h.mu.Unlock()
	s.log.Warn("this system does not tell hands from programs", "reason", err)
}

// acted notes one act. By hand it takes the wheel from the advisor.
func (s *Session) acted(a screen.Act, idle *time.Timer) {
	now := time.Now()
	h := &s.hands
	h.mu.Lock()
	if !a.Physical {
		before := h.injected
		h.injected = now
		h.mu.Unlock()
		s.disarm(before, now)
		return
	}
	if a.Press {
		h.pressed = now
	}
	begins := !h.on
	h.on, h.until = true, now.Add(handsPause)
	h.mu.Unlock()
	idle.Reset(handsPause)
	if !begins {
		return
	}
	if err := s.guard.setHands(true); err != nil {
		s.log.Warn("keys could not be released", "reason", err)
	}
	s.publishIfControlled()
}

// handsIdle goes on when the customer has been still for a moment.
func (s *Session) handsIdle() {
	h := &s.hands
	h.mu.Lock()
	still := !time.Now().Before(h.until)
	if still {
		h.on = false
	}
	h.mu.Unlock()
	if still {
		_ = s.guard.setHands(false) // lets go of nothing
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

// handsOn reports whether remote input waits for the customer's hands.
func (s *Session) handsOn() bool {
	s.hands.mu.Lock()
	defer s.hands.mu.Unlock()
	return s.hands.on
}

// disarm tells panels that a program's act took the open question's answer away
// for a moment. before is when one acted last.
func (s *Session) disarm(before, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Question == 0 || now.Before(s.opened.Add(armAfter)) || now.Before(before.Add(armAfter)) {
		return // it took none anyway
	}
	s.problem = problemInjected
	close(s.questionSet) // it is armed anew
	s.questionSet = make(chan struct{})
	s.publishLocked()
}

// armedAt is when the open question takes an answer: it and the quiet of all
// programs must have lasted for armAfter.
func (s *Session) armedAtLocked() time.Time {
	s.hands.mu.Lock()
	defer s.hands.mu.Unlock()
	since := s.opened
	if s.hands.injected.After(since) {
		since = s.hands.injected
	}
	return since.Add(armAfter)
}

// RequireHands has questions allowed only by a press on a device of this
// display, where the system can tell: for panels that are shown on it.
func (s *Session) RequireHands() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requireHands = true
}

// byHandLocked reports whether a yes at this moment was given by hand.
func (s *Session) byHandLocked() bool {
	if !s.requireHands {
		return true
	}
	armed := s.armedAtLocked()
	s.hands.mu.Lock()
	defer s.hands.mu.Unlock()
	return !s.hands.works || !s.hands.pressed.Before(armed) && time.Since(s.hands.pressed) <= answerWindow
}
