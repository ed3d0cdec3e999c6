package agent

import (
	"context"
	"errors"
	"image"
	"strconv"
	"strings"
	"time"

	"lotse/consent"
	"lotse/screen"
	"lotse/tunnel"
)

// The question window is the only place where a yes is given, where the display has
// one. The panel may be a page in a browser that the advisor controls: it shows the
// question, and may refuse. Only where there is no question window does a panel take
// a yes.

// refusalWins is how long a refusal still undoes a yes that came before it: two
// panels may say different things at the same time.
const refusalWins = time.Second

// panelArmAfter is how long a question must have been open before a panel's yes
// counts, where there is no question window.
const panelArmAfter = time.Second

// resumeRight stands for the question whether a paused view goes on. It is no right
// and is never asked for by the advisor.
const resumeRight consent.Right = 0

// openQuestion is how the open question stands.
type openQuestion struct {
	opened time.Time // when it was put
	until  time.Time // when no answer becomes a no; zero: it is not on the screen yet
	armed  bool      // a yes counts now
	// Of a question that a panel answers: what it allowed, and since when.
	allowed   *screen.Share
	allowedAt time.Time // zero: it did not
}

// resumeWish is the customer's wish, made in a panel, that a paused view goes on.
type resumeWish struct {
	wished bool
	// delayed: refused lately, the question waits.
	delayed bool
}

// lastYes is the newest answer that allowed something.
type lastYes struct {
	serial uint64
	right  consent.Right
	at     time.Time
}

// asked is what is to be put to the customer now.
type asked struct {
	right  consent.Right // or resumeRight
	serial uint64
}

// pendingLocked is the question to be put; ok is false when there is none.
func (s *Session) pendingLocked() (a asked, ok bool) {
	switch {
	case s.cfg.Answer != AnswerAsk:
		return a, false
	case s.state.Question != 0:
		return asked{s.state.Question, s.state.Serial}, true
	case s.resume.wished && !s.resume.delayed && s.state.Paused && s.state.Phase == consent.Joined:
		return asked{resumeRight, 0}, true
	}
	return a, false
}

// putQuestions puts one question after the other until ctx ends.
func (s *Session) putQuestions(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.Lock()
		a, ok := s.pendingLocked()
		changed := s.questionSet
		s.mu.Unlock()
		switch {
		case !ok:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		case s.cfg.Display.Asker != nil:
			s.putInWindow(ctx, a)
		default:
			s.putInPanel(ctx, a)
		}
	}
}

// putInWindow shows a question until it is answered or has lost its sense.
func (s *Session) putInWindow(ctx context.Context, a asked) {
	type result struct {
		answer screen.Answer
		err    error
	}
	ask, stop := context.WithCancel(ctx)
	defer stop()
	s.mu.Lock()
	q := s.questionLocked(a)
	s.mu.Unlock()
	q.Seen = func(v screen.QuestionView) { s.questionSeen(a, v) }
	done := make(chan result, 1)
	go func() {
		answer, err := s.cfg.Display.Asker.Ask(ask, q)
		done <- result{answer, err}
	}()
	for {
		s.mu.Lock()
		now, ok := s.pendingLocked()
		changed := s.questionSet
		s.mu.Unlock()
		if !ok || now != a {
			stop()
			<-done
			return
		}
		select {
		case <-changed:
		case r := <-done:
			switch {
			case errors.Is(r.err, screen.ErrNoAnswer):
				s.questionOver(a)
			case r.err != nil && ctx.Err() == nil:
				s.log.Warn("the question could not be shown, so the answer is no", "reason", r.err)
				s.questionOver(a)
			case r.err == nil:
				s.log.Debug("question window answered", "right", rightName(a.right))
				s.windowAnswered(a, r.answer)
			}
			return
		}
	}
}

