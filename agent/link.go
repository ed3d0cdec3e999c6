package agent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// errEnded is the cancel cause of the context if somebody ended the session.
var errEnded = errors.New("agent: the session was ended")

const (
	dialTimeout = 20 * time.Second
	// The delay between two tries to reconnect starts at backoffStart and doubles up to
	// backoffLimit.
	backoffStart = 250 * time.Millisecond
	backoffLimit = 5 * time.Second
)

// errUnproven means that the gateway has reported a joined session, but no advisor's end has
// proved that it knows the number.
var errUnproven = errors.New("agent: the gateway joined a session without an advisor who knows its number; do not trust it")

// errSaid means that the gateway broke the protocol.
var errSaid = errors.New("agent: the gateway said something that makes no sense here")

// bound is what the gateway sent when it accepted the number.
type bound struct {
	place  string
	resume string
	grace  time.Duration
}

// errRefused is a refusal by the gateway. retryAfter is in seconds.
type errRefused struct {
	code       string
	retryAfter int
	terms      *tunnel.Terms // with tunnel.RefusedTerms
}

func (e errRefused) Error() string { return "agent: the gateway refused: " + e.code }

// link is the connection to the gateway, from the number to the end of the session. The
// goroutine that runs it owns it.
type link struct {
	session *Session
	client  *tunnel.Client // of the gateway for which the number was entered
	terms   string         // the version of its terms that the customer has accepted, or ""
	// entered holds the numbers of this run of the program.
	entered map[tunnel.Number]*entered
}

// run tries the numbers that the customer enters until one is accepted. Then it keeps the
// connection until the session ends. It returns nil if somebody ended the session on purpose.
func (l *link) run(ctx context.Context) error {
	for {
		var number tunnel.Number
		select {
		case entry := <-l.session.entered:
			number, l.client, l.terms = entry.number, entry.client, entry.terms
		case <-ctx.Done():
			return endCause(ctx)
		}
		e := l.entered[number]
		if e == nil {
			e = l.session.newEntered(ctx, number)
			l.entered[number] = e
		}
		var b *bound
		err := error(errRefused{code: tunnel.RefusedNumber})
		if !e.tries.Burnt() {
			b, err = l.serve(ctx, e, nil)
		}
		if b != nil {
			return l.keep(ctx, e, b)
		}
		if ctx.Err() != nil || errors.Is(err, errEnded) {
			return endCause(ctx)
		}
		l.session.send(notEntered{err})
		if l.session.cfg.Answer != AnswerAsk {
			// Nobody can type another number.
			if r := (errRefused{}); errors.As(err, &r) {
				return ErrNumberRefused
			}
			return err
		}
	}
}

// endCause returns nil if somebody ended the session on purpose, otherwise the reason why ctx
// ended.
func endCause(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errEnded) && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// notEntered means that a number was not accepted. The customer sees the reason and can type
// another one.
type notEntered struct{ err error }

func (e notEntered) in(st *state) {
	f := newFailure("gateway", e.err.Error())
	if r := (errRefused{}); errors.As(e.err, &r) {
		f.Code, f.RetryAfter = r.code, r.retryAfter
		if r.code == tunnel.RefusedTerms {
			f.ask(r.terms, st)
		}
	}
	st.phase, st.failure, st.number, st.compare = PhaseNumber, f, tunnel.Number{}, ""
}

// keep reconnects after each loss of the connection, to the same session, for as long as the
// gateway keeps its place. b is what the gateway sent the first time.
func (l *link) keep(ctx context.Context, e *entered, b *bound) error {
	for {
		if l.over() || ctx.Err() != nil {
			return endCause(ctx)
		}
		l.session.send(lost{})
		deadline := time.Now().Add(b.grace)
		again, err := l.comeBack(ctx, e, b, deadline)
		if again == nil {
			if l.over() || ctx.Err() != nil {
				return endCause(ctx)
			}
			l.session.log.tunnel.Warn("the session could not be taken up again", "reason", err)
			l.session.send(ended{tunnel.ReasonLost})
			return fmt.Errorf("agent: the line was lost and the session could not be taken up again: %w", err)
		}
		b = again
	}
}

