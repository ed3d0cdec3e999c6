package rfb

import (
	"encoding/binary"
	"slices"
	"time"
)

// congestion models the path to a viewer as one line with a queue in front of it. A fence after
// each update reports when the viewer had received the update. An update that was sent at s and
// answered at a, after an earlier one that was answered at p, was transmitted from max(p, s+base)
// to a. That yields the line's rate however many updates are in flight. No more is sent than the
// line carries in a round trip plus queueGoal, so that queues do not grow.
//
// From time to time a fence is sent alone, before an update. Its round trip is that of the line,
// without transmission time. Without it the shortest round trip would have to be guessed from
// updates of one size, and each error of the guess would be an error of the rate.
//
// A viewer without fences answers an update with its next request; that yields the rate. No window
// is needed, because it receives only what it asked for.
type congestion struct {
	inFlight int
	base     time.Duration // the shortest round trip seen
	// greeting is how long the viewer took to answer the version message, which is the only
	// measurement before the first update. A door may have answered in its place.
	greeting time.Duration
	marks    []mark // in order of sending, oldest first
	seq      uint64
	answer   time.Time                  // the time of the last answer
	probes   [probeMemory]time.Duration // round trips of lone fences; a ring
	probed   int                        // number of probes so far
	probeAt  time.Time
	// The rate is served/serving; both decay at each answer.
	served  float64 // bytes
	serving float64 // seconds
}

type mark struct {
	seq   uint64
	bytes int
	sent  time.Time
}

const (
	initialWindow = 128 << 10
	minWindow     = 16 << 10
	maxWindow     = 8 << 20
	// queueGoal is how long beyond the shortest round trip the line is kept busy.
	queueGoal = 25 * time.Millisecond
	// The shortest of the last probeMemory probes counts, so that a longer round trip is noticed.
	probeMemory = 16
	probeEvery  = time.Second     // when the line is not full
	probeSurely = 8 * time.Second // when it is
	// baseMemory: without fences, the estimate of the shortest round trip grows by this fraction at
	// every answer.
	baseMemory = 2048
	// rateMemory is the factor applied to the rate's sums at each answer. rateMinBytes is the
	// minimum size of an update from which the rate is measured.
	rateMemory   = 0.8
	rateMinBytes = 2 << 10
	// longLine is the round trip above which a line of unknown rate is assumed to have assumedRate.
	longLine    = 15 * time.Millisecond
	assumedRate = 1e6
	// updateTime limits how long one update may keep the line busy.
	updateTime = 250 * time.Millisecond
	minUpdate  = 48 << 10
)

// bytesPerSecond returns the line's rate; 0: unknown and presumably fast.
func (c *congestion) bytesPerSecond() float64 {
	switch {
	case c.serving > 0:
		return c.served / c.serving
	case c.base > longLine, c.base == 0 && c.greeting > longLine:
		return assumedRate
	}
	return 0
}

// largest returns the maximum size of an update in bytes; 0: no limit.
func (c *congestion) largest() int {
	rate := c.bytesPerSecond()
	if rate == 0 {
		return 0
	}
	return max(minUpdate, int(rate*updateTime.Seconds()))
}

func (c *congestion) window() int {
	rate := c.bytesPerSecond()
	if rate == 0 {
		return initialWindow
	}
	return min(maxWindow, max(minWindow, int(rate*(c.base+queueGoal).Seconds())))
}

// full reports whether the next update must wait. An urgent update may exceed the window once.
func (c *congestion) full(urgent bool) bool {
	window := c.window()
	if urgent {
		window *= 2
	}
	return len(c.marks) > 0 && c.inFlight >= window
}

// sent counts an update and returns the payload of the fence that follows it.
func (c *congestion) sent(bytes int, now time.Time) []byte {
	if bytes == 0 {
		c.probeAt = now
	}
	c.seq++
	c.inFlight += bytes
	c.marks = append(c.marks, mark{c.seq, bytes, now})
	return binary.BigEndian.AppendUint64(nil, c.seq)
}

// probe returns the payload of a fence to be sent alone now; nil: none is due.
func (c *congestion) probe(now time.Time) []byte {
	if since := now.Sub(c.probeAt); since < probeEvery || since < probeSurely && 2*c.inFlight > c.window() {
		return nil
	}
	return c.sent(0, now)
}

// answered handles a fence's answer. It ignores repeated answers and unknown payloads.
func (c *congestion) answered(payload []byte, now time.Time) {
	if len(payload) == 8 {
		c.taken(binary.BigEndian.Uint64(payload), now)
	}
}

// asked treats a request as the answer to everything sent before.
func (c *congestion) asked(now time.Time) { c.taken(c.seq, now) }

func (c *congestion) taken(seq uint64, now time.Time) {
	if len(c.marks) == 0 || seq < c.marks[0].seq || seq > c.marks[len(c.marks)-1].seq {
		return
	}
	first, n, bytes := c.marks[0].sent, 0, 0
	for n < len(c.marks) && c.marks[n].seq <= seq {
		bytes += c.marks[n].bytes
		n++
	}
	last := c.marks[n-1]
	c.inFlight -= bytes
	c.marks = append(c.marks[:0], c.marks[n:]...)
	c.measured(max(now.Sub(last.sent), time.Microsecond), last.bytes == 0)
	from := first.Add(c.base)
	if c.answer.After(from) {
		from = c.answer
	}
	c.answer = now
	if busy := now.Sub(from); bytes >= rateMinBytes && busy > 0 {
		c.served = c.served*rateMemory + float64(bytes)
		c.serving = c.serving*rateMemory + max(busy.Seconds(), 100e-6)
	}
}

// measured records the round trip of a lone fence or of one after an update.
func (c *congestion) measured(rtt time.Duration, alone bool) {
	if alone {
		c.probes[c.probed%probeMemory] = rtt
		c.probed++
	}
	switch known := min(c.probed, probeMemory); {
	case alone:
		c.base = slices.Min(c.probes[:known])
	case c.base == 0 || rtt < c.base:
		c.base = rtt
	case known == 0:
		c.base += c.base / baseMemory
	}
}