// questionSeen follows the question window.
func (s *Session) questionSeen(a asked, v screen.QuestionView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, ok := s.pendingLocked(); !ok || now != a {
		return
	}
	if s.question.until.IsZero() || s.question.armed != v.Armed {
		s.log.Info("question", "right", rightName(a.right), "armed", v.Armed)
	}
	s.log.Debug("question window", "right", rightName(a.right), "armed", v.Armed, "buttons", placesOf(v.Buttons))
	if s.question.until != v.Until || s.question.armed != v.Armed {
		s.question.until, s.question.armed = v.Until, v.Armed
		s.publishLocked()
	}
}

// rightName is a question's name in logs and protocols.
func rightName(r consent.Right) string {
	if r == resumeRight {
		return "resume"
	}
	return r.String()
}

// placesOf writes buttons for the log: name=x,y,width,height.
func placesOf(buttons map[string]image.Rectangle) string {
	var out []string
	for name, r := range buttons {
		out = append(out, name+"="+strings.Join([]string{strconv.Itoa(r.Min.X), strconv.Itoa(r.Min.Y), strconv.Itoa(r.Dx()), strconv.Itoa(r.Dy())}, ","))
	}
	return strings.Join(out, " ")
}

// questionOver refuses by silence.
func (s *Session) questionOver(a asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.right == resumeRight {
		s.refuseResumeLocked(consent.TimedOut)
		return
	}
	s.applyLocked(consent.Event{Kind: consent.Timeout, Serial: a.serial}, byCustomer)
}

// windowAnswered takes the customer's answer.
func (s *Session) windowAnswered(a asked, answer screen.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, ok := s.pendingLocked(); !ok || now != a {
		return
	}
	switch {
	case answer.Allow:
		s.allowLocked(a, chosenIn(answer.Chosen))
	case answer.Never && a.right != resumeRight:
		s.applyLocked(consent.Event{Kind: consent.Silence, Right: a.right}, byCustomer)
	default:
		s.refuseLocked(a)
	}
}

// allowLocked gives what was asked for. share is what was chosen to be shown; nil:
// what the customer proposed, else the whole screen.
func (s *Session) allowLocked(a asked, share *screen.Share) {
	if a.right == resumeRight {
		s.resume = resumeWish{}
		s.refusals.note(consent.Change{Right: resumeRight, Outcome: consent.Given}, nil)
		s.applyLocked(consent.Event{Kind: consent.Resume}, byCustomer)
		return
	}
	if a.right == consent.View || a.right == consent.Share {
		switch {
		case share != nil:
			s.setShareLocked(*share)
		case s.proposal != nil:
			s.setShareLocked(*s.proposal)
		default:
			s.setShareLocked(screen.Share{})
		}
	}
	s.yes = lastYes{serial: a.serial, right: a.right, at: time.Now()}
	s.applyLocked(consent.Event{Kind: consent.Allow, Serial: a.serial}, byCustomer)
}

func (s *Session) refuseLocked(a asked) {
	if a.right == resumeRight {
		s.refuseResumeLocked(consent.Refused)
		return
	}
	s.applyLocked(consent.Event{Kind: consent.Refuse, Serial: a.serial}, byCustomer)
}

// refuseResumeLocked leaves the view paused. The next wish waits like any other.
func (s *Session) refuseResumeLocked(o consent.Outcome) {
	s.resume = resumeWish{delayed: true}
	s.refusals.note(consent.Change{Right: resumeRight, Outcome: o}, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.resume.delayed = false
		s.questionChangedLocked()
	})
	s.questionChangedLocked()
	s.publishLocked()
}

