package agent

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"lotse/consent"
	"lotse/plaintext"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tunnel"
)

// Session is one session as the customer's side holds it. Its methods are what
// a panel may do; all may be called concurrently.
type Session struct {
	// Static after newSession.
	cfg     Config
	lang    Language
	log     *slog.Logger
	share   *share
	guard   *guard
	hands   hands
	entered chan tunnel.Number
	streams sync.WaitGroup
	doors   doorNumbers
	cancel  context.CancelCauseFunc

	mu sync.Mutex
	// Guarded by mu.
	state       consent.State
	phase       string // of the panel: what consent's phases do not tell apart
	failure     *Failure
	reason      string
	number      tunnel.Number
	client      *tunnel.Client // replaced only while a number is waited for
	advisor     *tunnel.Person
	compare     string
	hotkeyWorks bool
	opened      time.Time // when the open question was put
	problem     string    // why an answer to it did not count
	notice      screen.Notice
	proposal    *screen.Share
	choices     Choices
	scope       screen.Scope // what is captured; nil: nothing
	show        *show        // the advisor's screen; nil: none
	record      record
	// requireHands: a yes must be given on a device of this display.
	requireHands bool
	viewers      map[*viewer]struct{}
	controls     map[*control]struct{}
	waiters      map[chan consent.Outcome]struct{} // viewers that wait for the view
	link         *tunnel.AgentLink
	seq          uint64
	changed      chan struct{} // closed and replaced at each change
	questionSet  chan struct{} // likewise, when the open question changed
}

// The panel's phases; PANEL.md.
const (
	phaseNumber     = "number"
	phaseConnecting = "connecting"
	phaseJoined     = "joined"
	phaseAway       = "away"
	phaseEnded      = "ended"
)

// armAfter is how long a question must have been open, with all remote input
// off, before an answer counts: no click that was on its way can answer it.
const armAfter = 500 * time.Millisecond

func newSession(cfg Config, cancel context.CancelCauseFunc) *Session {
	s := &Session{
		cfg: cfg, lang: cfg.Language, log: cfg.Logger, cancel: cancel,
		entered: make(chan tunnel.Number, 1), phase: phaseNumber,
		viewers: map[*viewer]struct{}{}, controls: map[*control]struct{}{},
		waiters: map[chan consent.Outcome]struct{}{},
		changed: make(chan struct{}), questionSet: make(chan struct{}), client: cfg.Client,
	}
	if cfg.Problem != "" {
		s.failure = &Failure{Code: "source", Message: plaintext.Line(cfg.Problem, maxMessage)}
	}
	s.share = newShare(s)
	s.guard = &guard{base: cfg.Display.Input}
	return s
}

// EnterNumber enters n unless a session is under way.
func (s *Session) EnterNumber(n tunnel.Number) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != phaseNumber {
		return
	}
	s.phase, s.failure, s.number = phaseConnecting, nil, n
	select {
	case s.entered <- n:
	default:
	}
	s.publishLocked()
}

// Answer answers question id. It is ignored, and false returned, when another
// question or none is open, when the question is not armed yet, and when a yes
// was not given by hand where that is required.
//
// A yes to the view, or to another share, says what is shared: share, else what
// the customer proposed, else the whole screen.
func (s *Session) Answer(id string, allow bool, share *Share) bool {
	serial, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.state.Question
	if q == 0 || s.state.Serial != serial {
		return false
	}
	if !s.armedLocked() {
		if s.problem != "" {
			s.publishLocked() // the panel shows why it did not count
		}
		return false
	}
	if !allow {
		s.applyLocked(consent.Event{Kind: consent.Refuse, Serial: serial}, byCustomer)
		return true
	}
	if !s.byHandLocked() {
		s.problem = problemHands
		s.publishLocked()
		return false
	}
	if q == consent.View || q == consent.Share {
		var what screen.Share
		switch {
		case share != nil:
			if what, err = share.parse(); err != nil {
				return false
			}
		case s.proposal != nil:
			what = *s.proposal
		}
		s.setShareLocked(what)
	}
	s.applyLocked(consent.Event{Kind: consent.Allow, Serial: serial}, byCustomer)
	return true
}

func (s *Session) armedLocked() bool { return !time.Now().Before(s.armedAtLocked()) }

// setScope tells what is captured now.
func (s *Session) setScope(scope screen.Scope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scope = scope
}

// Take takes a right back, by the customer.
func (s *Session) Take(r consent.Right) {
	s.apply(consent.Event{Kind: consent.Take, Right: r}, byCustomer)
}

// Pause hides everything and ends control, or goes on.
func (s *Session) Pause(on bool) {
	kind := consent.Resume
	if on {
		kind = consent.Pause
	}
	s.apply(consent.Event{Kind: kind}, byCustomer)
}

// End ends the session, by the customer. Before a number was accepted it ends
// the program.
func (s *Session) End() { s.end(tunnel.ReasonCustomer) }

