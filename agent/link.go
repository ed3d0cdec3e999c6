package agent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"lotse/consent"
	"lotse/plaintext"
	"lotse/tunnel"
)

// errEnded is the cause of the context when somebody ended the session.
var errEnded = errors.New("agent: the session was ended")

const (
	dialTimeout = 20 * time.Second
	// backoffStart doubles up to backoffLimit between tries to come back.
	backoffStart = 250 * time.Millisecond
	backoffLimit = 5 * time.Second
	// enterTimeout bounds the wait for the gateway's word on a number.
	enterTimeout = 90 * time.Second
	// proofTimeout bounds the wait for the seal behind the gateway's word, and for its
	// word behind a seal that failed.
	proofTimeout = 5 * time.Second
	maxGrace     = time.Hour
	// maxStreams bounds the streams of one link, open ones and those that are
	// being opened; further calls are not answered.
	maxStreams = 32
)

// errUnproven: the gateway says that the number was right, but nobody has shown
// that he knows it.
var errUnproven = errors.New("agent: the gateway joined a session without an advisor who knows its number; do not trust it")

// errSaid is a gateway that does not keep to the protocol.
var errSaid = errors.New("agent: the gateway said something that makes no sense here")

// bound is what the gateway gave when it accepted the number.
type bound struct {
	place  string
	resume string
	grace  time.Duration
}

// errRefused is a refusal by the gateway.
type errRefused struct {
	code       string
	retryAfter int
}

func (e errRefused) Error() string { return "agent: the gateway refused: " + e.code }

// runLink takes numbers until one is accepted, then keeps the link until the
// session ends. nil: it was ended by somebody.
func (s *Session) runLink(ctx context.Context) error {
	numbers := map[tunnel.Number]*entered{}
	for {
		var number tunnel.Number
		select {
		case number = <-s.entered:
		case <-ctx.Done():
			return ended(ctx)
		}
		e := numbers[number]
		if e == nil {
			e = s.newEntered(ctx, number)
			numbers[number] = e
		}
		var b *bound
		err := error(errRefused{code: tunnel.RefusedNumber})
		if !e.tries.Burnt() {
			b, err = s.serveLink(ctx, e, nil)
		}
		if b != nil {
			return s.keepLink(ctx, e, b)
		}
		if ctx.Err() != nil || errors.Is(err, errEnded) {
			return ended(ctx)
		}
		s.refuse(err)
		if s.cfg.Answer != AnswerAsk {
			// Nobody is there who could type another number.
			if r := (errRefused{}); errors.As(err, &r) {
				return ErrNumberRefused
			}
			return err
		}
	}
}

// ended is nil when somebody ended the session on purpose, else why ctx ended.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errEnded) && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// refuse shows why a number did not lead anywhere and lets another be typed.
func (s *Session) refuse(err error) {
	f := &Failure{Code: "gateway", Message: plaintext.Line(err.Error(), maxMessage)}
	if r := (errRefused{}); errors.As(err, &r) {
		f = &Failure{Code: r.code, RetryAfter: r.retryAfter, Message: err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.failure, s.number, s.compare = phaseNumber, f, tunnel.Number{}, ""
	s.publishLocked()
}

// keepLink comes back after a lost line, as the same session, for as long as
// the gateway keeps the place.
func (s *Session) keepLink(ctx context.Context, e *entered, b *bound) error {
	for {
		if s.isOver() {
			return ended(ctx)
		}
		if ctx.Err() != nil {
			return ended(ctx)
		}
		s.lose()
		deadline := time.Now().Add(b.grace)
		again, err := s.comeBack(ctx, e, b, deadline)
		if again == nil {
			if s.isOver() || ctx.Err() != nil {
				return ended(ctx)
			}
			s.log.Warn("the session could not be taken up again", "reason", err)
			s.setReason(tunnel.ReasonLost)
			return fmt.Errorf("agent: the line was lost and the session could not be taken up again: %w", err)
		}
		b = again
	}
}

func (s *Session) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason != ""
}

func (s *Session) setReason(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == "" && reason != "" {
		s.reason = reason
		s.applyLocked(consent.Event{Kind: consent.End}, endedBy(reason)) // no right waits for the farewells
	}
}

func (s *Session) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != "" || s.phase == phaseEnded {
		return
	}
	s.phase = phaseAway
	s.applyLocked(consent.Event{Kind: consent.Lose}, byAuto)
	s.publishLocked()
}

