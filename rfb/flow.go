package rfb

import "time"

// flow is how much the line to a viewer takes, and how soon.
type flow struct {
	congestion
	inputAt time.Time // of the last key or click; zero: none
}

// acts reports whether the advisor has just acted.
func (f *flow) acts(now time.Time) bool {
	return !f.inputAt.IsZero() && now.Sub(f.inputAt) < recentInput
}

// pace is what the line allows the next update. continuous says that the viewer need not
// ask for it.
func (f *flow) pace(now time.Time, continuous bool) pace {
	p := pace{bytesPerSecond: f.bytesPerSecond(), frame: frameTime, largest: f.largest()}
	p.refine = 2 * frameTime
	if !continuous {
		p.refine += f.base // the line stands still until the next request
	}
	if f.acts(now) {
		p.frame = echoTime
	}
	return p
}
