package agent

import (
	"context"
	"net"
	"time"

	"lotse/agent/doornumbers"
	"lotse/seal"
	"lotse/tunnel"
)

// giveDoorNumber answers an advisor's request for a viewer that cannot seal. Only the end that
// asked gets the number.
func giveDoorNumber(s *Session, c *control, door string) {
	switch door {
	case tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify:
	default:
		return
	}
	n := s.doors.Issue(door, s.now().number, time.Now())
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
	d := s.doors.Find(c.Door, time.Now())
	if d == nil || c.Kind != tunnel.KindView { // these doors allow no other stream
		seal.Refuse(ctx, line)
		return nil, doornumbers.ErrNone
	}
	// No later stream may be based on this exchange.
	p.Number, p.Tries, p.Origins = d.Digits.Digits(), &d.Tries, nil
	conn, err = seal.Handshake(ctx, line, seal.Agent, p)
	switch {
	case err == nil && !s.doors.Spend(c.Door, d):
		conn.Close()
		return nil, doornumbers.ErrNone
	case err != nil && d.Tries.Burnt() && s.doors.Spend(c.Door, d):
		s.log.seal.Warn("a viewer's number was tried wrongly three times and is not used any more; the session goes on", "door", c.Door)
		s.send(doorBurnt{c.Door})
	}
	return conn, err
}
