package rfb

import (
	"math/rand/v2"
	"testing"
	"time"
)

// lineModel is a line that transmits updates one after the other.
type lineModel struct {
	rate  float64
	delay time.Duration
	free  time.Time
}

func (l *lineModel) answered(bytes int, sent time.Time) time.Time {
	begin := sent.Add(l.delay)
	if l.free.After(begin) {
		begin = l.free
	}
	l.free = begin.Add(time.Duration(float64(bytes) / l.rate * float64(time.Second)))
	return l.free.Add(l.delay)
}

// The rate is measured to within a tenth for all sizes of updates, and the queue remains short.
func TestCongestionFindsTheRate(t *testing.T) {
	for name, l := range map[string]lineModel{
		"5 Mbit/s, 50 ms":  {rate: 625e3, delay: 50 * time.Millisecond},
		"20 Mbit/s, 20 ms": {rate: 2.5e6, delay: 20 * time.Millisecond},
		"1 Mbit/s, 5 ms":   {rate: 125e3, delay: 5 * time.Millisecond},
	} {
		rnd := rand.New(rand.NewPCG(1, 1))
		var c congestion
		now := time.Unix(1000, 0)
		type answer struct {
			at      time.Time
			payload []byte
		}
		var under []answer
		send := func(bytes int) { under = append(under, answer{l.answered(bytes, now), c.sent(bytes, now)}) }
		send(0)
		var worst time.Duration
		for step := range 4000 {
			for len(under) > 0 && !under[0].at.After(now) {
				c.answered(under[0].payload, under[0].at)
				under = under[1:]
			}
			if !c.full(false) {
				if step > 1000 {
					worst = max(worst, l.free.Sub(now.Add(l.delay)))
				}
				send(100 + rnd.IntN(20000))
			}
			now = now.Add(5 * time.Millisecond)
		}
		if got := c.bytesPerSecond(); got < l.rate*0.9 || got > l.rate*1.1 {
			t.Errorf("%s: rate %.0f, want %.0f", name, got, l.rate)
		}
		// Before an update is sent, at most queueGoal of data is queued, in addition to what was
		// counted in whole updates.
		if limit := queueGoal + time.Duration(3*20000/l.rate*1e9); worst > limit {
			t.Errorf("%s: %v waited before an update, want at most %v", name, worst, limit)
		}
	}
}

// Five minutes of updates of one size, with many in flight, do not make the line look faster than
// it is. A longer round trip is noticed.
func TestCongestionKeepsTheRate(t *testing.T) {
	l := lineModel{rate: 625e3, delay: 50 * time.Millisecond}
	var c congestion
	now := time.Unix(1000, 0)
	type answer struct {
		at      time.Time
		payload []byte
	}
	var under []answer
	send := func(bytes int) { under = append(under, answer{l.answered(bytes, now), c.sent(bytes, now)}) }
	send(0)
	for tick := range 10 * 60 * 30 {
		for len(under) > 0 && !under[0].at.After(now) {
			c.answered(under[0].payload, under[0].at)
			under = under[1:]
		}
		if payload := c.probe(now); payload != nil {
			under = append(under, answer{l.answered(0, now), payload})
		}
		if !c.full(false) {
			send(8000)
		}
		now = now.Add(time.Second / 30)
		if got := c.bytesPerSecond(); tick > 60 && l.delay < 60*time.Millisecond && (got < 500e3 || got > 750e3) {
			t.Fatalf("after %d updates: rate %.0f, want 625000", tick, got)
		}
		if tick == 5*60*30 {
			l.delay = 100 * time.Millisecond
		}
	}
	if c.base < 190*time.Millisecond || c.base > 230*time.Millisecond {
		t.Errorf("base %v, want about 200 ms", c.base)
	}
	if got := c.bytesPerSecond(); got < 500e3 || got > 750e3 {
		t.Errorf("rate %.0f on the longer line, want 625000", got)
	}
}

// Unknown, repeated or out-of-order answers are ignored.
func TestCongestionForeignAnswers(t *testing.T) {
	var c congestion
	now := time.Unix(1, 0)
	first, second := c.sent(1000, now), c.sent(2000, now)
	for _, payload := range [][]byte{nil, []byte("a"), make([]byte, 8), {9, 9, 9, 9, 9, 9, 9, 9}} {
		c.answered(payload, now)
	}
	if c.inFlight != 3000 {
		t.Fatalf("%d in flight", c.inFlight)
	}
	c.answered(second, now)
	c.answered(first, now)
	if c.inFlight != 0 || len(c.marks) != 0 {
		t.Fatalf("%d in flight, %d marks", c.inFlight, len(c.marks))
	}
}

// The level falls with the line's rate and never exceeds the viewer's.
func TestQualityFollowsTheLine(t *testing.T) {
	var cost photoCost
	last := 9
	for _, rate := range []float64{0, 20e6, 5e6, 2.5e6, 625e3, 100e3} {
		for limit := range 10 {
			if l := cost.level(limit, 1280*720, 0, &pace{bytesPerSecond: rate, frame: frameTime}); l > limit || l < 0 {
				t.Errorf("rate %.0f, limit %d: level %d", rate, limit, l)
			}
		}
		l := cost.level(9, 1280*720, 0, &pace{bytesPerSecond: rate, frame: frameTime})
		if l > last {
			t.Errorf("rate %.0f: level %d after %d", rate, l, last)
		}
		last = l
	}
	if last != 1 {
		t.Errorf("the slowest line gets level %d", last)
	}
	if l := cost.level(-1, 100, 0, &pace{bytesPerSecond: 1}); l != -1 {
		t.Errorf("no loss allowed, level %d", l)
	}
}
