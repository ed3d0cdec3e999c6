package agent

import (
	"log/slog"
	"time"

	"lotse/agent/notes"
	"lotse/agent/parties"
	"lotse/agent/refusals"
	"lotse/consent"
	"lotse/logs"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tunnel"
)

// state is everything that changes in a session. The loop owns it. Package consent decides what
// is allowed; state carries that out and keeps everything else.
type state struct {
	session *Session // its static parts are used to carry out effects

	consent consent.State
	phase   string // distinguishes more than consent's phases
	reason  string // why the session is ending or has ended; "": it continues
	failure *Failure
	number  tunnel.Number
	client  *tunnel.Client // of the gateway; replaced only while a number is expected
	link    *tunnel.AgentLink
	advisor *tunnel.Person
	compare string

	identity  identity
	questions questions
	sharing   sharing
	devices   devices
	pages     panelPages
	viewers   viewers
	controls  controls
	show      *show // the advisor's screen; nil: none
	notes     notes.Notes
	last      *moment // the last one published
}

// The values of Snapshot.Phase; PANEL.md.
const (
	PhaseNumber     = "number"
	PhaseConnecting = "connecting"
	PhaseJoined     = "joined"
	PhaseAway       = "away"
	PhaseEnded      = "ended"
)

// Who caused a change; tunnel/PROTOCOL.md, section 6.
const (
	byCustomer = "customer"
	byAdvisor  = "advisor"
	byKey      = "key"
	byAuto     = "auto"
)

func newState(s *Session) *state {
	st := &state{
		session: s, phase: PhaseNumber, client: s.cfg.Client, identity: identity{computer: s.customer},
		questions: questions{refusals: refusals.New()}, sharing: sharing{shown: s.cfg.Share},
		viewers: newViewers(func(conns []*rfb.Conn) { s.viewers.Store(&conns) }), controls: controls{open: map[*control]struct{}{}, parties: colleagues{parties.New()}},
	}
	st.notes.Send = st.controls.sendLead
	if s.cfg.Display.Marker == nil {
		st.consent.Silenced = consent.Rights(consent.Point) // nothing could show it
	}
	if s.cfg.Entry.Problem != "" {
		st.failure = newFailure("source", s.cfg.Entry.Problem)
	}
	return st
}

// apply passes e to the consent table and carries out the result: first the rights, then
// everything that only informs. by says who caused e.
func (st *state) apply(e consent.Event, by string) {
	if e.Kind == consent.Ask && by == byAdvisor {
		putOff(st, e.Right)
	}
	before := st.consent
	after, changes := consent.Next(before, e)
	if after == before && len(changes) == 0 {
		return
	}
	st.consent = after
	st.enforce(before.Effective(), after.Effective())
	st.notes.Interruption(before, after)
	if after.Question != before.Question || after.Serial != before.Serial {
		st.questionChanged()
	}
	if after.Serial != before.Serial {
		st.questions.refusals.Opened()
	}
	for _, c := range changes {
		// An arrow that comes or goes with the view is not worth words of its own.
		if c.Right != consent.Point || e.Right == consent.Point {
			st.changed(c, by)
		}
	}
	if q := after.Question; q != 0 && st.session.cfg.Answer != AnswerAsk {
		if q == consent.View {
			st.share(st.session.cfg.Share)
		}
		st.apply(consent.Event{Kind: st.session.cfg.Answer.to(q), Serial: after.Serial}, byAuto)
	}
}

// enforce makes the new rights effective. It never blocks: effects do what may wait for the
// display, and until then Suspend blocks input.
func (st *state) enforce(before, after consent.Rights) {
	s := st.session
	if before.Has(consent.Show) && !after.Has(consent.Show) && st.show != nil {
		st.show.end() // one direction ends before the other begins
	}
	st.viewers.setRights(st)
	st.viewers.recordings.enforce(st, after)
	switch had, has := before.Has(consent.Control), after.Has(consent.Control); {
	case had && !has:
		s.guard.Suspend(true)
		s.effects.ReleaseInput()
		s.effects.SwallowHotkey(false)
	case has && !had:
		s.guard.Suspend(false) // events from before this moment stay suspended
		s.effects.SwallowHotkey(true)
	}
	allowPointing(st)
	s.share.want(wantsPicture(st))
}

// wantsPicture reports whether the screen must be captured.
func wantsPicture(st *state) bool {
	effective := st.consent.Effective()
	return effective.Has(consent.View) && st.viewers.count() > 0 || effective.Has(consent.Record) && st.viewers.recordings.running != nil
}

