package agent

import (
	"context"

	"lotse/screen"
)

// noticeNames are those of both protocols; PANEL.md, tunnel/PROTOCOL.md.
var noticeNames = [...]string{screen.NoticeNone: "", screen.NoticeHidden: "hidden", screen.NoticeShielded: "shielded"}

// watchNotices follows what the system keeps from programs until ctx ends.
//
// While it keeps something, all remote input waits. It would not reach what is in
// front, and the key that takes control back may not reach this program: whatever
// the advisor could still do beside it, the customer could not stop by that key.
func (s *Session) watchNotices(ctx context.Context) {
	err := s.cfg.Display.Notices.Watch(ctx, func(n screen.Notice) {
		if int(n) >= len(noticeNames) {
			return // a newer one, without words here
		}
		if s.guard.shielded.Swap(n != screen.NoticeNone) != (n != screen.NoticeNone) {
			s.effects.do(s.releaseInput)
		}
		s.log.Info("the system keeps something to itself", "what", noticeNames[n])
		s.mu.Lock()
		defer s.mu.Unlock()
		s.notice = n
		s.publishLocked()
	})
	if ctx.Err() == nil {
		s.log.Warn("what the system hides is not told", "reason", err)
	}
}
