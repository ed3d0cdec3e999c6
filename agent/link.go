package agent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"lotse/consent"
	"lotse/seal"
	"lotse/tunnel"
)

// errEnded is the cause of the context when somebody ended the session.
var errEnded = errors.New("agent: the session was ended")

const (
	dialTimeout = 20 * time.Second
	// backoffStart doubles up to backoffLimit between tries to come back.
	backoffStart = 250 * time.Millisecond
	backoffLimit = 5 * time.Second
)

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
	for {
		var number tunnel.Number
		select {
		case number = <-s.entered:
		case <-ctx.Done():
			return ended(ctx)
		}
		b, err := s.serveLink(ctx, number, nil, new(seal.Tries))
		if b != nil {
			return s.keepLink(ctx, number, b)
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
	f := &Failure{Code: "gateway", Message: err.Error()}
	if r := (errRefused{}); errors.As(err, &r) {
		f = &Failure{Code: r.code, RetryAfter: r.retryAfter, Message: err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.failure, s.number = phaseNumber, f, tunnel.Number{}
	s.publishLocked()
}

// keepLink comes back after a lost line, as the same session, for as long as
// the gateway keeps the place.
func (s *Session) keepLink(ctx context.Context, number tunnel.Number, b *bound) error {
	tries := new(seal.Tries)
	for {
		if s.isOver() {
			return ended(ctx)
		}
		if ctx.Err() != nil {
			return ended(ctx)
		}
		s.lose()
		deadline := time.Now().Add(b.grace)
		again, err := s.comeBack(ctx, number, b, tries, deadline)
		if again == nil {
			if s.isOver() || ctx.Err() != nil {
				return ended(ctx)
			}
			s.log.Warn("the session could not be taken up again", "reason", err)
			s.setReason(tunnel.ReasonLost)
			return nil
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
	if s.reason == "" {
		s.reason = reason
	}
}

func (s *Session) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phaseAway
	s.applyLocked(consent.Event{Kind: consent.Lose}, byAuto)
	s.publishLocked()
}

// comeBack tries until the link was bound again and lost again (a new bound), or
// until the deadline.
func (s *Session) comeBack(ctx context.Context, number tunnel.Number, b *bound, tries *seal.Tries, deadline time.Time) (*bound, error) {
	wait := backoffStart
	for {
		again, err := s.serveLink(ctx, number, b, tries)
		if again != nil {
			return again, nil
		}
		if r := (errRefused{}); errors.As(err, &r) || ctx.Err() != nil || s.isOver() {
			return nil, err
		}
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
func (s *Session) serveLink(ctx context.Context, number tunnel.Number, resume *bound, tries *seal.Tries) (*bound, error) {
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	link, err := s.cfg.Client.DialAgent(dialCtx)
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
	if err := link.Enter(number.Place(), token); err != nil {
		return nil, err
	}
	s.setLink(link)
	defer s.setLink(nil)
	// Streams end with the link they were called on.
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	var b *bound
	for {
		m, err := link.Recv()
		if err != nil {
			if b == nil && ctx.Err() == nil {
				return nil, fmt.Errorf("agent: line to the gateway lost: %w", err)
			}
			return b, err
		}
		switch m.Type {
		case tunnel.TypeCall:
			s.streams.Go(func() { s.serveStream(streams, number, m, tries) })
		case tunnel.TypeJoined:
			b = &bound{place: number.Place(), resume: m.Resume, grace: time.Duration(m.Grace) * time.Second}
			s.joined(m.Advisor)
		case tunnel.TypeRefused:
			return nil, errRefused{m.Code, m.RetryAfter}
		case tunnel.TypeEnded:
			s.setReason(m.Reason)
			s.cancel(errEnded)
			return b, errEnded
		}
	}
}

func (s *Session) setLink(l *tunnel.AgentLink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = l
}

func (s *Session) joined(p *tunnel.Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p != nil {
		s.advisor = p
	}
	s.phase, s.failure = phaseJoined, nil
	kind := consent.Join
	if s.state.Phase == consent.Away {
		kind = consent.Rejoin
	}
	s.applyLocked(consent.Event{Kind: kind}, byAuto)
	s.publishLocked()
}

// hostOf is the gateway's name as people know it.
func hostOf(gateway string) string {
	if u, err := url.Parse(gateway); err == nil && u.Host != "" {
		return u.Host
	}
	return gateway
}
