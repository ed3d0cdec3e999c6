package rfb

import (
	"encoding/binary"
	"time"
)

// congestion decides how many bytes may be on their way to a viewer, from the
// time that fences take to come back: on a line that is full they take longer,
// so the window shrinks before queues of pictures grow. Without fences it
// allows everything and leaves pacing to the transport.
type congestion struct {
	window   int
	inFlight int
	base     time.Duration // the shortest round trip seen
	marks    []mark        // in order of sending, oldest first
	seq      uint64
}

type mark struct {
	seq   uint64
	bytes int
	sent  time.Time
}

const (
	initialWindow = 256 << 10
	minWindow     = 32 << 10
	maxWindow     = 8 << 20
	// queueGoal is how much longer than the shortest a round trip may take
	// before the line counts as full.
	queueGoal = 40 * time.Millisecond
	// baseMemory: the shortest round trip is forgotten by this share at every
	// answer, so that a line which became longer is noticed.
	baseMemory = 512
)

// full reports whether the next update must wait.
func (c *congestion) full() bool {
	return len(c.marks) > 0 && c.inFlight >= max(c.window, minWindow)
}

// sent counts an update and returns the payload of the fence behind it.
func (c *congestion) sent(bytes int, now time.Time) []byte {
	if c.window == 0 {
		c.window = initialWindow
	}
	c.seq++
	c.inFlight += bytes
	c.marks = append(c.marks, mark{c.seq, bytes, now})
	return binary.BigEndian.AppendUint64(nil, c.seq)
}

// answered takes a fence's answer; others' payloads and repeats change nothing.
func (c *congestion) answered(payload []byte, now time.Time) {
	if len(payload) != 8 || len(c.marks) == 0 {
		return
	}
	seq := binary.BigEndian.Uint64(payload)
	if seq < c.marks[0].seq || seq > c.marks[len(c.marks)-1].seq {
		return
	}
	var last mark
	n := 0
	for n < len(c.marks) && c.marks[n].seq <= seq {
		last = c.marks[n]
		c.inFlight -= last.bytes
		n++
	}
	c.marks = append(c.marks[:0], c.marks[n:]...)
	rtt := now.Sub(last.sent)
	if c.base == 0 || rtt < c.base {
		c.base = max(rtt, time.Microsecond)
	} else {
		c.base += c.base / baseMemory
	}
	switch queued := rtt - c.base; {
	case queued > 2*queueGoal:
		c.window = max(minWindow, c.window*3/4)
	case queued < queueGoal/2:
		c.window = min(maxWindow, c.window+c.window/8)
	}
}