// endTimeout bounds telling others of the end.
const endTimeout = time.Second

// end ends the session for both sides. The rights are gone first, then the
// advisor is told, then the gateway; none of them can delay the end.
func (s *Session) end(reason string) {
	s.mu.Lock()
	if s.phase == phaseEnded || s.reason != "" {
		s.mu.Unlock()
		return
	}
	s.reason = reason
	s.applyLocked(consent.Event{Kind: consent.End}, endedBy(reason))
	ends := s.byeLocked()
	if link := s.link; link != nil {
		told := make(chan struct{})
		ends = append(ends, told)
		s.streams.Go(func() {
			defer close(told)
			// The gateway cuts the streams at once: what is on them goes first.
			waitAll(ends[:len(ends)-1], byeTimeout/2)
			if err := link.End(reason); err != nil {
				s.log.Info("the gateway could not be told of the end", "reason", err)
			}
		})
	}
	s.mu.Unlock()
	waitAll(ends, endTimeout)
	s.cancel(errEnded)
}

func endedBy(reason string) string {
	switch reason {
	case tunnel.ReasonCustomer:
		return byCustomer
	case tunnel.ReasonAdvisor:
		return byAdvisor
	}
	return byAuto
}

// byeLocked says the end on every control stream, once; the channels are closed
// when it was said.
func (s *Session) byeLocked() (said []<-chan struct{}) {
	for ctl := range s.controls {
		ctl.send(tunnel.Bye{Reason: s.reason})
		ctl.end()
		said = append(said, ctl.written)
		delete(s.controls, ctl)
	}
	return said
}

// waitAll waits until all are closed, or for d.
func waitAll(all []<-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for _, done := range all {
		select {
		case <-done:
		case <-timer.C:
			return
		}
	}
}

// Who caused a change; tunnel/PROTOCOL.md, section 6.
const (
	byCustomer = "customer"
	byAdvisor  = "advisor"
	byKey      = "key"
	byAuto     = "auto"
)

// apply feeds an event to the table and obeys the outcome: rights first, then
// words. When it returns, rights that were taken are gone.
func (s *Session) apply(e consent.Event, by string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applyLocked(e, by)
}

func (s *Session) applyLocked(e consent.Event, by string) {
	before := s.state
	after, changes := consent.Next(before, e)
	if after == before {
		return
	}
	s.state = after
	s.enforceLocked(before.Effective(), after.Effective())
	if after.Question != before.Question || after.Serial != before.Serial {
		s.opened, s.problem = time.Now(), ""
		if after.Question != consent.Share {
			s.proposal = nil
		}
		close(s.questionSet)
		s.questionSet = make(chan struct{})
	}
	s.tellWaitersLocked(changes)
	s.obeyShowLocked(changes)
	for _, c := range changes {
		s.recordChangeLocked(c, by)
		s.log.Info("consent", "right", c.Right, "outcome", outcomeNames[c.Outcome], "by", by)
		if name := outcomeNames[c.Outcome]; name != "" {
			for ctl := range s.controls {
				ctl.send(tunnel.Event{Event: name, Right: c.Right.String(), By: by})
			}
		}
	}
	s.publishLocked()
	if q := after.Question; q != 0 && s.cfg.Answer != AnswerAsk {
		if q == consent.View {
			s.setShareLocked(s.cfg.Share)
		}
		s.applyLocked(consent.Event{Kind: s.autoAnswer(q), Serial: after.Serial}, byAuto)
	}
}

// enforceLocked makes the rights true before anybody is told.
func (s *Session) enforceLocked(before, after consent.Rights) {
	if before.Has(consent.Show) && !after.Has(consent.Show) && s.show != nil {
		s.show.end() // the old direction is over before the new one begins
	}
	for v := range s.viewers {
		v.conn.SetRights(rfbRights(after))
	}
	if lost := before &^ after; lost.Has(consent.Control) {
		if err := s.guard.ReleaseAll(); err != nil {
			s.log.Warn("keys could not be released", "reason", err)
		}
	}
	if k := s.cfg.Display.Hotkey; k != nil && before.Has(consent.Control) != after.Has(consent.Control) {
		if err := k.Swallow(after.Has(consent.Control)); err != nil {
			s.log.Info("F12 also reaches the applications", "reason", err)
		}
	}
	s.share.want(after.Has(consent.View) && len(s.viewers) > 0)
}

func (s *Session) autoAnswer(q consent.Right) consent.Kind {
	if q == consent.Share {
		return consent.Refuse // what is shared was said on the command line
	}
	if s.cfg.Answer == AnswerControl || s.cfg.Answer == AnswerView && (q == consent.View || q == consent.Show) {
		return consent.Allow
	}
	return consent.Refuse
}

var outcomeNames = [...]string{
	consent.Given: "given", consent.Refused: "refused", consent.TimedOut: "timeout",
	consent.Taken: "taken", consent.Returned: "returned", consent.Withdrawn: "",
}

