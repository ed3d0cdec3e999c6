package agent

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"lotse/consent"
	"lotse/screen"
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

// resumeRight stands for the question whether a paused view goes on, among the rights
// that were refused. It is no right and is never asked for by the advisor.
const resumeRight consent.Right = 0

// asked is a question that is put to the customer; zero: none.
type asked struct {
	right  consent.Right
	serial uint64
	resume bool // whether a paused view goes on; right and serial are 0
}

// id is the question's name for panels.
func (a asked) id() string {
	if a.resume {
		return "resume"
	}
	return strconv.FormatUint(a.serial, 10)
}

// name is the question's right in protocols and logs.
func (a asked) name() string {
	if a.resume {
		return "resume"
	}
	return a.right.String()
}

// choosesShare reports whether a yes says what is shown.
func (a asked) choosesShare() bool { return a.right == consent.View || a.right == consent.Share }

// questions is what is known of questions. The loop owns it.
type questions struct {
	open     openQuestion
	yes      lastYes
	refusals refusals
	resume   resumeWish
	proposal *screen.Share // the customer's own; nil: none
}

// openQuestion is how the open question stands.
type openQuestion struct {
	until time.Time // when no answer becomes a no; zero: it is not on the screen yet
	armed bool      // a yes counts now
	// A panel said yes, to this share; it takes effect when yesStands.
	allowed bool
	share   *screen.Share
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

// undoneBy reports whether a refusal of question id comes soon enough.
func (y lastYes) undoneBy(id string) bool {
	return y.serial != 0 && id == asked{serial: y.serial}.id() && time.Since(y.at) <= refusalWins
}

// pending is the question to be put to the customer.
func (st *state) pending() asked {
	resume := st.questions.resume
	switch {
	case st.session.cfg.Answer != AnswerAsk:
	case st.consent.Question != 0:
		return asked{right: st.consent.Question, serial: st.consent.Serial}
	case resume.wished && !resume.delayed && st.consent.Paused && st.consent.Phase == consent.Joined:
		return asked{resume: true}
	}
	return asked{}
}

// questionChanged follows a new question, or the end of one. Where there is no question
// window, the panels put it: it is armed and ends by the clock.
func (st *state) questionChanged() {
	st.questions.open = openQuestion{}
	if st.consent.Question != consent.Share && !st.consent.Asked.Has(consent.Share) {
		st.questions.proposal = nil
	}
	a, cfg := st.pending(), &st.session.cfg
	if a == (asked{}) || cfg.Display.Asker != nil {
		return
	}
	timeout := cfg.timeout(a.right)
	st.questions.open.until = time.Now().Add(timeout)
	st.after(panelArmAfter, panelArmed{a})
	st.after(timeout, panelSilent{a})
}

// panelArmed says that a question has been open for long enough to be answered.
type panelArmed struct{ asked asked }

func (e panelArmed) in(st *state) {
	if q := &st.questions.open; st.pending() == e.asked && !q.armed {
		q.armed = true
		st.session.log.consent.Info("question", "right", e.asked.name(), "armed", true)
		st.session.cfg.Trace.armed(e.asked, true)
	}
}

// panelSilent says that nobody has answered a question in time.
type panelSilent struct{ asked asked }

func (e panelSilent) in(st *state) {
	if st.pending() == e.asked && !st.questions.open.allowed {
		st.apply(consent.Event{Kind: consent.Timeout, Serial: e.asked.serial}, byCustomer)
	}
}

// yesStands says that nobody has refused since a panel's yes.
type yesStands struct{ asked asked }

func (e yesStands) in(st *state) {
	if st.pending() == e.asked {
		st.allow(e.asked, st.questions.open.share)
	}
}

// allow gives what was asked for. chosen is what shall be shown; nil: what the customer
// proposed, else the whole screen.
func (st *state) allow(a asked, chosen *screen.Share) {
	if a.resume {
		st.questions.resume = resumeWish{}
		st.questions.refusals.note(consent.Change{Right: resumeRight, Outcome: consent.Given}, nil)
		st.apply(consent.Event{Kind: consent.Resume}, byCustomer)
		return
	}
	if a.choosesShare() {
		switch {
		case chosen != nil:
			st.share(*chosen)
		case st.questions.proposal != nil:
			st.share(*st.questions.proposal)
		default:
			st.share(screen.Share{})
		}
	}
	st.questions.yes = lastYes{serial: a.serial, right: a.right, at: time.Now()}
	st.apply(consent.Event{Kind: consent.Allow, Serial: a.serial}, byCustomer)
}

func (st *state) refuse(a asked) {
	if a.resume {
		st.refuseResume(consent.Refused)
		return
	}
	st.apply(consent.Event{Kind: consent.Refuse, Serial: a.serial}, byCustomer)
}

// refuseResume leaves the view paused. The next wish waits like any other.
func (st *state) refuseResume(o consent.Outcome) {
	st.questions.resume = resumeWish{delayed: true}
	st.questions.refusals.note(consent.Change{Right: resumeRight, Outcome: o}, func() { st.session.send(resumeReady{}) })
}

// resumeReady says that the customer may wish again that a paused view goes on.
type resumeReady struct{}

func (resumeReady) in(st *state) { st.questions.resume.delayed = false }

// questionWindow puts one question after the other in the question window.
type questionWindow struct{ session *Session }

func (w *questionWindow) run(ctx context.Context) {
	for {
		m, ok := w.session.await(ctx, nil, func(m *moment) bool { return m.asked != (asked{}) })
		if !ok {
			return
		}
		w.put(ctx, m.asked)
	}
}

// put shows a question until it is answered or has lost its sense.
func (w *questionWindow) put(ctx context.Context, a asked) {
	s := w.session
	wanted := &questionWanted{asked: a}
	if s.send(wanted); !wanted.open {
		return
	}
	q := wanted.question
	q.Seen = func(v screen.QuestionView) { s.send(questionSeen{a, v}) }
	ask, stop := context.WithCancel(ctx)
	defer stop()
	var answer screen.Answer
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, err = s.cfg.Display.Asker.Ask(ask, q)
	}()
	if _, closed := s.await(ctx, done, func(m *moment) bool { return m.asked != a }); closed || ctx.Err() != nil {
		stop()
		<-done
		return
	}
	switch {
	case errors.Is(err, screen.ErrNoAnswer):
		s.cfg.Trace.question("question not answered", a)
		s.send(windowSilent{a})
	case err != nil:
		s.log.consent.Warn("the question could not be shown, so the answer is no", "reason", err)
		s.cfg.Trace.question("question not shown", a)
		s.send(windowSilent{a})
	default:
		s.log.consent.Debug("question window answered", "right", a.name())
		s.cfg.Trace.question("question answered", a)
		s.send(windowAnswered{a, answer})
	}
}

