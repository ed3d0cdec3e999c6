package gateway

import (
	"time"

	"net"
	"net/netip"
	"sync/atomic"

	"lotse/gateway/audit"
	"lotse/seal"
	"lotse/tunnel"
)

// agentLink is a customer's control link.
type agentLink struct {
	*wire
	// Static.
	from   netip.Addr
	client client
	conns  []*countedConn

	entered atomic.Bool // an enter was sent

	// Guarded by the directory's mu.
	entry    *entry   // while a number is being tried
	session  *session // after joining
	refusals int
	puzzles  int
}

// entry is one try of an agent to enter a place. It is undecided as long as stream.entry points to
// it.
type entry struct {
	link   *agentLink
	stream *stream
}

// maxPuzzlesPerLink is the maximum number of puzzles sent on one link.
const maxPuzzlesPerLink = 8

// enter starts a try; PROTOCOL.md, section 5. The try is charged to the client and refunded when it
// joins.
func (d entering) enter(l *agentLink, m tunnel.AgentRequest) error {
	d.metrics.enters.Add(1)
	if m.Resume != "" {
		return d.resume(l, m)
	}
	if t := d.questions.terms; t != nil && m.Terms != t.Version {
		d.mu.Lock()
		defer d.mu.Unlock()
		if l.entry != nil || l.session != nil {
			return errWrongMessage
		}
		d.refuseForTermsLocked(l, t)
		return nil
	}
	a := d.enters.admit(l.client, m.Proof, 0, d.now())
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return errClosed
	case l.entry != nil || l.session != nil:
		return errWrongMessage
	case a.wait > 0:
		d.refuseLocked(l, nil, tunnel.RefusedRate, a.wait)
		return nil
	case a.puzzle != "":
		if l.puzzles++; l.puzzles > maxPuzzlesPerLink {
			return errWrongMessage
		}
		l.send(tunnel.GatewayMessage{Type: tunnel.TypePuzzle, Puzzle: a.puzzle})
		return nil
	}
	d.callEntryLocked(l, m.Place)
	return nil
}

// callEntryLocked calls the agent to the stream of its try. An agent cannot tell an occupied place
// from one without a session.
func (d entering) callEntryLocked(l *agentLink, place string) {
	s := d.sessions[place]
	if s != nil && (s.state != tunnel.StateWaiting || s.foreign != nil) {
		d.recordEnter(audit.Enter, l, s, "in use")
		s = nil
	} else {
		d.recordEnter(audit.Enter, l, s, "")
	}
	st := newStream(d.directory, s, tunnel.KindControl, tunnel.DoorEntering)
	st.entering, st.decided, st.place = true, make(chan struct{}), place
	st.entry = &entry{link: l, stream: st}
	l.entry = st.entry
	d.streams[st.id] = st
	if s != nil {
		s.entries[st.id] = st
	}
	l.send(tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: st.id, Kind: tunnel.KindControl, Door: tunnel.DoorEntering})
}

// announce sends a try to the owner once the agent has dialled. The owner's timeouts therefore
// never start before the agent acts, and an agent that does not dial learns nothing from them.
func (d entering) announce(st *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st.announced = true
	switch s := st.session; {
	case st.entry == nil:
	case s == nil:
		d.playOwnerLocked(st)
	case s.owner != nil:
		s.owner.send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: st.id})
	}
}

// orphanEntriesLocked is called when a session accepts no more tries. Tries that the owner has not
// dialled continue with the gateway as their owner, so that an early refusal does not reveal what
// happened to the place. Each other try is decided by its owner, or by the end of the owner's
// stream.
func (d entering) orphanEntriesLocked(s *session) {
	for id, st := range s.entries {
		if st.entry == nil || st.taken[sideB] {
			continue
		}
		delete(s.entries, id)
		st.session = nil
		if st.announced {
			d.playOwnerLocked(st)
		}
	}
}

// recordEnter writes an audit record of a try. s is nil if there is no session at the place.
func (d entering) recordEnter(event string, l *agentLink, s *session, reason string) {
	r := audit.Record{Event: event, From: l.from.String(), Reason: reason}
	if s != nil {
		r.Session, r.Account = s.id, s.account
	}
	d.audit.Record(r)
}

// playOwnerLocked makes the gateway act as the owner of a place without a session, with a secret
// that nobody knows. Only few exchanges are computed at a time; enteringHold hides the delay.
func (d entering) playOwnerLocked(st *stream) {
	number, err := tunnel.NewNumber(st.place)
	if err != nil {
		return // cannot happen: the place was checked when it was parsed
	}
	st.taken[sideB] = true
	c := st.entry.link.client
	outer, inner := net.Pipe()
	played := &exchange{Conn: inner, ctx: d.ctx, turns: d.exchanges, lane: c.site().String(), cost: turnCost + d.enters.guilt(c, d.now())}
	d.tasks.start(func() { st.run(sideB, outer) })
	d.tasks.start(func() {
		defer played.Close()
		if played.begin() != nil {
			return
		}
		conn, err := seal.Handshake(d.ctx, played, seal.Advisor, seal.Params{
			Number: number.Digits(), Kind: tunnel.KindControl, Stream: st.id, Tries: new(seal.Tries)})
		if err == nil {
			// The guess matched a random secret by chance. It still counts as a wrong number.
			_ = conn.Close()
		}
	})
}