// putInPanel waits for a panel's answer to a question.
func (s *Session) putInPanel(ctx context.Context, a asked) {
	s.mu.Lock()
	s.question.until = s.question.opened.Add(s.timeout(a.right))
	until, armed := s.question.until, s.question.opened.Add(panelArmAfter)
	s.publishLocked()
	s.mu.Unlock()
	for {
		s.mu.Lock()
		now, ok := s.pendingLocked()
		changed, allowedAt := s.questionSet, s.question.allowedAt
		clock := time.Now()
		next := until
		switch {
		case !ok || now != a:
			s.mu.Unlock()
			return
		case !allowedAt.IsZero() && !clock.Before(allowedAt.Add(refusalWins)):
			s.allowLocked(a, s.question.allowed)
			s.mu.Unlock()
			return
		case !clock.Before(until) && allowedAt.IsZero():
			s.mu.Unlock()
			s.questionOver(a)
			return
		case !allowedAt.IsZero():
			next = allowedAt.Add(refusalWins)
		case !s.question.armed && !clock.Before(armed):
			s.question.armed = true
			s.log.Info("question", "right", rightName(a.right), "armed", true)
			s.publishLocked()
		case !s.question.armed:
			next = armed
		}
		s.mu.Unlock()
		timer := time.NewTimer(next.Sub(clock))
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// Refuse refuses question id, by the customer. It also undoes a yes to that question
// that is not older than a second. Refuse returns at once.
func (s *Session) Refuse(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, open := s.pendingLocked()
	switch {
	case open && id == a.id():
		s.refuseLocked(a)
	case s.yes.serial != 0 && id == (asked{serial: s.yes.serial}).id() && time.Since(s.yes.at) <= refusalWins:
		right := s.yes.right
		if right == consent.Share {
			right = consent.View // what was shown before is not known any more
		}
		s.applyLocked(consent.Event{Kind: consent.Take, Right: right}, byCustomer)
	}
}

// Allow answers question id with a yes, where the display has no question window,
// and reports whether it counts. share says what is shown, where that was asked; nil:
// the whole screen. The yes takes effect after a second in which nobody refuses.
func (s *Session) Allow(id string, share *Share) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, open := s.pendingLocked()
	if !open || id != a.id() || s.cfg.Display.Asker != nil || !s.question.armed || !s.question.allowedAt.IsZero() {
		return false
	}
	if share != nil && (a.right == consent.View || a.right == consent.Share) {
		what, err := share.parse()
		if err != nil {
			return false
		}
		s.question.allowed = &what
	}
	s.question.allowedAt = time.Now()
	s.questionChangedLocked()
	return true
}

// Silence refuses a right for the rest of the session, or lifts that again.
func (s *Session) Silence(r consent.Right, on bool) {
	kind := consent.Unsilence
	if on {
		kind = consent.Silence
	}
	s.apply(consent.Event{Kind: kind, Right: r}, byCustomer)
}

// Resume wishes that a paused view goes on. Where there is a question window, it
// asks first: the page that wishes may not be the customer's alone.
func (s *Session) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.Paused {
		return
	}
	if s.cfg.Display.Asker == nil {
		s.applyLocked(consent.Event{Kind: consent.Resume}, byCustomer)
		return
	}
	if !s.resume.wished {
		s.resume.wished = true
		s.questionChangedLocked()
		s.publishLocked()
	}
}

// id is a question's name for panels.
func (a asked) id() string {
	if a.right == resumeRight && a.serial == 0 {
		return "resume"
	}
	return strconv.FormatUint(a.serial, 10)
}

// nameLocked tells this computer's names to the advisor, once the customer has
// allowed something.
func (s *Session) nameLocked() {
	if s.named || s.cfg.Nameless {
		return
	}
	s.named = true
	hello := s.helloLocked()
	for ctl := range s.controls {
		ctl.send(hello)
	}
	for v := range s.viewers {
		v.conn.SetName(s.viewerNameLocked())
	}
}

// viewerNameLocked is the desktop's name for viewers.
func (s *Session) viewerNameLocked() string {
	if host := s.customerLocked().Host; host != "" {
		return short(host)
	}
	return "Lotse"
}

func (s *Session) helloLocked() tunnel.AgentHello {
	return tunnel.AgentHello{Version: s.cfg.Version, Customer: s.customerLocked(), Program: tunnel.ProgramAgent, Can: s.can(), Answer: string(s.cfg.Answer)}
}