// changed handles one outcome. It wakes those who wait for it, counts refusals, and informs the
// record and the advisors.
func (st *state) changed(c consent.Change, by string) {
	// A right that is silenced is refused without a question. The record says when it was silenced;
	// a line for each further request could fill it.
	silent := c.Outcome == consent.Refused && by == byAdvisor
	if silent {
		by = byAuto
	}
	st.viewers.decided(c)
	st.controls.offers.decided(st, c)
	st.viewers.recordings.decided(st, c)
	st.show.decided(c)
	st.controls.parties.decided(st, c)
	if st.consent.Delayed.Has(c.Right) || c.Outcome == consent.Given {
		st.questions.refusals.Note(c, func() {
			st.session.send(consented{consent.Event{Kind: consent.Ready, Right: c.Right}, byAuto})
		})
	}
	if c.Outcome == consent.Given {
		st.tellNames()
	}
	if c.Right != consent.Files && c.Right != consent.Colleague && !silent { // these have lines of their own
		st.notes.Change(c, by, st.sharing.choices.Describe(st.sharing.shown))
	}
	st.session.log.consent.Info("consent", "right", c.Right, "outcome", outcomeNames[c.Outcome], "by", by)
	if t := st.session.cfg.Trace; t != nil {
		t.Event(logs.Consent, "consent", slog.String("right", c.Right.String()), slog.String("outcome", outcomeWord(c.Outcome)), slog.String("by", by))
	}
	if c.Right == consent.Colleague { // its own message says it
		return
	}
	if c.Outcome == consent.Opened && st.consent.Asked.Has(c.Right) {
		seconds := int(st.session.cfg.timeout(c.Right) / time.Second)
		st.controls.sendEvent(tunnel.Event{Event: tunnel.EventAsked, Right: c.Right.String(), By: byAuto, Seconds: seconds})
	}
	if name := outcomeNames[c.Outcome]; name != "" {
		st.controls.sendEvent(tunnel.Event{Event: name, Right: c.Right.String(), By: by})
	}
}

// sendEvent reports what happened to a right to those whom it concerns: the advisor who leads, the
// one who may ask for control, and, of the view, everybody.
func (cs *controls) sendEvent(e tunnel.Event) {
	ps := &cs.parties
	for c := range cs.open {
		driving := e.Right == consent.Control.String() || e.Right == consent.Clipboard.String()
		if c.party == ps.Lead || c.party == ps.Holder && driving || e.Right == consent.View.String() {
			c.send(e)
		}
	}
}

// outcomeWord returns the name of an outcome in the trace.
func outcomeWord(o consent.Outcome) string {
	switch o {
	case consent.Opened:
		return "asked"
	case consent.Withdrawn:
		return "withdrawn"
	}
	return outcomeNames[o]
}

var outcomeNames = [...]string{
	consent.Given: "given", consent.Refused: "refused", consent.TimedOut: "timeout",
	consent.Taken: "taken", consent.Returned: "returned", consent.Withdrawn: "",
}

// consented is an event for the consent table. by says who caused it.
type consented struct {
	event consent.Event
	by    string
}

func (e consented) in(st *state) { st.apply(e.event, e.by) }

// share shows something else from now on. When it returns, no frame contains anything of what
// was shown before.
func (st *state) share(what screen.Share) {
	st.sharing.shown = what
	change := st.session.share.choose(what)
	st.viewers.invalidate(change)
}

// tellNames sends the names of this computer and its user to the advisor. It does so once,
// after the customer has allowed something.
func (st *state) tellNames() {
	if st.identity.told || st.session.cfg.Nameless {
		return
	}
	st.identity.told = true
	st.notes.Named(st.identity.customer())
	for c := range st.controls.open {
		c.send(st.hello(c.party))
	}
	st.viewers.setName(st.identity.desktopName())
}

// hello returns the first message to an advisor's end, which describes this program. A colleague is
// told only of what he can use.
func (st *state) hello(p *parties.Party) tunnel.AgentHello {
	cfg := st.session.cfg
	if p != st.controls.parties.Lead {
		h := tunnel.AgentHello{
			Version: cfg.Version, Customer: st.identity.customer(), Program: tunnel.ProgramAgent,
			Can: []string{}, Answer: string(cfg.Answer), Pong: true, Chat: true, Reminds: cfg.Display.Asker != nil,
		}
		if p.May == tunnel.ColleagueControls {
			h.Can = append(h.Can, consent.Control.String())
			if cfg.Display.Clipboard != nil {
				h.Can = append(h.Can, consent.Clipboard.String())
			}
		}
		return h
	}
	return tunnel.AgentHello{
		Version: cfg.Version, Customer: st.identity.customer(), Program: tunnel.ProgramAgent,
		Can: askable(&cfg.Display), Answer: string(cfg.Answer), Pong: true,
		Reminds: cfg.Display.Asker != nil, Chat: true, Files: cfg.SavesFiles, Colleagues: true, Key: st.viewers.recordings.key(),
	}
}

// fail shows the customer what is wrong with his input.
func (st *state) fail(code, message string) {
	if st.phase == PhaseNumber {
		st.failure = newFailure(code, message)
	}
}

// after sends e to the loop when d has passed.
func (st *state) after(d time.Duration, e event) { time.AfterFunc(d, func() { st.session.send(e) }) }

// publish makes the state visible to everybody if it differs from the last published one, and
// sends it to the advisors.
func (st *state) publish() {
	m := momentOf(st)
	if st.last != nil && m.same(st.last) {
		return
	}
	if st.last != nil {
		m.snapshot.Seq = st.last.snapshot.Seq + 1
		m.told.Seq = m.snapshot.Seq
	}
	if st.last == nil || st.last.snapshot.Phase != m.snapshot.Phase {
		st.session.cfg.Trace.Phase(m.snapshot.Phase, m.snapshot.Reason)
	}
	st.session.moment.Store(m)
	if st.last == nil || !st.last.sameForAdvisors(m) {
		for c := range st.controls.open {
			c.send(st.controls.parties.told(st, c.party, m.told))
		}
	}
	st.session.share.describe(st.consent)
	if st.last != nil {
		close(st.last.replaced)
	}
	st.last = m
}
