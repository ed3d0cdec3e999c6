package agent

import (
	"context"
	"net"
	"sync"

	"lotse/consent"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// How a viewer's line is encrypted; tunnel/PROTOCOL.md, section 6.
const (
	lineSealed  = "sealed"  // end to end
	linePartly  = "partly"  // end to end to the advisor's computer, from there in the clear
	lineGateway = "gateway" // to the gateway, which opens it
)

// Bounds of what is open at once; more calls are not answered.
const (
	maxViewers  = 16
	maxControls = 8
)

// serveStream answers one call: dial, seal, serve. made is told once whether
// the seal was made.
func (s *Session) serveStream(ctx context.Context, e *entered, call tunnel.GatewayMessage, made chan<- error) {
	log := s.log.With("kind", call.Kind, "door", call.Door)
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	line, err := s.dialer().DialAgentStream(dialCtx, call.Stream)
	if err != nil {
		made <- err
		log.Info("stream not opened", "reason", err)
		return
	}
	conn, err := s.sealStream(ctx, line, e, call)
	made <- err
	if err != nil {
		log.Info("stream not sealed", "reason", err)
		// Burnt by this end's own count; another end's is its own affair. Both ends
		// have proved the number by then, so this was an attack, or an advisor who
		// mistyped it at a helper.
		if e.tries.Burnt() && call.Door != tunnel.DoorEntering {
			s.log.Warn("somebody tried the session's number wrongly; the session ends", "kind", call.Kind, "door", call.Door)
			s.end(tunnel.ReasonBurnt)
		}
		return
	}
	defer conn.Close()
	switch call.Kind {
	case tunnel.KindControl:
		s.serveControl(ctx, conn, call.Door)
	case tunnel.KindView:
		s.serveViewer(ctx, conn, newViewer(conn, call))
	case tunnel.KindShow:
		s.serveShow(ctx, conn)
	}
	log.Info("stream ended")
}

// lineOf is how a viewer's line by that door is encrypted; what is not known
// to be sealed is not called so.
func lineOf(door string) string {
	switch door {
	case tunnel.DoorEntering, tunnel.DoorPage, tunnel.DoorHelper:
		return lineSealed
	}
	return lineGateway
}

// quickClose closes a connection on a goroutine: the farewell to a peer that
// does not read takes seconds, and rights are taken from viewers that must be
// closed as well.
type quickClose struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func newQuickClose(conn net.Conn) *quickClose {
	return &quickClose{Conn: conn, closed: make(chan struct{})}
}

func (q *quickClose) Close() error {
	q.once.Do(func() {
		go func() {
			defer close(q.closed)
			q.Conn.Close()
		}()
	})
	return nil
}

// wait closes it and returns when that is done.
func (q *quickClose) wait() {
	q.Close()
	<-q.closed
}

// viewer is one RFB connection.
type viewer struct {
	conn       *rfb.Conn
	door, line string
	from       string
	code       string // of the exchange that its stream goes back to; "" at a door
	in         bool   // let in: behind the handshake; guarded by the session's mu
}

// newViewer says of a viewer what is known by its stream.
func newViewer(conn *seal.Conn, call tunnel.GatewayMessage) *viewer {
	v := &viewer{door: short(call.Door), line: lineOf(call.Door), from: short(call.From)}
	if v.line == lineSealed {
		v.code = conn.Compare()
		if conn.Onward() {
			v.line = linePartly
		}
	}
	return v
}

// serveViewer serves RFB on a sealed stream until it ends.
func (s *Session) serveViewer(ctx context.Context, conn net.Conn, v *viewer) {
	line := newQuickClose(conn)
	defer line.wait()
	s.mu.Lock()
	if len(s.viewers) >= maxViewers || s.phase == phaseEnded {
		s.mu.Unlock()
		return
	}
	v.conn = rfb.NewConn(line, rfb.Config{
		Desktop: s.share.desktop, Waiting: s.share.waiting,
		Name:   s.viewerNameLocked(),
		Rights: rfbRights(s.state.Effective()),
		Approve: func(ctx context.Context, _ rfb.Viewer) error {
			err := s.approveView(ctx)
			s.mu.Lock()
			defer s.mu.Unlock()
			if v.in = err == nil; v.in {
				s.publishLocked() // wishes that need somebody who watches count now
			}
			return err
		},
		Photos:  &s.share.photos,
		Ready:   s.share.takerReady,
		Input:   s.guard,
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
	}
	// Who is still at the door does not keep what was given to those inside.
	if !s.watchedLocked() {
		s.applyLocked(consent.Event{Kind: consent.ViewersGone}, byAuto)
	}
	s.publishLocked()
	if err != nil {
		s.log.Info("viewer gone", "reason", err)
	}
}

// watchedLocked reports whether a viewer was let in and is there.
func (s *Session) watchedLocked() bool {
	for v := range s.viewers {
		if v.in {
			return true
		}
	}
	return false
}

// eachViewer calls f for every viewer, without the lock.
func (s *Session) eachViewer(f func(*rfb.Conn)) {
	for _, c := range s.conns() {
		f(c)
	}
}

// conns are the viewers' connections.
func (s *Session) conns() []*rfb.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*rfb.Conn, 0, len(s.viewers))
	for v := range s.viewers {
		conns = append(conns, v.conn)
	}
	return conns
}
