package agent

import (
	"context"
	"sync"
	"time"

	"lotse/consent"
	"lotse/seal"
	"lotse/tunnel"
)

// control is one control stream: the advisor's page or program.
type control struct {
	conn    *tunnel.ControlConn
	out     chan tunnel.ControlMessage
	quit    chan struct{} // closed: nothing more will be queued
	once    sync.Once
	cut     chan struct{} // closed: the stream is cut off
	cutOnce sync.Once
	written chan struct{} // closed when the writer is gone
}

// maxControlQueue is how many messages may wait for an advisor's end that does
// not read; then it is cut off and may come again.
const maxControlQueue = 64

const (
	controlsPerSecond = 20
	byeTimeout        = time.Second
)

// send queues m. It never blocks: the session's lock is held, and closing the
// stream of an end that does not read takes time.
func (c *control) send(m tunnel.ControlMessage) {
	select {
	case c.out <- m:
	default:
		c.cutOnce.Do(func() { close(c.cut) })
	}
}

// end has the stream closed after what is queued.
func (c *control) end() { c.once.Do(func() { close(c.quit) }) }

// serveControl exchanges control messages until the stream ends.
// The customer compares codes with whoever came last, but for a helper that
// came beside another end.
func (s *Session) serveControl(ctx context.Context, conn *seal.Conn, door string) {
	c := &control{conn: tunnel.NewControlConn(conn), out: make(chan tunnel.ControlMessage, maxControlQueue),
		quit: make(chan struct{}), cut: make(chan struct{}), written: make(chan struct{})}
	defer c.conn.Close()
	s.mu.Lock()
	c.send(s.helloLocked())
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

	go func() {
		defer close(c.written)
		c.writeLoop()
	}()
	var cutter sync.WaitGroup
	over := make(chan struct{})
	cutter.Go(func() { c.cutWhen(ctx, over) })
	s.awaitJoined(ctx, c.cut)
	s.readControl(c)
	c.end()
	close(over)
	c.conn.Close()
	<-c.written
	cutter.Wait()

	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.controls, c)
	if len(s.controls) == 0 && len(s.viewers) == 0 {
		// Nobody is left who wished for anything.
		for _, r := range consent.All {
			s.applyLocked(consent.Event{Kind: consent.Withdraw, Right: r}, byAuto)
		}
	}
}

// awaitJoined waits until the customer is in the session: the gateway says it on another
// line, so a wish can be here first, and would be lost. It ends with the session as well;
// whoever ends that says so on the stream, and then closes it.
func (s *Session) awaitJoined(ctx context.Context, cut <-chan struct{}) {
	for {
		s.mu.Lock()
		phase, changed := s.state.Phase, s.changed
		s.mu.Unlock()
		if phase == consent.Joined || phase == consent.Over {
			return
		}
		select {
		case <-changed:
		case <-cut:
			return
		case <-ctx.Done():
			return
		}
	}
}

// cutWhen closes the stream when it is cut off, or when ctx ended and the end
// had its time to be said.
func (c *control) cutWhen(ctx context.Context, over <-chan struct{}) {
	select {
	case <-over:
	case <-c.cut:
	case <-ctx.Done():
		timer := time.NewTimer(byeTimeout)
		defer timer.Stop()
		select {
		case <-over:
		case <-c.cut:
		case <-timer.C:
		}
	}
	c.conn.Close()
}

func (c *control) writeLoop() {
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
				s.ask(r)
			}
		case tunnel.AskDoor:
			s.giveDoorNumber(c, m.Door)
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

// ask is the advisor's wish. Control and clipboard are for somebody who is
// there: given to nobody, they would wait for whoever comes. Without a viewer they are
// refused, and the advisor is told.
func (s *Session) ask(r consent.Right) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r == consent.Show {
		return // a show stream asks for it
	}
	if r == consent.Files || r != consent.View && !s.watchedLocked() { // files are reserved
		for ctl := range s.controls {
			ctl.send(tunnel.Event{Event: outcomeNames[consent.Refused], Right: r.String(), By: byAuto})
		}
		return
	}
	s.applyLocked(consent.Event{Kind: consent.Ask, Right: r}, byAdvisor)
	if s.state.Asked.Has(r) && s.state.Delayed.Has(r) {
		wait := int((s.refusals.wait(r) + time.Second - 1) / time.Second)
		for ctl := range s.controls {
			ctl.send(tunnel.Event{Event: tunnel.EventDelayed, Right: r.String(), By: byAuto, Seconds: wait})
		}
	}
}

// can lists what is worth asking for.
func (s *Session) can() []string {
	rights := []string{consent.View.String(), consent.Control.String(), consent.Show.String()}
	if s.cfg.Display.Clipboard != nil {
		rights = append(rights, consent.Clipboard.String())
	}
	if s.cfg.Display.Windows != nil {
		rights = append(rights, consent.Share.String())
	}
	return rights
}
