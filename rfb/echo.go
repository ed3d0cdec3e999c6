package rfb

import (
	"image"
	"time"

	"lotse/screen"
)

// The answer to a key or the pointer is a small change somewhere. While the
// advisor acts, small changes do not wait behind large ones: they go out alone,
// before the rest of what is pending.

const (
	// echoPixels is the largest change that counts as an answer to input, and
	// echoBehind how much else must be pending for it to go alone.
	echoPixels = 160 * 64
	echoBehind = 200 * 200
)

// touched notes that the advisor acted.
func (c *Conn) touched() {
	c.mu.Lock()
	c.inputAt = time.Now()
	if c.cfg.Ready != nil {
		c.cfg.Ready()
	}
	c.mu.Unlock()
}

func (c *Conn) actsLocked(now time.Time) bool {
	return !c.inputAt.IsZero() && now.Sub(c.inputAt) < recentInput
}

// flowFullLocked: a small answer to input may go before the line is ready for
// the next picture.
func (c *Conn) flowFullLocked() bool {
	return c.caps.fence && c.flow.full(c.actsLocked(time.Now()) && !c.pending.everything && c.pending.small())
}

func (c *Conn) paceLocked(now time.Time) pace {
	p := pace{bytesPerSecond: c.flow.bytesPerSecond(), frame: frameTime, largest: c.flow.largest()}
	p.refine = 2 * frameTime
	if !c.continuous {
		p.refine += c.flow.base // the line stands still until the next request
	}
	if c.actsLocked(now) {
		p.frame = echoTime
	}
	return p
}

// small reports whether a small change is pending.
func (p *pending) small() bool {
	for _, r := range p.region.Rects() {
		if r.Dx()*r.Dy() <= echoPixels {
			return true
		}
	}
	return false
}

// echoFirstLocked leaves in send what is small and puts the rest back.
func (c *Conn) echoFirstLocked(send *screen.Region, j *job) {
	again := c.writer.echoed
	c.writer.echoed = false
	if again || j.pace.bytesPerSecond == 0 || j.pace.frame != echoTime || send.Area() < echoBehind {
		return // not twice in a row: the rest has its turn
	}
	var few, rest []image.Rectangle
	for _, r := range send.Rects() {
		if r.Dx()*r.Dy() <= echoPixels && len(few) < 8 {
			few = append(few, r)
		} else {
			rest = append(rest, r)
		}
	}
	if len(few) == 0 {
		return
	}
	c.writer.echoed = true
	c.pending.putBack(rest)
	*send = screen.RegionOf(few...)
}
