package gateway

import (
	"sync"
	"time"
)

// pressure measures how often unknown clients try an entrance. It only decides whether they get
// puzzles. Methods may be called concurrently.
type pressure struct {
	// Static after newPressure.
	rate  float64 // tries per second that need no puzzle
	burst float64

	mu    sync.Mutex
	level float64   // Guarded by mu; at most maxPressure times burst.
	at    time.Time // Guarded by mu.
}

// Limits of pressure.
const (
	pressureBurst = 10 * time.Second // of rate
	minBurst      = 10
	maxPressure   = 8
)

func newPressure(perMinute int) *pressure {
	rate := float64(perMinute) / 60
	return &pressure{rate: rate, burst: max(minBurst, rate*pressureBurst.Seconds())}
}

// add counts a try and returns how hard a puzzle it requires: 0 for none, otherwise one more than
// the bits above the easiest puzzle.
func (p *pressure) add(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = max(0, p.level-p.rate*max(0, now.Sub(p.at).Seconds()))
	p.at = now
	p.level = min(maxPressure*p.burst, p.level+1)
	switch {
	case p.level <= p.burst:
		return 0
	case p.level <= 2*p.burst:
		return 1
	case p.level <= 4*p.burst:
		return 2
	}
	return 3
}
