package agent

import (
	"context"
	"net"
	"time"

	"lotse/agent/doornumbers"
	"lotse/seal"
	"lotse/tunnel"
)

// doorWanted is an advisor's request for a viewer that cannot seal. Only the end that asked gets
// the number.
type doorWanted struct {
	door string
	from *control
}

func (e doorWanted) in(st *state) {
	switch e.door {
	case tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify:
	default:
		return
	}
	if e.from.party != st.controls.parties.Lead {
		return
	}
	n := st.session.doors.Issue(e.door, st.number, time.Now(), tunnel.DoorNumberLife)
	if n == nil {
		return
	}
	st.session.log.seal.Info("number given out for one viewer", "door", e.door)
	e.from.send(tunnel.DoorNumber{Door: e.door, Number: n.Digits.Digits(), Seconds: int(tunnel.DoorNumberLife / time.Second)})
}

// seal seals the stream with the number for its door. For a line that is called sealed, that is
// the session's number, or a colleague's own; for any other line, it is the door's own. So the
// customer need not trust the gateway for what he is told about a line. colleague is the number, if
// it is a colleague's.
func (c *call) seal(ctx context.Context, line net.Conn) (conn *seal.Conn, colleague *doornumbers.Number, err error) {
	s, began := c.session, time.Now()
	defer func() {
		if err == nil {
			s.log.seal.Info("stream sealed", "kind", c.Kind, "door", c.Door, "took", time.Since(began))
		}
	}()
	p := seal.Params{Number: c.entered.number.Digits(), Kind: c.Kind, Stream: c.Stream, Tries: c.entered.tries, Origins: c.entered.origins}
	if c.Door == tunnel.DoorColleague {
		return c.sealColleague(ctx, line, p)
	}
	if lineOf(c.Door) == LineSealed {
		conn, err = seal.Handshake(ctx, line, seal.Agent, p)
		return conn, nil, err
	}
	d := s.doors.Find(c.Door, time.Now())
	if d == nil || c.Kind != tunnel.KindView { // these doors allow no other stream
		seal.Refuse(ctx, line)
		return nil, nil, doornumbers.ErrNone
	}
	// No later stream may be based on this exchange.
	p.Number, p.Tries, p.Origins = d.Digits.Digits(), &d.Tries, nil
	conn, err = seal.Handshake(ctx, line, seal.Agent, p)
	switch {
	case err == nil && !s.doors.Spend(c.Door, d):
		conn.Close()
		return nil, nil, doornumbers.ErrNone
	case err != nil && d.Tries.Burnt() && s.doors.Spend(c.Door, d):
		s.log.seal.Warn("a viewer's number was tried wrongly three times and is not used any more; the session goes on", "door", c.Door)
		s.send(doorBurnt{c.Door})
	}
	return conn, nil, err
}

// sealColleague seals the stream with the number of the colleague for whose account the gateway
// calls.
func (c *call) sealColleague(ctx context.Context, line net.Conn, p seal.Params) (*seal.Conn, *doornumbers.Number, error) {
	s, key := c.session, ""
	if c.Advisor != nil {
		key = doornumbers.Colleague(short(c.Advisor.Name))
	}
	n := s.doors.Find(key, time.Now())
	if n == nil {
		seal.Refuse(ctx, line)
		return nil, nil, doornumbers.ErrNone
	}
	p.Number, p.Tries, p.Origins = n.Digits.Digits(), &n.Tries, &n.Origins
	conn, err := seal.Handshake(ctx, line, seal.Agent, p)
	switch {
	case err == nil && !s.doors.Keep(key, n):
		conn.Close()
		return nil, nil, doornumbers.ErrNone
	case err != nil && n.Tries.Burnt() && s.doors.Spend(key, n):
		s.log.seal.Warn("a colleague's number was tried wrongly too often and is not used any more")
		s.send(colleagueBurnt{n})
	}
	return conn, n, err
}
