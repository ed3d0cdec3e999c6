// Package refusals delays questions that the customer has refused, and those that would open too
// soon after many others.
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
	// room is how many questions may open at once, at the time at.
	room int
	at   time.Time
}

// Limits of questions, whatever becomes of them: an advisor who asks and withdraws again and again
// must not show the customer one window after the other, or fill the record.
const (
	maxAtOnce = 20
	openEvery = 5 * time.Second
)

// New returns Refusals without any.
func New() Refusals {
	return Refusals{inARow: map[consent.Right]int{}, until: map[consent.Right]time.Time{}, timers: map[consent.Right]*time.Timer{}, room: maxAtOnce, at: time.Now()}
}

// Opened counts a question that has opened.
func (r *Refusals) Opened() {
	r.refill()
	r.room = max(0, r.room-1)
}

// Crowded returns how long it takes until another question may open; 0: none.
func (r *Refusals) Crowded() time.Duration {
	r.refill()
	if r.room > 0 {
		return 0
	}
	return time.Until(r.at.Add(openEvery))
}

func (r *Refusals) refill() {
	earned := int(time.Since(r.at) / openEvery)
	if r.room+earned >= maxAtOnce {
		r.room, r.at = maxAtOnce, time.Now()
		return
	}
	r.room += earned
	r.at = r.at.Add(time.Duration(earned) * openEvery)
}

// PutOff delays the next question for a right that is not delayed. It calls ready on a new
// goroutine when the right may be requested again.
func (r *Refusals) PutOff(right consent.Right, delay time.Duration, ready func()) {
	r.until[right] = time.Now().Add(delay)
	if t := r.timers[right]; t != nil {
		t.Stop()
	}
	r.timers[right] = time.AfterFunc(delay, ready)
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
		r.PutOff(c.Right, Delays[min(n, len(Delays)-1)], ready)
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
