//go:build linux

package x11

import (
	"sync"
	"time"
)

// pace limits steps that block the whole display: after each one the display is left to others for
// as long as the step took. A viewer that sends input continuously therefore cannot block other
// programs.
type pace struct {
	// now and sleep are the clock; nil: the system's.
	now   func() time.Time
	sleep func(time.Duration)

	mu   sync.Mutex
	free time.Time // Guarded by mu; when the next step may begin.
}

// step runs f when the pause after the last step is over.
func (p *pace) step(f func() error) error {
	now, sleep := p.now, p.sleep
	if now == nil {
		now, sleep = time.Now, time.Sleep
	}
	p.mu.Lock()
	rest := p.free.Sub(now())
	p.mu.Unlock()
	if rest > 0 {
		sleep(rest)
	}
	began := now()
	err := f()
	ended := now()
	p.mu.Lock()
	p.free = ended.Add(ended.Sub(began))
	p.mu.Unlock()
	return err
}