// comeBack tries until the link was bound again and lost again (a new bound), or
// until the deadline.
func (s *Session) comeBack(ctx context.Context, e *entered, b *bound, deadline time.Time) (*bound, error) {
	wait := backoffStart
	for {
		again, err := s.serveLink(ctx, e, b)
		if again != nil {
			return again, nil
		}
		r := errRefused{}
		if errors.As(err, &r) && r.code != tunnel.RefusedRate || ctx.Err() != nil || s.isOver() {
			return nil, err
		}
		wait = max(wait, min(time.Duration(r.retryAfter)*time.Second, time.Until(deadline)/2))
		if time.Now().Add(wait).After(deadline) {
			return nil, fmt.Errorf("agent: no way back to the gateway: %w", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		wait = min(2*wait, backoffLimit)
	}
}

// serveLink dials, enters (or resumes) and serves the link until it ends. It
// returns what it was bound to, or nil and why it was not.
func (s *Session) serveLink(ctx context.Context, e *entered, resume *bound) (*bound, error) {
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	link, err := s.dialer().DialAgent(dialCtx)
	cancel()
	if err != nil {
		return nil, err
	}
	defer link.Close()
	stop := context.AfterFunc(ctx, func() { link.Close() })
	defer stop()
	token := ""
	if resume != nil {
		token = resume.resume
	}
	if err := link.Enter(e.number.Place(), token); err != nil {
		return nil, err
	}
	s.setLink(link)
	defer s.setLink(nil)
	// Streams end with the link they were called on.
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	patience := time.AfterFunc(enterTimeout, func() { link.Close() })
	defer patience.Stop()
	calls := make(chan struct{}, maxStreams)
	var proof chan error // of the number, by the seal of the entering stream
	var b *bound
	for {
		m, err := link.Recv()
		if err != nil {
			if b == nil && resume == nil && e.tries.Burnt() {
				return nil, errRefused{code: tunnel.RefusedNumber} // the gateway does not say it
			}
			if b == nil && ctx.Err() == nil {
				return nil, fmt.Errorf("agent: line to the gateway lost: %w", err)
			}
			if b != nil {
				s.lose() // before the farewells, which take their time
			}
			return b, err
		}
		switch m.Type {
		case tunnel.TypeCall:
			entering := m.Door == tunnel.DoorEntering
			if entering && (b != nil || resume != nil || proof != nil || m.Kind != tunnel.KindControl) || !entering && b == nil {
				s.log.Warn("call of the gateway at a wrong time, not answered", "kind", m.Kind)
				continue
			}
			select {
			case calls <- struct{}{}:
			default:
				s.log.Warn("too many streams at once; call not answered")
				continue
			}
			made := make(chan error, 1)
			if entering {
				proof = made
			}
			s.streams.Go(func() {
				s.serveStream(streams, e, m, made)
				<-calls
				if entering && e.tries.Burnt() {
					patience.Reset(proofTimeout) // the customer is told, also by a gateway that is silent
				}
			})
		case tunnel.TypeJoined:
			if b != nil {
				continue // said already
			}
			if resume == nil {
				if err := proven(ctx, proof); err != nil {
					return nil, err
				}
			}
			patience.Stop()
			b = &bound{place: e.number.Place(), resume: m.Resume, grace: min(max(0, time.Duration(min(m.Grace, 1<<20))*time.Second), maxGrace)}
			s.joined(m.Advisor)
		case tunnel.TypeRefused:
			if b != nil {
				s.lose()
				return b, errSaid // a number that was accepted cannot be refused
			}
			return nil, errRefused{m.Code, m.RetryAfter}
		case tunnel.TypeEnded:
			s.setReason(knownReason(m.Reason))
			s.cancel(errEnded)
			return b, errEnded
		}
	}
}

// proven waits for the seal with somebody who knows the number: the gateway's
// word alone is worth nothing.
func proven(ctx context.Context, proof <-chan error) error {
	if proof == nil {
		return errUnproven
	}
	timer := time.NewTimer(proofTimeout)
	defer timer.Stop()
	select {
	case err := <-proof:
		if err == nil {
			return nil
		}
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return errUnproven
}

// knownReason keeps a gateway from inventing reasons.
func knownReason(reason string) string {
	switch reason {
	case tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired, tunnel.ReasonBurnt, tunnel.ReasonLost, tunnel.ReasonShutdown:
		return reason
	}
	return tunnel.ReasonLost
}

func (s *Session) setLink(l *tunnel.AgentLink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = l
}

func (s *Session) joined(p *tunnel.Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == phaseEnded || s.state.Phase == consent.Over {
		return
	}
	if s.advisor == nil && p != nil { // one session, one advisor
		s.advisor = &tunnel.Person{Name: short(p.Name), Display: short(p.Display), Company: short(p.Company)}
	}
	s.phase, s.failure = phaseJoined, nil
	kind := consent.Join
	if s.state.Phase == consent.Away {
		kind = consent.Rejoin
	}
	s.applyLocked(consent.Event{Kind: kind}, byAuto)
	if kind == consent.Join {
		s.noteLocked("joined; comparison code %s", s.compare)
	}
	s.publishLocked()
}

// hostOf is the gateway's name as people know it.
func hostOf(gateway string) string {
	if u, err := url.Parse(gateway); err == nil && u.Host != "" {
		return u.Host
	}
	return gateway
}
