package agent

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// A viewer that cannot seal enters by a door where the gateway opens the seal for it. For that
// the gateway gets a separate number. The agent draws this number when the advisor asks for it
// over the sealed control stream. The number is valid for one view stream by that door and for
// nothing else. So a gateway can neither present such a stream as "sealed" nor open a second one;
// tunnel/PROTOCOL.md, section 9.

// errNoDoorNumber means that nobody who knows the session's number asked for that viewer.
var errNoDoorNumber = errors.New("agent: a viewer by a door for which no number was given out, or whose number was used")

// doorNumber is the number that was given out for one door.
type doorNumber struct {
	number  tunnel.Number
	expires time.Time
	tries   seal.Tries
}

// doorNumbers holds at most one number for each door. The zero value is ready to use.
type doorNumbers struct {
	mu   sync.Mutex
	open map[string]*doorNumber // Guarded by mu; by door.
}

// issue draws a number for a door; it replaces an older one. It has the same place as the
// session's number and nothing else in common with it. It returns a zero number if there is no
// session.
func (d *doorNumbers) issue(door string, session tunnel.Number, now time.Time) tunnel.Number {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		n, err := tunnel.NewNumber(session.Place())
		if err != nil {
			return tunnel.Number{} // no session
		}
		taken := n == session
		for _, other := range d.open {
			taken = taken || n == other.number
		}
		if taken {
			continue
		}
		if d.open == nil {
			d.open = map[string]*doorNumber{}
		}
		d.open[door] = &doorNumber{number: n, expires: now.Add(tunnel.DoorNumberLife)}
		return n
	}
}

// find returns the number with which a stream by that door must be sealed; nil: there is none.
func (d *doorNumbers) find(door string, now time.Time) *doorNumber {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.open[door]
	if n != nil && !now.Before(n.expires) {
		delete(d.open, door)
		return nil
	}
	return n
}

// spend makes n invalid and reports whether it was valid. If two streams seal with n at the
// same time, only one of them is served.
func (d *doorNumbers) spend(door string, n *doorNumber) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[door] != n {
		return false
	}
	delete(d.open, door)
	return true
}

// giveDoorNumber answers an advisor's request for a viewer that cannot seal. Only the end that
// asked gets the number.
func (s *Session) giveDoorNumber(c *control, door string) {
	switch door {
	case tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify:
	default:
		return
	}
	n := s.doors.issue(door, s.now().number, time.Now())
	if n.IsZero() {
		return
	}
	s.log.seal.Info("number given out for one viewer", "door", door)
	c.send(tunnel.DoorNumber{Door: door, Number: n.Digits(), Seconds: int(tunnel.DoorNumberLife / time.Second)})
}

// seal seals the stream with the number for its door. For a line that is called sealed, that is
// the session's number; for any other line, it is the door's own. So the customer need not
// trust the gateway for what he is told about a line.
func (c *call) seal(ctx context.Context, line net.Conn) (conn *seal.Conn, err error) {
	s, began := c.session, time.Now()
	defer func() {
		if err == nil {
			s.log.seal.Info("stream sealed", "kind", c.Kind, "door", c.Door, "took", time.Since(began))
		}
	}()
	p := seal.Params{Number: c.entered.number.Digits(), Kind: c.Kind, Stream: c.Stream, Tries: c.entered.tries, Origins: c.entered.origins}
	if lineOf(c.Door) == LineSealed {
		return seal.Handshake(ctx, line, seal.Agent, p)
	}
	d := s.doors.find(c.Door, time.Now())
	if d == nil || c.Kind != tunnel.KindView { // these doors allow no other stream
		seal.Refuse(ctx, line)
		return nil, errNoDoorNumber
	}
	// No later stream may be based on this exchange.
	p.Number, p.Tries, p.Origins = d.number.Digits(), &d.tries, nil
	conn, err = seal.Handshake(ctx, line, seal.Agent, p)
	switch {
	case err == nil && !s.doors.spend(c.Door, d):
		conn.Close()
		return nil, errNoDoorNumber
	case err != nil && d.tries.Burnt() && s.doors.spend(c.Door, d):
		s.log.seal.Warn("a viewer's number was tried wrongly three times and is not used any more; the session goes on", "door", c.Door)
		s.send(doorBurnt{c.Door})
	}
	return conn, err
}
