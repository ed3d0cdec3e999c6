package gateway

import (
	"errors"
	"net/http"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// upgrade upgrades a request to a WebSocket. guard has checked its origin.
func (s *server) upgrade(w http.ResponseWriter, r *http.Request, writeBuffer int, subprotocols ...string) (*websocket.Conn, error) {
	u := websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		WriteBufferSize:  writeBuffer,
		Subprotocols:     subprotocols,
		CheckOrigin:      func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			s.fail(w, status, tunnel.CodeBadRequest, "This address is for WebSockets.", 0)
		},
	}
	return u.Upgrade(w, r, nil)
}

// runWire registers a wire, runs it and removes it.
func (s *links) runWire(l *wire, handle func([]byte) error) error {
	if !s.dir.addWire(l) {
		l.link.CloseReason(websocket.CloseGoingAway, tunnel.ReasonShutdown)
		return errClosed
	}
	defer s.dir.removeWire(l)
	return l.run(s.cfg.Clock, handle)
}

// ownerLink is GET /api/v1/sessions/PLACE/owner.
func (s *links) ownerLink(w http.ResponseWriter, r *http.Request, c caller) {
	place := r.PathValue("place")
	if !(lines{s.dir}).has(c.account.Name, place) {
		s.failDirectory(w, errNoSession)
		return
	}
	ws, err := s.upgrade(w, r, 0)
	if err != nil {
		return
	}
	l := newWire(tunnel.NewLink(ws, tunnel.PingEvery))
	sess := lines{s.dir}.own(c.account.Name, place, l)
	if sess == nil {
		l.link.CloseReason(websocket.CloseNormalClosure, "the session ended")
		return
	}
	err = s.runWire(l, func(b []byte) error {
		m, err := tunnel.ParseOwnerRequest(b)
		if err != nil {
			return errWrongMessage
		}
		return lines{s.dir}.owner(sess, l, m)
	})
	lines{s.dir}.disown(sess, l)
	s.log.tunnel.Debug("owner link ended", "session", sess.id, "error", err)
}

func (d lines) has(account, place string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.findLocked(account, place)
	return err == nil
}

// own makes w the session's owner, replacing an older one, and sends it the current state.
func (d lines) own(account, place string, w *wire) *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(account, place)
	if err != nil {
		return nil
	}
	if s.owner != nil {
		s.owner.finish(tunnel.OwnerMessage{Type: tunnel.TypeReplaced}, tunnel.TypeReplaced)
	}
	s.owner = w
	w.send(s.ownerState(""))
	for _, st := range s.entries {
		if st.announced && !st.taken[sideB] {
			w.send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: st.id})
		}
	}
	return s
}

// disown starts the owner's grace period, unless another link has replaced w.
func (d lines) disown(s *session, w *wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.owner == w {
		s.owner, s.ownerLost = nil, d.now()
	}
}

// owner handles one message of an owner. It ignores messages of a replaced owner.
func (d lines) owner(s *session, w *wire, m tunnel.OwnerRequest) error {
	d.mu.Lock()
	current := s.owner == w
	if current && (m.Type == tunnel.TypeBurnt || m.Type == tunnel.TypeEnd) {
		reason := tunnel.ReasonAdvisor
		if m.Type == tunnel.TypeBurnt {
			reason = tunnel.ReasonBurnt
		}
		d.endLocked(s, reason)
	}
	d.mu.Unlock()
	if current && m.Type == tunnel.TypeVerdict {
		entering(d).verdict(s, m.Stream, *m.OK)
	}
	return nil
}

// agentLink is GET /agent/v1. If the first message is not an enter, or is late, the link is closed
// and its client is charged as for a wrong number.
func (s *links) agentLink(w http.ResponseWriter, r *http.Request) {
	ws, err := s.upgrade(w, r, 0)
	if err != nil {
		return
	}
	from := s.clientAddr(r)
	l := &agentLink{wire: newWire(tunnel.NewLink(ws, tunnel.PingEvery)), from: from, client: clientOf(from), conns: connsOf(r)}
	lines{s.dir}.linkCame(l)
	defer entering{s.dir}.agentGone(l)
	defer s.cfg.Clock.AfterFunc(handshakeTimeout, func() { lines{s.dir}.dropSilent(l) })()
	defer s.cfg.Clock.AfterFunc(unjoinedTimeout, func() { lines{s.dir}.dropUnjoined(l) })()
	err = s.runWire(l.wire, func(b []byte) error {
		m, err := tunnel.ParseAgentRequest(b)
		switch {
		case err != nil, !l.entered.Load() && m.Type != tunnel.TypeEnter:
			return errWrongMessage
		case m.Type == tunnel.TypeEnter:
			l.entered.Store(true)
			return entering{s.dir}.enter(l, m)
		case m.Type == tunnel.TypePassed:
			colleagues{s.dir}.passed(l, m.Name)
		case m.Type == tunnel.TypeEnd:
			entering{s.dir}.agentEnd(l)
		}
		return nil
	})
	if !l.entered.Load() {
		s.enters.failed(l.client, s.now())
	}
	if errors.Is(err, errWrongMessage) || errors.Is(err, errTooFast) {
		s.log.tunnel.Debug("agent link closed", "from", l.from.String(), "error", err)
	}
}

// linkCame counts a link that has not joined. If there are too many, an older link is closed.
func (d lines) linkCame(l *agentLink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if victim, drop := d.unjoined.add(l, l.client); drop {
		victim.finish(nil, "too many links from this network")
	}
}

// dropSilent closes a link on which no number was entered.
func (d lines) dropSilent(l *agentLink) {
	if !l.entered.Load() {
		l.finish(nil, "no number was entered")
	}
}

// dropUnjoined closes a link that has not joined a session.
func (d lines) dropUnjoined(l *agentLink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.session == nil {
		l.finish(nil, "no number was entered that is good")
	}
}

// streamBuffer holds a full read from the other side, so that it fits one frame.
const streamBuffer = joinBuffer

// advisorStream is GET /api/v1/streams/ID.
func (s *links) advisorStream(w http.ResponseWriter, r *http.Request, c caller) {
	s.stream(w, r, sideB, c.account.Name)
}

// agentStream is GET /agent/v1/streams/ID.
func (s *links) agentStream(w http.ResponseWriter, r *http.Request) {
	s.stream(w, r, sideA, "")
}

func (s *links) stream(w http.ResponseWriter, r *http.Request, side int, account string) {
	if !websocket.IsWebSocketUpgrade(r) {
		s.fail(w, http.StatusBadRequest, tunnel.CodeBadRequest, "This address is for WebSockets.", 0)
		return
	}
	st := s.dir.claim(r.PathValue("id"), side, account)
	if st == nil {
		s.fail(w, http.StatusNotFound, tunnel.CodeNotFound, "There is no such stream; an identifier is valid once and for 30 seconds.", 0)
		return
	}
	ws, err := s.upgrade(w, r, streamBuffer, tunnel.Subprotocol)
	if err != nil {
		if !st.entering || !(entering{s.dir}).entryLost(st) {
			st.finish("the other end was lost")
		}
		return
	}
	if !st.entering {
		s.trust(r)
	}
	st.run(side, tunnel.NewStream(ws, tunnel.PingEvery))
}
