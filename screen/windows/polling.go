//go:build windows

package windows

import "time"

// pollFast and pollSlow are the shortest and longest interval between captures of a display that
// does not report drawing.
const (
	pollFast = time.Second / 30
	pollSlow = 250 * time.Millisecond
)

// polling schedules the captures of a display that does not report drawing: frequently after a
// change or the use of mouse or keyboard, less and less frequently after that.
type polling struct {
	at    time.Time // time of the next capture
	every time.Duration
	used  uint32 // time of the last use of mouse or keyboard, as returned by lastInput
}

// due reports whether it is time for a capture. used is lastInput; stirred: something else happened
// after which a change is likely.
func (p *polling) due(now time.Time, used uint32, stirred bool) bool {
	if stirred || used != p.used {
		p.used, p.every = used, pollFast
		if soon := now.Add(pollFast); soon.Before(p.at) {
			p.at = soon
		}
	}
	return !now.Before(p.at)
}

// soon makes the next capture due after the shortest interval.
func (p *polling) soon(now time.Time) { p.at = now.Add(pollFast) }

// taken sets when the capture after the one that started at began is due. Captures take at most
// half of the time.
func (p *polling) taken(began time.Time, changed bool) {
	if changed {
		p.every = pollFast
	} else {
		p.every = min(p.every*5/4, pollSlow)
	}
	p.at = began.Add(max(p.every, 2*time.Since(began)))
}