// resume binds a new link to the session of an agent whose link was lost. A correct token costs
// nothing; a wrong one costs as much as a wrong number.
func (d entering) resume(l *agentLink, m tunnel.AgentRequest) error {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return errClosed
	case l.entry != nil || l.session != nil:
		return errWrongMessage
	}
	s := d.sessions[m.Place]
	if s == nil || s.joined.IsZero() || s.resume != digestOf(m.Resume) {
		d.enters.failed(l.client, now)
		d.refuseLocked(l, nil, tunnel.RefusedLost, 0)
		return nil
	}
	if old := s.agent; old != nil {
		// The old link is dead, but this was not noticed yet.
		old.session = nil
		old.abort()
	}
	d.recordEnter(audit.Resumed, l, s, "")
	d.enters.known.add(l.client, now)
	d.bindLocked(l, s, m.Resume, "")
	return nil
}

// bindLocked makes l the session's agent and sends it the token with which it can come back.
func (d entering) bindLocked(l *agentLink, s *session, token, answer string) {
	s.agent, l.session, l.entry, l.refusals = l, s, nil, 0
	d.unjoined.remove(l)
	prove(l.conns)
	advisor := s.advisor
	m := tunnel.GatewayMessage{Type: tunnel.TypeJoined, Advisor: &advisor, Resume: token,
		Grace: seconds(d.cfg.Limits.Times.AgentGrace), Files: d.cfg.Customer.Files}
	if answer != "" {
		m.Question, m.Answer = d.cfg.Customer.Question, answer
	}
	l.send(m)
	d.setStateLocked(s, tunnel.StateJoined)
}

// verdict handles the owner's verdict on a try. It ignores a try that has been decided.
func (d entering) verdict(s *session, id string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := s.entries[id]
	if st == nil || st.entry == nil || s.state == tunnel.StateEnded {
		return
	}
	if !ok || !st.attachedLocked() || s.state != tunnel.StateWaiting || s.foreign != nil || st.entry.link.entry != st.entry {
		d.refuseEntryLocked(st, tunnel.RefusedNumber)
		return
	}
	l := st.entry.link
	st.entry = nil
	delete(s.entries, id)
	s.streams[id] = st
	st.release()
	token := newToken()
	s.resume = digestOf(token)
	s.joined = d.now()
	s.expires = s.joined.Add(d.cfg.Limits.Times.Session)
	d.metrics.joins.Add(1)
	d.metrics.spread.join.observeTime(s.joined.Sub(st.created))
	d.enters.right(l.client, d.now())
	d.recordEnter(audit.Joined, l, s, "")
	d.log.tunnel.Info("customer joined", "session", s.id, "from", l.from.String())
	answer := ""
	if d.cfg.Customer.Question != "" {
		answer = d.questions.issue(s.id, s.account, s.joined, s.expires.Add(answerTime))
	}
	d.bindLocked(l, s, token, answer)
	d.changed.note()
	d.orphanEntriesLocked(s)
}

// attachedLocked reports whether both sides are connected.
func (st *stream) attachedLocked() bool {
	for _, ready := range st.ready {
		select {
		case <-ready:
		default:
			return false
		}
	}
	return true
}

// entryLost is called when a side of an entering stream ended. It reports whether a refusal is
// pending, which will finish the stream.
func (d entering) entryLost(st *stream) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if st.entry != nil {
		d.refuseEntryLocked(st, tunnel.RefusedNumber)
		return true
	}
	select {
	case <-st.decided:
		return false
	default:
		return true // refused already
	}
}

// refuseEntryLocked refuses a try. The agent receives the refusal no earlier than enteringHold
// after the last data it sent, as in mayPass, and after the data that the owner sent.
func (d entering) refuseEntryLocked(st *stream, code string) {
	e := st.entry
	if e == nil {
		return
	}
	st.entry = nil
	if st.session != nil {
		delete(st.session.entries, st.id)
	}
	hold := enteringHold
	if heard := st.heard.Load(); heard != 0 {
		hold = max(0, time.Unix(0, heard).Add(enteringHold).Sub(d.now()))
	}
	s := st.session
	d.after(hold+enteringHold/5, func() {
		st.finish("")
		d.mu.Lock()
		defer d.mu.Unlock()
		if e.link.entry == e {
			e.link.entry = nil
			d.refuseLocked(e.link, s, code, 0)
		}
	})
}

// refuseForTermsLocked tells the agent which terms the customer must accept first. Nothing was
// tried, so the client is not charged.
func (d entering) refuseForTermsLocked(l *agentLink, t *tunnel.Terms) {
	d.sendRefusalLocked(l, nil, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedTerms, Terms: t})
}

func (d entering) refuseLocked(l *agentLink, s *session, code string, wait time.Duration) {
	d.sendRefusalLocked(l, s, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: code, RetryAfter: seconds(wait)})
}

// sendRefusalLocked sends a refusal to the agent. After the third refusal it closes the link.
func (d entering) sendRefusalLocked(l *agentLink, s *session, m tunnel.GatewayMessage) {
	d.metrics.refusals.Add(1)
	d.recordEnter(audit.Refused, l, s, m.Code)
	if l.refusals++; l.refusals >= maxEntersPerLink {
		l.finish(m, "too many tries on this link")
		return
	}
	l.send(m)
}

// agentGone is called when a link ended.
func (d entering) agentGone(l *agentLink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unjoined.remove(l)
	if e := l.entry; e != nil {
		l.entry = nil
		d.refuseEntryLocked(e.stream, tunnel.RefusedNumber) // the agent is gone; this ends the stream
	}
	s := l.session
	if s == nil || s.agent != l {
		return
	}
	l.session, s.agent = nil, nil
	s.agentLost = d.now()
	d.recordEnter(audit.Away, l, s, "")
	d.setStateLocked(s, tunnel.StateAway)
}

// agentEnd handles the customer's request to end the session.
func (d entering) agentEnd(l *agentLink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.session != nil {
		d.endLocked(l.session, tunnel.ReasonCustomer)
	}
}
