package agent

import (
	"context"
	"net"
	"sync"
	"time"

	"lotse/consent"
	"lotse/seal"
	"lotse/tunnel"
)

// control is one control stream: the advisor's page or program.
type control struct {
	conn *tunnel.ControlConn
	out  chan tunnel.ControlMessage
	quit chan struct{}
	once sync.Once
}

// maxControlQueue is how many messages may wait for an advisor's end that does
// not read; then it is cut off and may come again.
const maxControlQueue = 64

const (
	controlsPerSecond = 20
	byeTimeout        = time.Second
)

// send queues m; it never blocks.
func (c *control) send(m tunnel.ControlMessage) {
	select {
	case c.out <- m:
	default:
		c.conn.Close()
	}
}

// end has the stream closed after what is queued.
func (c *control) end() { c.once.Do(func() { close(c.quit) }) }

// serveControl exchanges control messages until the stream ends.
// The customer compares codes with whoever came last, but for a helper that
// came beside another end.
func (s *Session) serveControl(ctx context.Context, conn *seal.Conn, door string) {
	c := &control{conn: tunnel.NewControlConn(conn), out: make(chan tunnel.ControlMessage, maxControlQueue), quit: make(chan struct{})}
	defer c.conn.Close()
	c.send(tunnel.AgentHello{Version: s.cfg.Version, Customer: customer(), Answer: string(s.cfg.Answer)})
	s.mu.Lock()
	if len(s.controls) >= maxControls || s.phase == phaseEnded {
		s.mu.Unlock()
		return
	}
	if door != tunnel.DoorHelper || len(s.controls) == 0 {
		s.compare = conn.Compare()
	}
	s.controls[c] = struct{}{}
	c.send(s.stateLocked())
	s.publishLocked()
	s.mu.Unlock()

	written := make(chan struct{})
	go func() {
		defer close(written)
		c.writeLoop(conn)
	}()
	// The session's end is said before the stream is cut.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(byeTimeout, func() { c.conn.Close() }) })
	s.readControl(c)
	stop()
	c.end()
	c.conn.Close()
	<-written

	s.mu.Lock()
	delete(s.controls, c)
	s.mu.Unlock()
}

func (c *control) writeLoop(conn net.Conn) {
	defer c.conn.Close()
	for {
		select {
		case m := <-c.out:
			if c.conn.Send(m) != nil {
				return
			}
		case <-c.quit:
			for {
				select {
				case m := <-c.out:
					if c.conn.Send(m) != nil {
						return
					}
				default:
					return
				}
			}
		}
	}
}

// readControl obeys the advisor's messages; what he may not do does nothing.
func (s *Session) readControl(c *control) {
	var window time.Time
	count := 0
	for {
		m, err := c.conn.Receive()
		if err != nil {
			return
		}
		if now := time.Now(); now.Sub(window) > time.Second {
			window, count = now, 0
		}
		if count++; count > controlsPerSecond {
			s.log.Warn("advisor's end sends too much; stream closed")
			return
		}
		switch m := m.(type) {
		case tunnel.Ask:
			if r, ok := consent.ParseRight(m.Right); ok {
				s.apply(consent.Event{Kind: consent.Ask, Right: r}, byAdvisor)
			}
		case tunnel.Return:
			if r, ok := consent.ParseRight(m.Right); ok {
				s.apply(consent.Event{Kind: consent.Withdraw, Right: r}, byAdvisor)
				s.apply(consent.Event{Kind: consent.Return, Right: r}, byAdvisor)
			}
		case tunnel.End:
			s.end(tunnel.ReasonAdvisor)
			return
		}
	}
}
