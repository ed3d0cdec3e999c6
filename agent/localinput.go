package agent

import (
	"context"
	"sync/atomic"
	"time"

	"lotse/logs"
	"lotse/screen"
)

// localPause is how long remote input waits after the customer's own.
const localPause = time.Second

// localInput follows the customer's own mouse and keyboard, which hold remote input back.
type localInput struct {
	session *Session
	active  atomic.Bool // as the loop was told
}

// run follows them until ctx ends.
func (l *localInput) run(ctx context.Context) {
	idle := time.AfterFunc(time.Hour, func() { l.session.send(localInputIdle{l}) })
	defer idle.Stop()
	err := l.session.cfg.Display.Hands.Watch(ctx, func(a screen.Act) { l.acted(a, idle) })
	if ctx.Err() == nil {
		l.session.log.capture.Warn("this system does not tell devices from programs", "reason", err)
	}
}

// acted notes one event. One of a device holds remote input back at once. The loop is told
// of the first one only: a mouse that moves says a lot.
func (l *localInput) acted(a screen.Act, idle *time.Timer) {
	if !a.Physical {
		return
	}
	l.session.guard.holdBack(time.Now().Add(localPause))
	idle.Reset(localPause)
	if !l.active.Swap(true) {
		l.session.send(localInputBegins{})
	}
}

// localInputBegins says that the customer uses mouse or keyboard: what remote input
// holds down is released.
type localInputBegins struct{}

func (localInputBegins) in(st *state) {
	st.session.log.capture.Debug("local input", "active", true)
	st.session.cfg.Trace.event(logs.Capture, "local input begins")
	st.session.effects.releaseInput()
}

// localInputIdle says that the customer may have been still for a moment. If he has, the
// moment that is published says so.
type localInputIdle struct{ local *localInput }

func (e localInputIdle) in(st *state) {
	e.local.active.Store(false)
	if st.session.guard.heldBack() {
		e.local.active.Store(true) // he acted meanwhile
		return
	}
	st.session.log.capture.Debug("local input", "active", false)
	st.session.cfg.Trace.event(logs.Capture, "local input rests")
}
