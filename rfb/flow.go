package rfb

import "time"

// flow tracks the rate and the round trip of the line to a viewer.
type flow struct {
	congestion
	inputAt time.Time // of the last key or click; zero: none
}

// acts reports whether the advisor has used keyboard or mouse within recentInput.
func (f *flow) acts(now time.Time) bool {
	return !f.inputAt.IsZero() && now.Sub(f.inputAt) < recentInput
}

// pace returns the limits of the next update. continuous means that the viewer need not request it.
func (f *flow) pace(now time.Time, continuous bool) pace {
	p := pace{bytesPerSecond: f.bytesPerSecond(), frame: frameTime, largest: f.largest()}
	p.refine = 2 * frameTime
	if !continuous {
		p.refine += f.base // the line is idle until the next request
	}
	if f.acts(now) {
		p.frame = echoTime
	}
	return p
}
