package agent

import (
	"context"
	"errors"
	"net"

	"lotse/consent"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// How a viewer's line is encrypted; tunnel/PROTOCOL.md, section 6.
const (
	lineSealed  = "sealed"  // end to end
	lineGateway = "gateway" // to the gateway, which opens it
)

// Bounds of what is open at once; more calls are not answered.
const (
	maxViewers  = 16
	maxControls = 8
)

// serveStream answers one call: dial, seal, serve.
func (s *Session) serveStream(ctx context.Context, number tunnel.Number, call tunnel.GatewayMessage, tries *seal.Tries) {
	log := s.log.With("kind", call.Kind, "door", call.Door)
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	line, err := s.cfg.Client.DialAgentStream(dialCtx, call.Stream)
	if err != nil {
		log.Info("stream not opened", "reason", err)
		return
	}
	conn, err := seal.Handshake(ctx, line, seal.Agent, seal.Params{
		Number: number.Digits(), Kind: call.Kind, Stream: call.Stream, Tries: tries,
	})
	if err != nil {
		log.Info("stream not sealed", "reason", err)
		if errors.Is(err, seal.ErrBurnt) && call.Door != tunnel.DoorEntering {
			s.setReason(tunnel.ReasonBurnt)
			s.end(tunnel.ReasonBurnt)
		}
		return
	}
	defer conn.Close()
	switch call.Kind {
	case tunnel.KindControl:
		s.serveControl(ctx, conn, call.Door)
	case tunnel.KindView:
		s.serveViewer(ctx, conn, call)
	}
	log.Info("stream ended")
}

// viewer is one RFB connection.
type viewer struct {
	conn       *rfb.Conn
	door, line string
	from       string
}

// serveViewer serves RFB on a sealed stream until it ends.
func (s *Session) serveViewer(ctx context.Context, conn net.Conn, call tunnel.GatewayMessage) {
	v := &viewer{door: call.Door, line: lineSealed, from: call.From}
	if call.Door == tunnel.DoorVNC || call.Door == tunnel.DoorRepeater {
		v.line = lineGateway
	}
	s.mu.Lock()
	if len(s.viewers) >= maxViewers || s.phase == phaseEnded {
		s.mu.Unlock()
		return
	}
	v.conn = rfb.NewConn(conn, rfb.Config{
		Desktop: s.share.desktop, Waiting: s.share.waiting,
		Name:    customer().Host,
		Rights:  rfbRights(s.state.Effective()),
		Approve: func(ctx context.Context, _ rfb.Viewer) error { return s.approveView(ctx) },
		Input:   s.cfg.Display.Input,
		CutText: s.takeClipboard,
		Logger:  s.log,
	})
	s.viewers[v] = struct{}{}
	s.share.want(s.state.Effective().Has(consent.View))
	s.publishLocked()
	s.mu.Unlock()

	err := v.conn.Serve(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, v)
	if len(s.viewers) == 0 {
		s.share.want(false)
		s.applyLocked(consent.Event{Kind: consent.ViewersGone}, byAuto)
	}
	s.publishLocked()
	if err != nil {
		s.log.Info("viewer gone", "reason", err)
	}
}

// eachViewer calls f for every viewer, without the lock.
func (s *Session) eachViewer(f func(*rfb.Conn)) {
	s.mu.Lock()
	conns := make([]*rfb.Conn, 0, len(s.viewers))
	for v := range s.viewers {
		conns = append(conns, v.conn)
	}
	s.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}
