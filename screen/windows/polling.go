//go:build windows

package windows

import "time"

// pollFast and pollSlow bound the interval between pictures of a display that does not
// tell when something was drawn.
const (
	pollFast = time.Second / 30
	pollSlow = 250 * time.Millisecond
)

// polling is the schedule of pictures of a display that does not tell when something was
// drawn: often after something was seen or somebody used mouse or keyboard, more and more
// seldom after that.
type polling struct {
	at    time.Time // the next picture
	every time.Duration
	used  uint32 // when mouse or keyboard were used last, as lastInput tells it
}

// due reports whether it is time for a picture. used is lastInput; stirred: something
// else happened that lets a change be expected.
func (p *polling) due(now time.Time, used uint32, stirred bool) bool {
	if stirred || used != p.used {
		p.used, p.every = used, pollFast
		if soon := now.Add(pollFast); soon.Before(p.at) {
			p.at = soon
		}
	}
	return !now.Before(p.at)
}

// soon makes the next picture due after the shortest interval.
func (p *polling) soon(now time.Time) { p.at = now.Add(pollFast) }

// taken sets when the picture after this one is due, which was begun at a time. The cost
// bounds the pace: half of the time at most goes into pictures.
func (p *polling) taken(began time.Time, changed bool) {
	if changed {
		p.every = pollFast
	} else {
		p.every = min(p.every*5/4, pollSlow)
	}
	p.at = began.Add(max(p.every, 2*time.Since(began)))
}
