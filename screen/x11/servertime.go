//go:build linux

package x11

import "time"

// serverClock converts the times of X events, which are milliseconds of the server's own clock, to
// times of this computer. Call ask before a request that makes the server send an event with its
// time, and answer with that time. The zero value knows nothing.
type serverClock struct {
	known  bool
	local  time.Time // not later than the moment at which the server's clock showed server
	server uint32
}

func (c *serverClock) ask(now time.Time) { c.local = now }

// answer takes the time of an event that the request caused. Only the first call counts.
func (c *serverClock) answer(server uint32) {
	if !c.known {
		c.known, c.server = true, server
	}
}

// at returns when an event happened, which is never later than now. The result may be early, by as
// long as the request took to reach the server, but not late. Before the answer it is the zero
// time.
func (c *serverClock) at(now time.Time, server uint32) time.Time {
	if !c.known {
		return time.Time{}
	}
	// The server's clock wraps after 49 days.
	when := c.local.Add(time.Duration(int32(server-c.server)) * time.Millisecond)
	if when.After(now) {
		return now
	}
	return when
}
