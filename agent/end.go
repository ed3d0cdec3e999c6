package agent

import (
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// endTimeout bounds telling others of the end.
const endTimeout = time.Second

// ending ends the session for both sides. The rights are gone first, then the advisor is
// told, then the gateway; none of them can delay the end.
type ending struct{ reason string }

func (e ending) in(st *state) {
	if !st.over(e.reason) {
		return
	}
	s, link := st.session, st.link
	said := st.controls.bye(e.reason)
	s.streams.Go(func() {
		told := make(chan struct{})
		s.streams.Go(func() {
			defer close(told)
			if link == nil {
				return
			}
			// The gateway cuts the streams at once: what is on them goes first.
			waitAll(said, byeTimeout/2)
			if err := link.End(e.reason); err != nil {
				s.log.tunnel.Info("the gateway could not be told of the end", "reason", err)
			}
		})
		waitAll(append(said, told), endTimeout)
		s.cancel(errEnded)
	})
}

// over takes all rights because the session ends for a reason; false: it was over.
func (st *state) over(reason string) bool {
	if st.phase == PhaseEnded || st.reason != "" {
		return false
	}
	st.reason = reason
	st.apply(consent.Event{Kind: consent.End}, endedBy(reason))
	return true
}

// ended says that others have ended the session, or that it is lost. They are told
// nothing more.
type ended struct{ reason string }

func (e ended) in(st *state) { st.over(e.reason) }

func endedBy(reason string) string {
	switch reason {
	case tunnel.ReasonCustomer:
		return byCustomer
	case tunnel.ReasonAdvisor:
		return byAdvisor
	}
	return byAuto
}

// finished is the last event: the link has ended, with an error or as it should. It
// makes the end known to everybody who is still there.
type finished struct{ err error }

func (e finished) in(st *state) {
	reason := tunnel.ReasonLost
	if e.err != nil && st.reason == "" {
		reason = "error"
		st.failure = newFailure("gateway", e.err.Error())
	}
	st.over(reason)
	st.controls.bye(st.reason)
	st.viewers.close()
	if st.phase == PhaseEnded {
		return
	}
	st.phase = PhaseEnded
	st.questions.refusals.stop()
	st.record.over(st.reason)
}

// waitAll waits until all are closed, or for d.
func waitAll(all []<-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for _, done := range all {
		select {
		case <-done:
		case <-timer.C:
			return
		}
	}
}
