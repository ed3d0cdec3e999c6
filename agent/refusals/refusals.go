// Package refusals delays questions that the customer has refused.
package refusals

import (
	"time"

	"lotse/consent"
)

// Delays are the delays of the next question for a right after the first, second and
// every further refusal in a row. No answer counts as a refusal.
var Delays = [...]time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}

// Refusals counts refusals in a row and determines when a right may be requested again. Methods
// must not be called concurrently.
type Refusals struct {
	inARow map[consent.Right]int
	until  map[consent.Right]time.Time
	timers map[consent.Right]*time.Timer
}

// New returns Refusals without any.
func New() Refusals {
	return Refusals{inARow: map[consent.Right]int{}, until: map[consent.Right]time.Time{}, timers: map[consent.Right]*time.Timer{}}
}

// Note records one outcome. After a refusal it calls ready on a new goroutine when the right
// may be requested again.
func (r *Refusals) Note(c consent.Change, ready func()) {
	switch c.Outcome {
	case consent.Given:
		delete(r.inARow, c.Right)
	case consent.Refused, consent.TimedOut:
		n := r.inARow[c.Right]
		r.inARow[c.Right] = n + 1
		delay := Delays[min(n, len(Delays)-1)]
		r.until[c.Right] = time.Now().Add(delay)
		if t := r.timers[c.Right]; t != nil {
			t.Stop()
		}
		r.timers[c.Right] = time.AfterFunc(delay, ready)
	}
}

// Wait returns the remaining delay of questions for a right, or 0.
func (r *Refusals) Wait(right consent.Right) time.Duration {
	return max(0, time.Until(r.until[right]))
}

// Stop stops all timers.
func (r *Refusals) Stop() {
	for _, t := range r.timers {
		t.Stop()
	}
}
