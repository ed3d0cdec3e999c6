//go:build linux

package x11

import (
	"errors"
	"testing"
	"time"
)

// Others have the display for at least half of the time, however fast input arrives.
func TestPaceLeavesHalf(t *testing.T) {
	clock, slept := time.Unix(0, 0), time.Duration(0)
	p := pace{now: func() time.Time { return clock }, sleep: func(d time.Duration) { slept += d; clock = clock.Add(d) }}
	failure := errors.New("failure")
	const steps, each = 100, 3 * time.Millisecond
	for range steps {
		if err := p.step(func() error { clock = clock.Add(each); return failure }); err != failure {
			t.Fatal(err)
		}
	}
	if held := steps * each; slept < held-each {
		t.Errorf("others had %v beside %v", slept, held)
	}
	slept = 0
	clock = clock.Add(time.Second)
	_ = p.step(func() error { return nil })
	if slept != 0 {
		t.Errorf("a step after a rest waits %v", slept)
	}
}
