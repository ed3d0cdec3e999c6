package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"lotse/gateway/audit"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// openInside calls the session's agent to a view stream. The gateway itself is the advisor's end;
// openInside returns that end, not sealed yet.
func (d *directory) openInside(s *session, door, from string) (conn net.Conn, id string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, "", errClosed
	case s.state != tunnel.StateJoined:
		return nil, "", errNotJoined
	case len(s.streams) >= d.cfg.Limits.StreamsPerSession:
		return nil, "", errTooMany
	}
	st := d.callLocked(s, s.account, tunnel.KindView, door, from)
	st.taken[sideB] = true
	outer, inner := net.Pipe()
	if !d.tasks.start(func() { st.run(sideB, outer) }) {
		return nil, "", errClosed
	}
	return inner, st.id, nil
}

// callLocked makes a stream for an advisor and calls the agent to it.
func (d *directory) callLocked(s *session, account, kind, door, from string) *stream {
	st := newStream(d, s, kind, door)
	st.account = account
	d.streams[st.id], s.streams[st.id] = st, st
	advisor := s.advisor
	if account != s.account {
		advisor = s.colleagues[account]
	}
	s.agent.send(tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: st.id, Kind: kind, Door: door, From: from, Advisor: &advisor})
	d.metrics.streams.Add(1)
	d.audit.Record(audit.Record{Event: audit.Stream, Account: account, Session: s.id, From: from, Kind: kind, Door: door})
	return st
}

// Refusals for a viewer that was admitted but cannot be connected to the agent.
var (
	errViewNotJoined = rfb.Refusal{Reason: "No customer is in this session at the moment."}
	errViewTooMany   = rfb.Refusal{Reason: "Too many viewers and lines are open in this session."}
	errViewNumber    = rfb.Refusal{Reason: "The customer's program does not take this viewer's number, or no longer. Ask for a new password."}
	errViewLost      = rfb.Refusal{Reason: "The customer's end cannot be reached; please try again."}
)

// serveViewer connects an admitted viewer to the session's agent and returns when either
// disconnects. The caller closes the viewer's connection.
func (s *doors) serveViewer(ctx context.Context, k *rfb.ServerHandshake, sess *session, number tunnel.Number, door string, from netip.Addr) {
	_ = k.Conn.SetDeadline(time.Now().Add(viewerStep))
	prove(counted(k.Conn))
	log := s.log.rfb.With("session", sess.id, "door", door, "from", from.String())
	agent, err := s.sealInside(ctx, sess, number, door, from)
	if err != nil {
		log.Info("viewer not joined", "reason", err)
		k.Refuse(err)
		return
	}
	defer agent.Close()
	// From here on the viewer waits for the customer's answer, without a deadline.
	_ = k.Conn.SetDeadline(time.Time{})
	var up sync.WaitGroup
	up.Go(func() {
		// Copying starts before the customer has answered, so that a viewer which disconnects
		// withdraws the question.
		_, err := io.Copy(agent, k.Conn)
		if err != nil || agent.CloseWrite() != nil {
			_ = agent.Close()
			return
		}
		_ = agent.SetReadDeadline(time.Now().Add(farewell))
	})
	defer up.Wait()
	defer k.Conn.Close()
	err = rfb.ReadResult(agent)
	if err != nil {
		log.Info("viewer refused by the customer's end", "reason", err)
		if r := (rfb.Refusal{}); !errors.As(err, &r) {
			err = errViewLost
		}
		_ = k.Conn.SetWriteDeadline(time.Now().Add(farewell))
		k.Refuse(err)
		return
	}
	if k.Result() != nil {
		return
	}
	log.Info("viewer joined")
	_, _ = io.Copy(k.Conn, agent)
	log.Info("viewer left")
}

// sealInside connects to the agent, seals as the advisor, and runs RFB up to the point where the
// customer is asked. Its errors are Refusals.
func (s *doors) sealInside(ctx context.Context, sess *session, number tunnel.Number, door string, from netip.Addr) (*seal.Conn, error) {
	line, id, err := s.dir.openInside(sess, door, from.String())
	switch {
	case errors.Is(err, errNotJoined):
		return nil, errViewNotJoined
	case errors.Is(err, errTooMany):
		return nil, errViewTooMany
	case err != nil:
		return nil, errViewLost
	}
	// Tries are not counted: this number is used for this exchange only.
	agent, err := seal.Handshake(ctx, line, seal.Advisor, seal.Params{Number: number.Digits(), Kind: tunnel.KindView, Stream: id})
	if errors.Is(err, seal.ErrWrongNumber) || errors.Is(err, seal.ErrBurnt) {
		return nil, errViewNumber
	}
	if err != nil {
		s.log.seal.Debug("agent's stream not sealed", "error", err)
		return nil, errViewLost
	}
	_ = agent.SetReadDeadline(time.Now().Add(viewerStep))
	err = rfb.ClientSecurity(agent)
	if err == nil {
		_ = agent.SetReadDeadline(time.Time{})
		return agent, nil
	}
	_ = agent.Close()
	if r := (rfb.Refusal{}); errors.As(err, &r) {
		return nil, r
	}
	s.log.rfb.Debug("agent's stream not ready", "error", err)
	return nil, errViewLost
}
