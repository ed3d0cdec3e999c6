package agent

import (
	"time"

	"lotse/consent"
)

// refusalDelays are the delays of the next question for a right after the first, second and
// every further refusal in a row. No answer counts as a refusal.
var refusalDelays = [...]time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}

// refusals counts refusals in a row and determines when a right may be requested again. The
// loop owns it.
type refusals struct {
	inARow map[consent.Right]int
	until  map[consent.Right]time.Time
	timers map[consent.Right]*time.Timer
}

func newRefusals() refusals {
	return refusals{inARow: map[consent.Right]int{}, until: map[consent.Right]time.Time{}, timers: map[consent.Right]*time.Timer{}}
}

// note records one outcome. After a refusal it calls ready on a new goroutine when the right
// may be requested again.
func (r *refusals) note(c consent.Change, ready func()) {
	switch c.Outcome {
	case consent.Given:
		delete(r.inARow, c.Right)
	case consent.Refused, consent.TimedOut:
		n := r.inARow[c.Right]
		r.inARow[c.Right] = n + 1
		delay := refusalDelays[min(n, len(refusalDelays)-1)]
		r.until[c.Right] = time.Now().Add(delay)
		if t := r.timers[c.Right]; t != nil {
			t.Stop()
		}
		r.timers[c.Right] = time.AfterFunc(delay, ready)
	}
}

// wait returns the remaining delay of questions for a right, or 0.
func (r *refusals) wait(right consent.Right) time.Duration {
	return max(0, time.Until(r.until[right]))
}

// stop stops all timers.
func (r *refusals) stop() {
	for _, t := range r.timers {
		t.Stop()
	}
}
