package agent

import (
	"context"

	"lotse/tunnel"
)

// call is a call of the gateway to one stream.
type call struct {
	tunnel.GatewayMessage
	session *Session
	entered *entered
}

// serve answers the call: it connects, seals the stream and serves it until it ends. It sends
// one value to made: nil if the stream was sealed, otherwise the reason.
func (c *call) serve(ctx context.Context, made chan<- error) {
	s := c.session
	log := s.log.tunnel.With("kind", c.Kind, "door", c.Door)
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	line, err := s.now().client.DialAgentStream(dialCtx, c.Stream)
	if err != nil {
		made <- err
		log.Info("stream not opened", "reason", err)
		s.cfg.Trace.Stream("stream not opened", c.GatewayMessage, err)
		return
	}
	conn, number, err := c.seal(ctx, line)
	made <- err
	if err != nil {
		log := s.log.seal.With("kind", c.Kind, "door", c.Door)
		log.Info("stream not sealed", "reason", err)
		s.cfg.Trace.Stream("stream not sealed", c.GatewayMessage, err)
		// Only the wrong tries that this end counted end the session, not those of another end.
		// Both ends have proved the number by then. So this was an attack, or an advisor who
		// mistyped the number in his helper.
		if c.entered.tries.Burnt() && c.Door != tunnel.DoorEntering {
			log.Warn("somebody tried the session's number wrongly; the session ends")
			s.send(ending{tunnel.ReasonBurnt})
		}
		return
	}
	defer conn.Close()
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	e := &arrived{call: c, number: number, leave: leave}
	if s.send(e); e.party == nil {
		log.Info("stream not served; its number is not used any more, or is not for this kind of stream")
		return
	}
	defer s.send(departed{c, e.party})
	s.cfg.Trace.Stream("stream opened", c.GatewayMessage, nil)
	switch c.Kind {
	case tunnel.KindControl:
		s.serveControl(ctx, conn, c.Door, e.party)
	case tunnel.KindView:
		s.serveViewer(ctx, conn, newViewer(conn, c.GatewayMessage, e.party))
	case tunnel.KindShow:
		s.serveShow(ctx, conn)
	case tunnel.KindFile:
		serveFile(ctx, s, conn)
	case tunnel.KindRecord:
		serveRecord(ctx, s, conn)
	}
	log.Info("stream ended")
	s.cfg.Trace.Stream("stream ended", c.GatewayMessage, ctx.Err())
}