// tellWaitersLocked wakes the viewers that wait for the view.
func (s *Session) tellWaitersLocked(changes []consent.Change) {
	for _, c := range changes {
		if c.Right != consent.View || c.Outcome == consent.Opened {
			continue
		}
		for w := range s.waiters {
			w <- c.Outcome
			delete(s.waiters, w)
		}
	}
}

// approveView is rfb.Config.Approve of every viewer: it returns when the view
// is given, or an error with the words for the viewer's user.
func (s *Session) approveView(ctx context.Context) error {
	w := make(chan consent.Outcome, 1)
	s.mu.Lock()
	switch {
	case s.state.Given.Has(consent.View):
		s.mu.Unlock()
		return s.share.ready(ctx)
	case s.state.Paused:
		s.mu.Unlock()
		return rfb.Refusal{Reason: s.lang.text("The customer has paused the session.")}
	case s.state.Phase != consent.Joined:
		s.mu.Unlock()
		return rfb.Refusal{Reason: s.lang.text("The session is over.")}
	}
	s.waiters[w] = struct{}{}
	s.applyLocked(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
	s.mu.Unlock()
	select {
	case outcome := <-w:
		switch outcome {
		case consent.Given:
			return s.share.ready(ctx)
		case consent.TimedOut:
			return rfb.Refusal{Reason: s.lang.text("The customer did not answer in time.")}
		}
		return rfb.Refusal{Reason: s.lang.text("The customer did not allow the view.")}
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.waiters, w)
		if len(s.waiters) == 0 {
			s.applyLocked(consent.Event{Kind: consent.Withdraw, Right: consent.View}, byAdvisor)
		}
		s.mu.Unlock()
		return context.Cause(ctx)
	}
}

// expireQuestions refuses by silence, and tells panels when a question is armed.
func (s *Session) expireQuestions(ctx context.Context) {
	var told time.Time // since when what panels were told to be armed is
	for {
		s.mu.Lock()
		question, serial, changed := s.state.Question, s.state.Serial, s.questionSet
		armed, over := s.armedAtLocked(), s.opened.Add(s.timeout(question))
		s.mu.Unlock()
		if question == 0 {
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
			continue
		}
		now := time.Now()
		switch {
		case !now.Before(over):
			s.apply(consent.Event{Kind: consent.Timeout, Serial: serial}, byCustomer)
			continue
		case !now.Before(armed) && armed != told:
			told = armed
			s.log.Info("question", "right", question, "armed", true)
			s.publish()
			continue
		}
		wait := over.Sub(now)
		if now.Before(armed) {
			wait = min(wait, armed.Sub(now))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

func (s *Session) timeout(r consent.Right) time.Duration {
	switch r {
	case consent.View, consent.Share:
		return s.cfg.ViewTimeout
	case consent.Clipboard:
		return s.cfg.ClipboardTimeout
	case consent.Show:
		return s.cfg.ShowTimeout
	}
	return s.cfg.ControlTimeout
}

// twice is within how long a second press of the key ends the session.
const twice = time.Second

// watchHotkey makes F12 take control back, and end the session when it is pressed
// twice, without the network.
func (s *Session) watchHotkey(ctx context.Context) {
	s.mu.Lock()
	s.hotkeyWorks = true
	s.mu.Unlock()
	var last time.Time
	err := s.cfg.Display.Hotkey.Watch(ctx, s.cfg.Hotkey.sym(), func() {
		s.apply(consent.Event{Kind: consent.Key}, byKey)
		now := time.Now()
		if again := now.Sub(last) <= twice; again {
			s.end(tunnel.ReasonCustomer)
		}
		last = now
	})
	if ctx.Err() != nil {
		return
	}
	s.log.Warn("the key does not take control back on this system; the button does", "key", s.cfg.Hotkey, "reason", err)
	s.mu.Lock()
	s.hotkeyWorks = false
	s.publishLocked()
	s.mu.Unlock()
}

func (s *Session) fail(f *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != phaseNumber {
		return
	}
	s.failure = f
	s.publishLocked()
}

// finish makes the end known to everybody who is still there.
func (s *Session) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == "" {
		s.reason = tunnel.ReasonLost
		if err != nil {
			s.reason = "error"
			s.failure = &Failure{Code: "gateway", Message: plaintext.Line(err.Error(), maxMessage)}
		}
	}
	s.applyLocked(consent.Event{Kind: consent.End}, endedBy(s.reason))
	s.byeLocked()
	for v := range s.viewers {
		v.conn.Close()
	}
	s.phase = phaseEnded
	s.noteLocked("the session is over: %s", reasonText(s.lang, s.reason))
	if s.cfg.Record != nil && s.state.Serial > 0 {
		s.cfg.Record(s.recordTextLocked())
	}
	s.publishLocked()
}
