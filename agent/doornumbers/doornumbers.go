// Package doornumbers issues the numbers for viewers that cannot seal, and for colleagues.
//
// A viewer that cannot seal enters by a door where the gateway opens the seal for it. For that
// the gateway gets a separate number. The agent draws this number when the advisor asks for it
// over the sealed control stream. The number is valid for one view stream by that door and for
// nothing else. So a gateway can neither present such a stream as "sealed" nor open a second one;
// tunnel/PROTOCOL.md, section 9.
//
// A colleague's number is for his own advisor's end. The gateway never gets it, so it stays valid
// after its first use; section 7c.
package doornumbers

import (
	"errors"
	"sync"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// ErrNone means that nobody who knows the session's number asked for that viewer.
var ErrNone = errors.New("agent: a viewer by a door for which no number was given out, or whose number was used")

// Number is a number that was given out for one door, or for one colleague.
type Number struct {
	Digits  tunnel.Number
	expires time.Time // zero: never
	Tries   seal.Tries
	Origins seal.Origins // of a colleague's ends
}

// Numbers holds at most one number for each door and each colleague. The zero value is ready to
// use.
type Numbers struct {
	mu   sync.Mutex
	open map[string]*Number // Guarded by mu; by door.
}

// Colleague returns what stands for the door of the colleague with that account name.
func Colleague(name string) string { return tunnel.DoorColleague + " " + name }

// Issue draws a number for a door that is valid for life; it replaces an older one. It has the same
// place as the session's number and nothing else in common with it. It returns nil if there is no
// session.
func (d *Numbers) Issue(door string, session tunnel.Number, now time.Time, life time.Duration) *Number {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		n, err := tunnel.NewNumber(session.Place())
		if err != nil {
			return nil // no session
		}
		taken := n == session
		for _, other := range d.open {
			taken = taken || n == other.Digits
		}
		if taken {
			continue
		}
		if d.open == nil {
			d.open = map[string]*Number{}
		}
		issued := &Number{Digits: n, expires: now.Add(life)}
		d.open[door] = issued
		return issued
	}
}

// Find returns the number with which a stream by that door must be sealed; nil: there is none.
func (d *Numbers) Find(door string, now time.Time) *Number {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.open[door]
	if n != nil && !n.expires.IsZero() && !now.Before(n.expires) {
		delete(d.open, door)
		return nil
	}
	return n
}

// Keep makes n valid for the rest of the session and reports whether it was valid.
func (d *Numbers) Keep(door string, n *Number) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[door] != n {
		return false
	}
	n.expires = time.Time{}
	return true
}

// DropDoors makes the numbers of all viewers that cannot seal invalid, but not those of colleagues.
func (d *Numbers) DropDoors() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, door := range []string{tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify} {
		delete(d.open, door)
	}
}

// Spend makes n invalid and reports whether it was valid. If two streams seal with n at the
// same time, only one of them is served.
func (d *Numbers) Spend(door string, n *Number) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[door] != n {
		return false
	}
	delete(d.open, door)
	return true
}
