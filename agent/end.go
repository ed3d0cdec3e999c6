package agent

import (
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// endTimeout is the maximum time for telling the advisor and the gateway about the end.
const endTimeout = time.Second

// ending ends the session on both sides. It first takes all rights, then tells the advisor,
// then the gateway. Neither of them can delay the end by more than endTimeout.
type ending struct{ reason string }

func (e ending) in(st *state) {
	if !st.over(e.reason) {
		return
	}
	s, link := st.session, st.link
	signed := st.viewers.recordings.ended()
	s.streams.Go(func() {
		waitAll(signed, endTimeout) // the record has a line about it
		f := &farewell{}
		s.send(f)
		told := make(chan struct{})
		s.streams.Go(func() {
			defer close(told)
			if link == nil {
				return
			}
			// The gateway closes the streams at once, so the messages on them must arrive
			// first.
			waitAll(f.heard, byeTimeout/2)
			if err := link.End(e.reason); err != nil {
				s.log.tunnel.Info("the gateway could not be told of the end", "reason", err)
			}
		})
		waitAll(append(f.heard, told), endTimeout)
		s.cancel(errEnded)
	})
}

// farewell completes the record and says the end to the advisor's ends. heard are closed when they
// have read it.
type farewell struct{ heard []<-chan struct{} }

func (e *farewell) in(st *state) {
	st.notes.Over(st.reason)
	e.heard = st.controls.bye(st.reason)
}

// over takes all rights because the session ends for this reason. It returns false if the
// session was ending already.
func (st *state) over(reason string) bool {
	if st.phase == PhaseEnded || st.reason != "" {
		return false
	}
	st.reason = reason
	st.apply(consent.Event{Kind: consent.End}, endedBy(reason))
	st.controls.offers.over(st)
	return true
}

// ended means that somebody else has ended the session, or that it is lost. Nobody else is
// told.
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

// finished is the last event: the link has ended, with an error or normally. It tells the end
// to everybody who is still connected.
type finished struct{ err error }

func (e finished) in(st *state) {
	reason := tunnel.ReasonLost
	if e.err != nil && st.reason == "" {
		reason = "error"
		st.failure = newFailure("gateway", e.err.Error())
	}
	st.over(reason)
	st.notes.Over(st.reason)
	st.controls.bye(st.reason)
	st.viewers.close()
	st.viewers.recordings.abort()
	if st.phase == PhaseEnded {
		return
	}
	st.phase = PhaseEnded
	st.questions.refusals.Stop()
}

// waitAll waits until all channels are closed, at most for d.
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
