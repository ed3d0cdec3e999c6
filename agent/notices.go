package agent

import (
	"context"

	"lotse/screen"
)

// The notices of a Snapshot, as both protocols have them; PANEL.md, tunnel/PROTOCOL.md.
const (
	NoticeHidden   = "hidden"   // the system hides a question of its own from the advisor
	NoticeShielded = "shielded" // a window is in front that takes no input from programs
)

var noticeNames = [...]string{
	screen.NoticeNone: "", screen.NoticeHidden: NoticeHidden, screen.NoticeShielded: NoticeShielded,
}

// noticeWatch follows what the system keeps from programs.
type noticeWatch struct{ session *Session }

func (w *noticeWatch) run(ctx context.Context) {
	err := w.session.cfg.Display.Notices.Watch(ctx, func(n screen.Notice) {
		if int(n) < len(noticeNames) { // else a newer one, without words here
			w.session.send(noticed{n})
		}
	})
	if ctx.Err() == nil {
		w.session.log.capture.Warn("what the system hides is not told", "reason", err)
	}
}

// noticed says what the system keeps from programs now. While it keeps something, all
// remote input waits: it would not reach what is in front, and the key that takes control
// back may not reach this program. Whatever the advisor could still do beside it, the
// customer could not stop by that key.
type noticed struct{ notice screen.Notice }

func (e noticed) in(st *state) {
	s := st.session
	if s.guard.shielded.Swap(e.notice != screen.NoticeNone) != (e.notice != screen.NoticeNone) {
		s.effects.releaseInput()
	}
	s.log.capture.Info("the system keeps something to itself", "what", noticeNames[e.notice])
	st.devices.notice = e.notice
}