// questionWanted reads what the question window shows.
type questionWanted struct {
	asked    asked
	question screen.Question
	open     bool
}

func (e *questionWanted) in(st *state) {
	if e.open = st.pending() == e.asked; e.open {
		e.question = st.wording().question(e.asked)
	}
}

// questionSeen follows the question window.
type questionSeen struct {
	asked asked
	view  screen.QuestionView
}

func (e questionSeen) in(st *state) {
	if st.pending() != e.asked {
		return
	}
	q, v := &st.questions.open, e.view
	if q.until.IsZero() || q.armed != v.Armed {
		st.session.log.consent.Info("question", "right", e.asked.name(), "armed", v.Armed)
		st.session.cfg.Trace.armed(e.asked, v.Armed)
	}
	st.session.log.consent.Debug("question window", "right", e.asked.name(), "armed", v.Armed, "buttons", placesOf(v.Buttons))
	q.until, q.armed = v.Until, v.Armed
}

// windowSilent says that nobody has answered in the question window. A resume has no
// serial and is refused for itself.
type windowSilent struct{ asked asked }

func (e windowSilent) in(st *state) {
	if e.asked.resume {
		st.refuseResume(consent.TimedOut)
		return
	}
	st.apply(consent.Event{Kind: consent.Timeout, Serial: e.asked.serial}, byCustomer)
}

// windowAnswered is the customer's answer in the question window.
type windowAnswered struct {
	asked  asked
	answer screen.Answer
}

func (e windowAnswered) in(st *state) {
	switch {
	case st.pending() != e.asked:
	case e.answer.Allow:
		st.allow(e.asked, chosenIn(e.answer.Chosen))
	case e.answer.Never && !e.asked.resume:
		st.apply(consent.Event{Kind: consent.Silence, Right: e.asked.right}, byCustomer)
	default:
		st.refuse(e.asked)
	}
}

// placesOf writes buttons for the log: name=x,y,width,height.
type placesOf map[string]image.Rectangle

// LogValue implements slog.LogValuer: nothing is written unless somebody reads it.
func (places placesOf) LogValue() slog.Value {
	var out []string
	for name, r := range places {
		out = append(out, name+"="+strings.Join([]string{strconv.Itoa(r.Min.X), strconv.Itoa(r.Min.Y), strconv.Itoa(r.Dx()), strconv.Itoa(r.Dy())}, ","))
	}
	return slog.StringValue(strings.Join(out, " "))
}
