package agent

import (
	"time"

	"lotse/consent"
)

// refusalDelays is how long the next question for a right is put off after each
// refusal in a row, by the customer or by silence.
var refusalDelays = [...]time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}

// refusals counts refusals in a row and says when a right may be asked for again.
// The loop owns it.
type refusals struct {
	inARow map[consent.Right]int
	until  map[consent.Right]time.Time
	timers map[consent.Right]*time.Timer
}

func newRefusals() refusals {
	return refusals{inARow: map[consent.Right]int{}, until: map[consent.Right]time.Time{}, timers: map[consent.Right]*time.Timer{}}
}

// note follows one outcome. After a refusal ready is called, on a goroutine of its
// own, when the right may be asked for again.
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

// wait is how long a right is still put off; 0: it is not.
func (r *refusals) wait(right consent.Right) time.Duration {
	return max(0, time.Until(r.until[right]))
}

// stop ends all timers.
func (r *refusals) stop() {
	for _, t := range r.timers {
		t.Stop()
	}
}
