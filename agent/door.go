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

// A viewer that cannot seal comes by a door at which the gateway opens the seal
// for it. For that the gateway gets a number of its own: drawn here, asked for by
// the advisor over the sealed control stream, good for one view stream by that
// door and for nothing else. With it a gateway can neither label a stream
// "sealed" nor open a second one; tunnel/PROTOCOL.md, section 9.

// errNoDoorNumber: nobody who knows the session's number wished for that viewer.
var errNoDoorNumber = errors.New("agent: a viewer by a door for which no number was given out, or whose number was used")

// doorNumber is what was given out for one door.
type doorNumber struct {
	number  tunnel.Number
	expires time.Time
	tries   seal.Tries
}

// doorNumbers holds at most one number for each door. The zero value is ready.
type doorNumbers struct {
	mu   sync.Mutex
	open map[string]*doorNumber // Guarded by mu; by door.
}

// issue draws a number for a door in place of an older one. It shares the place
// with the session's number and with it nothing else.
func (d *doorNumbers) issue(door string, session tunnel.Number, now time.Time) tunnel.Number {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		n, err := tunnel.NewNumber(session.Place())
		if err != nil {
			return tunnel.Number{} // no session, no number
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

// find returns the number that a stream by that door must be sealed with.
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

// spend takes n out of use; false when it was so already. Of two streams that
// seal with it at the same time one is served.
func (d *doorNumbers) spend(door string, n *doorNumber) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[door] != n {
		return false
	}
	delete(d.open, door)
	return true
}

// giveDoorNumber answers an advisor's wish for a viewer that cannot seal. Only
// the end that asked is told the number.
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

// seal seals the stream with the number that its door takes: the session's where the
// line is called sealed, and the door's own where it is not. So what the customer is told
// of a line does not rest on the gateway's word.
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
	if d == nil || c.Kind != tunnel.KindView { // wishes are not taken by these doors
		seal.Refuse(ctx, line)
		return nil, errNoDoorNumber
	}
	// Nothing goes back to such an exchange.
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
