//go:build linux

package x11

import (
	"hash/maphash"
	"time"
)

// pollFast and pollSlow are the shortest and longest interval between captures of a server that
// does not report damage.
const (
	pollFast = time.Second / 30
	pollSlow = 250 * time.Millisecond
)

// polling schedules the captures of a server that does not report damage: frequently while the
// screen changes, less and less frequently while it does not.
type polling struct {
	at    time.Time // time of the next capture
	every time.Duration
	seed  maphash.Seed
	sum   uint64 // of the last capture; 0: there is none to compare with
}

func newPolling() polling { return polling{seed: maphash.MakeSeed(), every: pollFast} }

// same reports whether a capture equals the previous one, and sets when the next is due. With fresh
// it returns false.
func (p *polling) same(now time.Time, pix []byte, fresh bool) bool {
	sum := maphash.Bytes(p.seed, pix)
	same := sum == p.sum && !fresh
	p.sum = sum
	if same {
		p.every = min(p.every*5/4, pollSlow)
	} else {
		p.every = pollFast
	}
	p.at = now.Add(p.every)
	return same
}