// over reports whether the session is ending or has ended.
func (l *link) over() bool { return l.session.now().snapshot.Reason != "" }

// lost means that the connection to the gateway is lost and may come back.
type lost struct{}

func (lost) in(st *state) {
	if st.reason != "" || st.phase == PhaseEnded {
		return
	}
	st.phase = PhaseAway
	st.apply(consent.Event{Kind: consent.Lose}, byAuto)
}

// comeBack tries to reconnect until the deadline. After a success it serves the connection
// until that is lost, too, and returns its bound.
func (l *link) comeBack(ctx context.Context, e *entered, b *bound, deadline time.Time) (*bound, error) {
	wait := backoffStart
	for {
		again, err := l.serve(ctx, e, b)
		if again != nil {
			return again, nil
		}
		r := errRefused{}
		if errors.As(err, &r) && r.code != tunnel.RefusedRate || ctx.Err() != nil || l.over() {
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

// serve connects, enters the session (or resumes it), and serves the connection until it ends.
// It returns what the gateway sent, or nil and the reason if the number was not accepted.
func (l *link) serve(ctx context.Context, e *entered, resume *bound) (*bound, error) {
	s := l.session
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	conn, err := l.client.DialAgent(dialCtx)
	cancel()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	token := ""
	if resume != nil {
		token = resume.resume
	}
	if err := conn.Enter(e.number.Place(), token, l.terms); err != nil {
		return nil, err
	}
	s.send(linked{conn})
	defer s.send(linked{nil})
	// Streams end together with the connection on which they were called.
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	patience := time.AfterFunc(tunnel.EnterTimeout, func() { conn.Close() })
	defer patience.Stop()
	in := &line{session: s, entered: e, resumed: resume != nil, patience: patience, calls: make(chan struct{}, tunnel.MaxStreams)}
	for {
		m, err := conn.Recv()
		if err != nil {
			return in.failed(ctx, err)
		}
		if over, err := in.obey(streams, m); over {
			return in.bound, err
		}
	}
}

// line is one connection to the gateway, after its first message.
type line struct {
	session  *Session
	entered  *entered
	resumed  bool
	patience *time.Timer   // limits the wait for the gateway's answer to the number
	calls    chan struct{} // holds one value for each stream that is open or being opened
	proof    chan error    // of the number, by the seal of the entering stream; nil: none yet
	bound    *bound        // nil: the gateway has not accepted the number yet
}

// failed returns the result of serve after a broken connection.
func (l *line) failed(ctx context.Context, err error) (*bound, error) {
	switch {
	case l.bound != nil:
		l.session.send(lost{}) // at once: closing the streams takes time
	case !l.resumed && l.entered.tries.Burnt():
		return nil, errRefused{code: tunnel.RefusedNumber} // the gateway does not report this
	case ctx.Err() == nil:
		return nil, fmt.Errorf("agent: line to the gateway lost: %w", err)
	}
	return l.bound, err
}

// obey carries out a message of the gateway. It reports whether the connection is over, and
// why.
func (l *line) obey(streams context.Context, m tunnel.GatewayMessage) (over bool, err error) {
	switch m.Type {
	case tunnel.TypeCall:
		l.call(streams, m)
	case tunnel.TypeJoined:
		if l.bound != nil {
			return false, nil // a repetition
		}
		if !l.resumed {
			if err := proven(streams, l.proof); err != nil {
				return true, err
			}
		}
		l.patience.Stop()
		grace := time.Duration(min(m.Grace, 1<<20)) * time.Second
		l.bound = &bound{place: l.entered.number.Place(), resume: m.Resume, grace: min(max(0, grace), tunnel.MaxGrace)}
		l.session.send(joined{m.Advisor, m.Files, m.Question, m.Answer})
	case tunnel.TypeRefused:
		if l.bound != nil {
			l.session.send(lost{})
			return true, errSaid // a number that was accepted cannot be refused
		}
		return true, errRefused{m.Code, m.RetryAfter, m.Terms}
	case tunnel.TypeEnded:
		l.session.send(ended{knownReason(m.Reason)})
		l.session.cancel(errEnded)
		return true, errEnded
	}
	return false, nil
}

// call answers a call to a stream on a new goroutine. Before the number is accepted, the
// gateway can call only one control stream, on which the number is proved.
func (l *line) call(streams context.Context, m tunnel.GatewayMessage) {
	s := l.session
	entering := m.Door == tunnel.DoorEntering
	first := l.bound == nil && !l.resumed && l.proof == nil && m.Kind == tunnel.KindControl
	if entering && !first || !entering && l.bound == nil {
		s.log.tunnel.Warn("call of the gateway at a wrong time, not answered", "kind", m.Kind)
		return
	}
	select {
	case l.calls <- struct{}{}:
	default:
		s.log.tunnel.Warn("too many streams at once; call not answered")
		return
	}
	made := make(chan error, 1)
	if entering {
		l.proof = made
	}
	s.streams.Go(func() {
		(&call{m, s, l.entered}).serve(streams, made)
		<-l.calls
		if entering && l.entered.tries.Burnt() {
			l.patience.Reset(tunnel.ProofTimeout) // then the customer learns of it even if the gateway is silent
		}
	})
}

// proven waits for the seal with somebody who knows the number. The gateway's statement alone
// proves nothing.
func proven(ctx context.Context, proof <-chan error) error {
	if proof == nil {
		return errUnproven
	}
	timer := time.NewTimer(tunnel.ProofTimeout)
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

// knownReason returns the reason if the protocol has it, and otherwise ReasonLost: a gateway
// must not invent reasons.
func knownReason(reason string) string {
	switch reason {
	case tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired, tunnel.ReasonBurnt, tunnel.ReasonLost, tunnel.ReasonShutdown:
		return reason
	}
	return tunnel.ReasonLost
}

// linked says which connection to the gateway is open; nil: none.
type linked struct{ link *tunnel.AgentLink }

func (e linked) in(st *state) { st.link = e.link }

// joined means that the gateway has connected the customer with an advisor, for the first time
// or again. A session keeps its first advisor.
type joined struct {
	advisor *tunnel.Person
	files   *tunnel.FileLimits
	// question is asked at the end; answer is a part of the address at which it is answered. Both
	// are "" if there is none.
	question, answer string
}

func (e joined) in(st *state) {
	if st.phase == PhaseEnded || st.consent.Phase == consent.Over {
		return
	}
	if p := e.advisor; st.advisor == nil && p != nil {
		st.advisor = &tunnel.Person{Name: short(p.Name), Display: short(p.Display), Company: short(p.Company)}
	}
	st.phase, st.failure = PhaseJoined, nil
	st.controls.offers.list.Limits = e.files
	kind := consent.Join
	if st.consent.Phase == consent.Away {
		kind = consent.Rejoin
		st.controls.offers.senderGone(st, nil)
		st.viewers.recordings.claim(st)
	}
	st.apply(consent.Event{Kind: kind}, byAuto)
	st.controls.parties.sayPassed(st)
	if kind == consent.Join {
		asksAtEnd(st, e.question, e.answer)
		st.notes.Joined(st.client.Gateway, short(hostOf(st.client.Gateway)), st.advisor, st.compare)
	}
}

// hostOf returns the gateway's host name and port, which is the part of its address that people
// know.
func hostOf(gateway string) string {
	if u, err := url.Parse(gateway); err == nil && u.Host != "" {
		return u.Host
	}
	return gateway
}
