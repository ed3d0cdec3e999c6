//go:build linux

package x11

import (
	"sync"
	"time"
)

// pace keeps steps that hold the whole display up from filling all the time: after
// each one it leaves the display to others for as long as the step took. A viewer
// that sends input without a pause cannot make other programs stand still.
type pace struct {
	// now and sleep are the clock; nil: the usual one.
	now   func() time.Time
	sleep func(time.Duration)

	mu   sync.Mutex
	free time.Time // Guarded by mu; when the next step may begin.
}

// step runs f when the display has had its rest.
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
