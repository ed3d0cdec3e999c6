//go:build linux

package x11

import (
	"testing"
	"time"
)

// TestServerClock checks that an event has the time at which it happened, even if it is handled
// much later.
func TestServerClock(t *testing.T) {
	const ms = time.Millisecond
	start := time.Now()
	var c serverClock
	if at := c.at(start, 5); !at.IsZero() {
		t.Errorf("without a known time an event happened at %v", at)
	}
	c.ask(start)
	c.answer(0xffff_ff00)
	c.answer(7) // another client may cause such an event later
	for _, test := range []struct {
		server uint32
		now    time.Duration
		want   time.Duration
	}{
		{0xffff_ff00, 900 * ms, 0},
		{0xffff_ff80, 900 * ms, 128 * ms},
		{400, 5000 * ms, 656 * ms}, // the clock has wrapped
		{400, 100 * ms, 100 * ms},  // never in the future
		{0xffff_fe9c, 900 * ms, -100 * ms},
	} {
		if got := c.at(start.Add(test.now), test.server).Sub(start); got != test.want {
			t.Errorf("server's time %#x, handled after %v: %v, want %v", test.server, test.now, got, test.want)
		}
	}
}
