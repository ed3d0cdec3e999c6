//go:build linux

package x11

import (
	"sync/atomic"
	"time"
)

// replyWatch ends a connection whose server no longer answers, because it was stopped or another
// program keeps it grabbed. Many requests have no answer, so after half of the time it sends one
// that has. The zero value waits for ever. Methods may be called concurrently.
type replyWatch struct {
	// Static after start.
	limit time.Duration
	ping  func() // sends a request that is answered; it may block
	end   func() // ends the connection
	timer atomic.Pointer[time.Timer]

	since  atomic.Int64 // Unix nanoseconds of the first request after the last answer; 0: none
	pinged atomic.Bool
}

// start starts to watch the connection. It is called once, before the first watched request.
func (p *replyWatch) start(limit time.Duration, ping, end func()) {
	p.limit, p.ping, p.end = limit, ping, end
	timer := time.AfterFunc(time.Hour, p.check)
	timer.Stop()
	p.timer.Store(timer)
}

// asked records a request.
func (p *replyWatch) asked() {
	timer := p.timer.Load()
	if timer != nil && p.since.CompareAndSwap(0, time.Now().UnixNano()) {
		timer.Reset(p.limit / 2)
	}
}

// answered records that the server has sent something.
func (p *replyWatch) answered() {
	p.pinged.Store(false)
	p.since.Store(0)
}

// stop ends the watch.
func (p *replyWatch) stop() {
	if timer := p.timer.Swap(nil); timer != nil {
		timer.Stop()
	}
}

// check checks the time since the oldest unanswered request.
func (p *replyWatch) check() {
	timer, since := p.timer.Load(), p.since.Load()
	if timer == nil || since == 0 {
		return // closed, or answered: the next request starts the timer again
	}
	switch age := time.Since(time.Unix(0, since)); {
	case age >= p.limit:
		p.end()
	case age >= p.limit/2:
		timer.Reset(p.limit - age)
		if !p.pinged.Swap(true) {
			p.ping()
		}
	default:
		timer.Reset(p.limit/2 - age)
	}
}
