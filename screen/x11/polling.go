//go:build linux

package x11

import (
	"hash/maphash"
	"time"
)

// pollFast and pollSlow bound the interval between captures of a server that does not
// report damage.
const (
	pollFast = time.Second / 30
	pollSlow = 250 * time.Millisecond
)

// polling is the schedule of captures of a server that does not report damage: often
// while the picture changes, more and more seldom while it does not.
type polling struct {
	at    time.Time // the next capture
	every time.Duration
	seed  maphash.Seed
	sum   uint64 // of the last capture; 0: there is none to compare with
}

func newPolling() polling { return polling{seed: maphash.MakeSeed(), every: pollFast} }

// same reports whether a capture equals the one before, and sets when the next is due.
// A fresh one equals none.
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
