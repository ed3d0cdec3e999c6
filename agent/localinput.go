package agent

import (
	"context"
	"sync/atomic"
	"time"

	"lotse/logs"
	"lotse/screen"
)

// localPause is how long remote input waits after the customer's own input.
const localPause = time.Second

// localInput watches the customer's own mouse and keyboard. His input blocks remote input.
type localInput struct {
	session *Session
	active  atomic.Bool // as the loop was told
}

// run watches mouse and keyboard until ctx ends.
func (l *localInput) run(ctx context.Context) {
	idle := time.AfterFunc(time.Hour, func() { l.session.send(localInputIdle{l}) })
	defer idle.Stop()
	err := l.session.cfg.Display.InputWatcher.Watch(ctx, func(a screen.Act) { l.acted(a, idle) })
	if ctx.Err() == nil {
		l.session.log.capture.Warn("this system does not tell devices from programs", "reason", err)
	}
}

// acted handles one event. An event of a device blocks remote input at once. Only the first
// such event is sent to the loop, because a moving mouse makes many.
func (l *localInput) acted(a screen.Act, idle *time.Timer) {
	if !a.Physical {
		return
	}
	l.session.guard.HoldBack(time.Now().Add(localPause))
	idle.Reset(localPause)
	if !l.active.Swap(true) {
		l.session.send(localInputBegins{})
	}
}

// localInputBegins means that the customer has started to use mouse or keyboard. What remote
// input holds down is released.
type localInputBegins struct{}

func (localInputBegins) in(st *state) {
	st.session.log.capture.Debug("local input", "active", true)
	st.session.cfg.Trace.Event(logs.Capture, "local input begins")
	st.session.effects.ReleaseInput()
}

// localInputIdle means that the customer has probably made no input for localPause. If that is
// true, the next published moment shows it.
type localInputIdle struct{ local *localInput }

func (e localInputIdle) in(st *state) {
	e.local.active.Store(false)
	if st.session.guard.HeldBack() {
		e.local.active.Store(true) // there was new input meanwhile
		return
	}
	st.session.log.capture.Debug("local input", "active", false)
	st.session.cfg.Trace.Event(logs.Capture, "local input rests")
}
