package agent

import (
	"context"

	"lotse/screen"
)

// The values of Snapshot.Notice, as in both protocols: PANEL.md and tunnel/PROTOCOL.md.
const (
	NoticeHidden   = "hidden"   // the system hides its own question from the advisor
	NoticeShielded = "shielded" // the window in front accepts no input from programs
)

var noticeNames = [...]string{
	screen.NoticeNone: "", screen.NoticeHidden: NoticeHidden, screen.NoticeShielded: NoticeShielded,
}

// noticeWatch watches what the system keeps from programs.
type noticeWatch struct{ session *Session }

func (w *noticeWatch) run(ctx context.Context) {
	err := w.session.cfg.Display.Notices.Watch(ctx, func(n screen.Notice) {
		if int(n) < len(noticeNames) { // otherwise a newer one, which has no name here
			w.session.send(noticed{n})
		}
	})
	if ctx.Err() == nil {
		w.session.log.capture.Warn("what the system hides is not told", "reason", err)
	}
}

// noticed says what the system keeps from programs now. Meanwhile all remote input is blocked.
// It would not reach the window in front, and the hot key may not reach this program. Otherwise
// the advisor could act elsewhere, and the customer could not stop him with that key.
type noticed struct{ notice screen.Notice }

func (e noticed) in(st *state) {
	s := st.session
	if s.guard.Shield(e.notice != screen.NoticeNone) {
		s.effects.ReleaseInput()
	}
	s.log.capture.Info("the system keeps something to itself", "what", noticeNames[e.notice])
	st.devices.notice = e.notice
}
