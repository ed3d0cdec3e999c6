package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lotse/consent"
	"lotse/plaintext"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tunnel"
)

// Session is one session as the customer's side holds it. Its methods are what
// a panel may do; all may be called concurrently, and none waits for the display,
// for a viewer or for the network.
type Session struct {
	// Static after newSession.
	cfg     Config
	lang    Language
	log     *slog.Logger
	share   *share
	guard   *guard
	local   localInput
	effects *effects
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
	question    openQuestion
	yes         lastYes
	refusals    refusals
	resume      resumeWish
	notice      screen.Notice
	proposal    *screen.Share
	choices     Choices
	scope       screen.Scope // what is captured; nil: nothing
	show        *show        // the advisor's screen; nil: none
	record      record
	named       bool // the customer has allowed something: his names may be told
	viewers     map[*viewer]struct{}
	controls    map[*control]struct{}
	waiters     map[chan consent.Outcome]struct{} // viewers that wait for the view
	link        *tunnel.AgentLink
	seq         uint64
	changed     chan struct{} // closed and replaced at each change
	questionSet chan struct{} // likewise, when the open question changed
}

// The panel's phases; PANEL.md.
const (
	phaseNumber     = "number"
	phaseConnecting = "connecting"
	phaseJoined     = "joined"
	phaseAway       = "away"
	phaseEnded      = "ended"
)

func newSession(cfg Config, cancel context.CancelCauseFunc) *Session {
	s := &Session{
		cfg: cfg, lang: cfg.Language, log: cfg.Logger, cancel: cancel, effects: newEffects(), refusals: newRefusals(),
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
	s.guard.Suspend(true) // until control is given
	return s
}

// start starts everything that follows the display and the questions. It ends with
// ctx; wait returns after the last goroutine.
func (s *Session) start(ctx context.Context) (wait func()) {
	var wg sync.WaitGroup
	d := s.cfg.Display
	for _, part := range []struct {
		there bool
		run   func(context.Context)
	}{
		{true, s.effects.run},
		{true, s.share.run},
		{true, s.watchClipboard},
		{true, s.putQuestions},
		{d.Hotkey != nil, s.watchHotkey},
		{d.Hands != nil, s.watchLocalInput},
		{d.Windows != nil, s.watchChoices},
		{d.Badge != nil, s.watchBadge},
		{d.Notices != nil, s.watchNotices},
	} {
		if part.there {
			wg.Go(func() { part.run(ctx) })
		}
	}
	return wg.Wait
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

// Pause hides everything and ends control.
func (s *Session) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume.wished = false
	s.applyLocked(consent.Event{Kind: consent.Pause}, byCustomer)
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
	if after == before && len(changes) == 0 {
		return
	}
	s.state = after
	s.enforceLocked(before.Effective(), after.Effective())
	if after.Question != before.Question || after.Serial != before.Serial {
		s.question = openQuestion{opened: time.Now()}
		if after.Question != consent.Share && !after.Asked.Has(consent.Share) {
			s.proposal = nil
		}
		s.questionChangedLocked()
	}
	s.tellWaitersLocked(changes)
	s.obeyShowLocked(changes)
	for _, c := range changes {
		if after.Delayed.Has(c.Right) || c.Outcome == consent.Given {
			s.refusals.note(c, func() { s.apply(consent.Event{Kind: consent.Ready, Right: c.Right}, byAuto) })
		}
		if c.Outcome == consent.Given {
			s.nameLocked()
		}
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

// questionChangedLocked wakes whoever puts questions.
func (s *Session) questionChangedLocked() {
	close(s.questionSet)
	s.questionSet = make(chan struct{})
}

// enforceLocked makes the rights true before anybody is told. It waits for nobody:
// what may wait for the display goes to effects, and Suspend makes up for that.
func (s *Session) enforceLocked(before, after consent.Rights) {
	if before.Has(consent.Show) && !after.Has(consent.Show) && s.show != nil {
		s.show.end() // the old direction is over before the new one begins
	}
	for v := range s.viewers {
		v.conn.SetRights(rfbRights(after))
	}
	switch had, has := before.Has(consent.Control), after.Has(consent.Control); {
	case had && !has:
		s.guard.Suspend(true)
		s.effects.do(s.releaseInput)
		s.effects.do(s.swallowHotkey)
	case has && !had && s.effects.idle():
		s.guard.Suspend(false)
		s.effects.do(s.swallowHotkey)
	case has && !had:
		// What was under way when control was taken is behind the effects that wait.
		s.effects.do(s.resumeInput)
		s.effects.do(s.swallowHotkey)
	}
	s.share.want(after.Has(consent.View) && len(s.viewers) > 0)
}

// resumeInput lets remote input through again, if it still may.
func (s *Session) resumeInput() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Effective().Has(consent.Control) {
		s.guard.Suspend(false)
	}
}

// swallowHotkey keeps the key from applications while there is control to take back.
func (s *Session) swallowHotkey() {
	if s.cfg.Display.Hotkey == nil {
		return
	}
	s.mu.Lock()
	on := s.state.Effective().Has(consent.Control)
	s.mu.Unlock()
	if err := s.cfg.Display.Hotkey.Swallow(on); err != nil {
		s.log.Info("F12 also reaches the applications", "reason", err)
	}
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
	s.refusals.stop()
	s.noteLocked("the session is over: %s", reasonText(s.lang, s.reason))
	if s.cfg.Record != nil && s.state.Serial > 0 {
		s.cfg.Record(s.recordTextLocked())
	}
	s.publishLocked()
}
