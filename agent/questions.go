package agent

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"lotse/agent/refusals"
	"lotse/consent"
	"lotse/screen"
)

// If the display has a question window, only that window takes a yes. The panel may be a page
// in a browser that the advisor controls, so it only shows the question and can refuse it. A
// panel takes a yes only if there is no question window.

// refusalWins is how long after a yes a refusal still undoes it. Two panels may send different
// answers at the same time.
const refusalWins = time.Second

// panelArmAfter is how long a question must have been open before a panel's yes counts. It
// applies only if there is no question window.
const panelArmAfter = time.Second

// resumeRight stands for the question whether a paused view may resume, in the list of refused
// rights. It is not a right, and the advisor never requests it.
const resumeRight consent.Right = 0

// asked is a question that is put to the customer. The zero value is no question.
type asked struct {
	right  consent.Right
	serial uint64
	resume bool // whether a paused view may resume; right and serial are 0
}

// id returns the question's identifier for panels.
func (a asked) id() string {
	if a.resume {
		return "resume"
	}
	return strconv.FormatUint(a.serial, 10)
}

// name returns the name of the question's right in protocols and logs.
func (a asked) name() string {
	if a.resume {
		return "resume"
	}
	return a.right.String()
}

// choosesShare reports whether a yes also decides what is shown.
func (a asked) choosesShare() bool { return a.right == consent.View || a.right == consent.Share }

// questions is the state of all questions. The loop owns it.
type questions struct {
	open     openQuestion
	yes      lastYes
	refusals refusals.Refusals
	resume   resumeWish
	proposal *screen.Share // proposed by the customer; nil: none
	reminded time.Time     // when the advisor last reminded the customer of a question
}

// openQuestion is the state of the open question.
type openQuestion struct {
	until time.Time // when no answer becomes a refusal; zero: not on the screen yet
	armed bool      // a yes counts now
	// allowed means that a panel said yes, for this share. The yes takes effect with yesStands.
	allowed bool
	share   *screen.Share
	// remind takes reminders for the question window; nil: the question is not in that window.
	remind chan struct{}
}

// resumeWish is the customer's command, in a panel, to resume a paused view.
type resumeWish struct {
	wished bool
	// delayed means that the question waits because the customer has refused it recently.
	delayed bool
}

// lastYes is the last answer that allowed something.
type lastYes struct {
	serial uint64
	right  consent.Right
	at     time.Time
}

// undoneBy reports whether a refusal of question id still undoes the yes.
func (y lastYes) undoneBy(id string) bool {
	return y.serial != 0 && id == asked{serial: y.serial}.id() && time.Since(y.at) <= refusalWins
}

// putOff delays a request of the advisor if too many questions have opened.
func putOff(st *state, r consent.Right) {
	c := &st.consent
	wait := st.questions.refusals.Crowded()
	if wait <= 0 || c.Phase != consent.Joined || c.Given.Has(r) || c.Asked.Has(r) || c.Delayed.Has(r) || c.Silenced.Has(r) {
		return
	}
	st.apply(consent.Event{Kind: consent.PutOff, Right: r}, byAuto)
	st.questions.refusals.PutOff(r, wait, func() {
		st.session.send(consented{consent.Event{Kind: consent.Ready, Right: r}, byAuto})
	})
}

// pending returns the question to put to the customer.
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

// questionChanged is called when a question was opened or ended. If there is no question
// window, the panels ask the question; then timers arm it and end it.
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

// panelArmed means that a question has been open long enough to be answered.
type panelArmed struct{ asked asked }

func (e panelArmed) in(st *state) {
	if q := &st.questions.open; st.pending() == e.asked && !q.armed {
		q.armed = true
		st.session.log.consent.Info("question", "right", e.asked.name(), "armed", true)
		st.session.cfg.Trace.Armed(e.asked.name(), true)
	}
}

// panelSilent means that nobody has answered a question in time.
type panelSilent struct{ asked asked }

func (e panelSilent) in(st *state) {
	if st.pending() == e.asked && !st.questions.open.allowed {
		st.apply(consent.Event{Kind: consent.Timeout, Serial: e.asked.serial}, byCustomer)
	}
}

// yesStands means that nobody has refused within refusalWins after a panel's yes.
type yesStands struct{ asked asked }

func (e yesStands) in(st *state) {
	if st.pending() == e.asked {
		st.allow(e.asked, st.questions.open.share)
	}
}

// allow gives what the question asks for. chosen is what to show; nil means the customer's
// proposal, or the whole screen if there is none.
func (st *state) allow(a asked, chosen *screen.Share) {
	if a.resume {
		st.questions.resume = resumeWish{}
		st.questions.refusals.Note(consent.Change{Right: resumeRight, Outcome: consent.Given}, nil)
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

// refuseResume leaves the view paused. The next question about it is delayed like any other.
func (st *state) refuseResume(o consent.Outcome) {
	st.questions.resume = resumeWish{delayed: true}
	st.questions.refusals.Note(consent.Change{Right: resumeRight, Outcome: o}, func() { st.session.send(resumeReady{}) })
}

// resumeReady means that the customer may be asked again whether a paused view may resume.
type resumeReady struct{}

func (resumeReady) in(st *state) { st.questions.resume.delayed = false }

// questionWindow shows the questions in the question window, one at a time.
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

// put shows a question until it is answered or is no longer pending.
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
		s.cfg.Trace.Question("question not answered", a.name())
		s.send(windowSilent{a})
	case err != nil:
		s.log.consent.Warn("the question could not be shown, so the answer is no", "reason", err)
		s.cfg.Trace.Question("question not shown", a.name())
		s.send(windowSilent{a})
	default:
		s.log.consent.Debug("question window answered", "right", a.name())
		s.cfg.Trace.Question("question answered", a.name())
		s.send(windowAnswered{a, answer})
	}
}

// questionWanted reads the text for the question window. open is false if the question is no
// longer pending.
type questionWanted struct {
	asked    asked
	question screen.Question
	open     bool
}

func (e *questionWanted) in(st *state) {
	if e.open = st.pending() == e.asked; e.open {
		e.question = st.wording(e.asked.right).question(e.asked)
		remind := make(chan struct{}, 1)
		e.question.Remind, st.questions.open.remind = remind, remind
	}
}

// questionSeen reports a change in the question window.
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
		st.session.cfg.Trace.Armed(e.asked.name(), v.Armed)
	}
	st.session.log.consent.Debug("question window", "right", e.asked.name(), "armed", v.Armed, "buttons", placesOf(v.Buttons))
	q.until, q.armed = v.Until, v.Armed
}

// windowSilent means that nobody has answered in the question window, or that it could not be
// shown. The question about resuming has no serial number and is refused separately.
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

// placesOf formats the places of buttons for the log: name=x,y,width,height.
type placesOf map[string]image.Rectangle

// LogValue implements slog.LogValuer, so that nothing is formatted unless it is logged.
func (places placesOf) LogValue() slog.Value {
	var out []string
	for name, r := range places {
		out = append(out, name+"="+strings.Join([]string{strconv.Itoa(r.Min.X), strconv.Itoa(r.Min.Y), strconv.Itoa(r.Dx()), strconv.Itoa(r.Dy())}, ","))
	}
	return slog.StringValue(strings.Join(out, " "))
}
