package agent

import (
	"time"

	"lotse/agent/doornumbers"
	"lotse/agent/parties"
	"lotse/consent"
	"lotse/record"
	"lotse/tunnel"
)

// A colleague joins in four steps; tunnel/PROTOCOL.md, section 7c. The advisor who leads the
// session asks for him, the customer says yes to his name and to what he may do, this program
// issues a number of his own, and his end opens streams that are sealed with it. A yes to a
// colleague gives nobody a right that the session does not have: he sees what the advisor sees,
// and control needs a question with his name.

// colleagues are the advisors of a session. The loop owns them.
type colleagues struct{ parties.Parties }

// colleagueAsked means that an advisor's end asks for a colleague.
type colleagueAsked struct {
	ask  tunnel.AskColleague
	from *control
}

func (e colleagueAsked) in(st *state) {
	ps := &st.controls.parties
	if e.from.party != ps.Lead {
		return
	}
	p := &parties.Party{Who: cleanPerson(e.ask.Who), May: e.ask.For}
	refuse := func(why string) {
		e.from.send(tunnel.ColleagueState{Name: p.Who.Name, State: tunnel.ColleagueGone, Why: why})
	}
	switch p.May {
	case tunnel.ColleagueSees, tunnel.ColleaguePoints, tunnel.ColleagueControls:
	default:
		return
	}
	lead := ps.Lead.Who.Name
	if st.advisor != nil {
		lead = st.advisor.Name
	}
	switch {
	case p.Who.Name == "" || p.Who.Name == lead, st.consent.Phase != consent.Joined, st.consent.Paused, st.reason != "":
		refuse(tunnel.ColleagueNobody)
	case ps.Find(p.Who.Name) != nil:
		st.controls.parties.say(e.from.send)
	case ps.Asked != nil || len(ps.Colleagues) >= tunnel.MaxColleagues:
		refuse(tunnel.ColleagueTooMany)
	default:
		ps.Asked = p
		st.controls.sendLead(tunnel.ColleagueState{Name: p.Who.Name, State: tunnel.ColleagueAsked})
		st.apply(consent.Event{Kind: consent.Ask, Right: consent.Colleague}, byAdvisor)
	}
}

// cleanPerson makes what another program says of an advisor safe to show.
func cleanPerson(p tunnel.Person) tunnel.Person {
	return tunnel.Person{Name: short(p.Name), Display: short(p.Display), Company: short(p.Company)}
}

// decided carries out what became of the question about a colleague.
func (cs *colleagues) decided(st *state, c consent.Change) {
	p := cs.Asked
	if c.Right != consent.Colleague || p == nil {
		return
	}
	if c.Outcome == consent.Opened {
		p.Told = tunnel.ColleagueAsked
		st.notes.Colleague(record.ColleagueAsked, &p.Who, p.May, "")
		return
	}
	cs.Asked = nil
	asked := p.Told == tunnel.ColleagueAsked
	p.Told = ""
	gone := func(why string) {
		st.controls.sendLead(tunnel.ColleagueState{Name: p.Who.Name, State: tunnel.ColleagueGone, Why: why})
	}
	switch c.Outcome {
	case consent.Given:
		cs.admit(st, p)
	case consent.Refused:
		if asked { // a silenced question leaves no line
			st.notes.Colleague(record.ColleagueRefused, &p.Who, "", tunnel.ColleagueRefused)
		}
		gone(tunnel.ColleagueRefused)
	case consent.TimedOut:
		st.notes.Colleague(record.ColleagueRefused, &p.Who, "", tunnel.ColleagueSilent)
		gone(tunnel.ColleagueSilent)
	default:
		gone(tunnel.ColleagueLeft)
	}
}

// admit issues the colleague's number after the customer's yes.
func (cs *colleagues) admit(st *state, p *parties.Party) {
	p.Number = st.session.doors.Issue(doornumbers.Colleague(p.Who.Name), st.number, time.Now(), tunnel.ColleagueNumberLife)
	if p.Number == nil {
		st.controls.sendLead(tunnel.ColleagueState{Name: p.Who.Name, State: tunnel.ColleagueGone, Why: tunnel.ColleagueNobody})
		return
	}
	cs.Colleagues = append(cs.Colleagues[:len(cs.Colleagues):len(cs.Colleagues)], p)
	st.notes.Colleague(record.ColleagueAllowed, &p.Who, p.May, "")
	st.after(tunnel.ColleagueNumberLife, colleagueLate{p})
	st.session.log.seal.Info("number given out for a colleague")
}

// colleagueLate means that a colleague's number has expired.
type colleagueLate struct{ party *parties.Party }

func (e colleagueLate) in(st *state) {
	if !e.party.Came {
		st.controls.parties.dismiss(st, e.party, tunnel.ColleagueLate)
	}
}

// colleagueBurnt means that somebody guessed at a colleague's number. The session continues.
type colleagueBurnt struct{ number *doornumbers.Number }

func (e colleagueBurnt) in(st *state) {
	for _, p := range st.controls.parties.Colleagues {
		if p.Number == e.number {
			st.controls.parties.dismiss(st, p, tunnel.ColleagueBurnt)
			return
		}
	}
	if st.controls.parties.Lead.Number == e.number {
		ending{tunnel.ReasonBurnt}.in(st)
	}
}

// colleagueDropped means that an advisor's end withdraws the request for a colleague, or sends him
// away.
type colleagueDropped struct {
	name string
	from *control
}

func (e colleagueDropped) in(st *state) {
	ps := &st.controls.parties
	if e.from.party != ps.Lead {
		return
	}
	if ps.Asked != nil && ps.Asked.Who.Name == e.name {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: consent.Colleague}, byAdvisor)
	} else if p := ps.Find(e.name); p != nil {
		st.controls.parties.dismiss(st, p, tunnel.ColleagueLeft)
	}
}

// RemoveColleague ends a colleague's part in the session, as the customer wants.
type RemoveColleague struct{ Name string }

func (c RemoveColleague) do(st *state) error {
	if p := st.controls.parties.Find(c.Name); p != nil {
		st.controls.parties.dismiss(st, p, tunnel.ColleagueRemoved)
	}
	return nil
}

// dismiss ends a colleague's part in the session: at once for what he sees and may do.
func (cs *colleagues) dismiss(st *state, p *parties.Party, why string) {
	if p.Over() {
		return
	}
	held := cs.Dismiss(p)
	st.session.doors.Spend(doornumbers.Colleague(p.Who.Name), p.Number)
	reason := tunnel.ReasonAdvisor
	if why == tunnel.ColleagueRemoved {
		reason = tunnel.ReasonCustomer
	}
	closeParty(st, p, reason)
	if held {
		returnControl(st)
	}
	st.notes.Colleague(record.ColleagueLeft, &p.Who, "", why)
	st.controls.sendLead(tunnel.ColleagueState{Name: p.Who.Name, State: tunnel.ColleagueGone, Why: why})
}

// closeParty takes everything from the viewers of somebody who leaves, and says the end to his
// ends.
func closeParty(st *state, p *parties.Party, reason string) {
	for _, v := range st.viewers.all {
		if v.party == p {
			v.conn.SetRights(0)
			v.conn.Close()
		}
	}
	for c := range st.controls.open {
		if c.party == p {
			c.send(tunnel.Bye{Reason: reason})
			c.end()
			delete(st.controls.open, c)
		}
	}
}

// returnControl ends control and the clipboard, because somebody else may ask for them from now on.
func returnControl(st *state) {
	for _, r := range []consent.Right{consent.Control, consent.Clipboard} {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: r}, byAdvisor)
		st.apply(consent.Event{Kind: consent.Return, Right: r}, byAdvisor)
	}
	st.viewers.setRights(st)
}

// controlPassed means that the advisor who leads the session says who may ask for control.
type controlPassed struct {
	name string
	from *control
}

func (e controlPassed) in(st *state) {
	ps := &st.controls.parties
	to := ps.Lead
	if e.name != "" {
		to = ps.Find(e.name)
	}
	// A colleague who holds it may give it back.
	mayPass := e.from.party == ps.Lead || e.from.party == ps.Holder && e.name == ""
	switch {
	case !mayPass || to == nil || to == ps.Holder || st.consent.Phase != consent.Joined || st.reason != "":
		return
	case to != ps.Lead && (to.May != tunnel.ColleagueControls || !st.controls.parties.here(st, to)):
		return
	case !ps.MayPass():
		return
	}
	ps.Holder = to
	returnControl(st)
	st.notes.Colleague(record.ControlPassed, st.controls.parties.person(st, to), "", "")
}

// sessionPassed means that the advisor who leads the session passes it on to a colleague, and
// leaves.
type sessionPassed struct {
	name string
	from *control
}

func (e sessionPassed) in(st *state) {
	ps := &st.controls.parties
	to := ps.Find(e.name)
	if e.from.party != ps.Lead || to == nil || to.May != tunnel.ColleagueControls || !st.controls.parties.leads(st, to) ||
		st.consent.Phase != consent.Joined || st.reason != "" {
		return
	}
	// What the one who leaves was allowed ends; what is seen goes on.
	for _, r := range []consent.Right{consent.Control, consent.Clipboard, consent.Record, consent.Show, consent.Share, consent.Colleague, consent.Files} {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: r}, byAdvisor)
		st.apply(consent.Event{Kind: consent.Return, Right: r}, byAdvisor)
	}
	for _, o := range st.controls.offers.list.All() {
		st.controls.offers.end(st, o, tunnel.FileLost)
	}
	// Both have this line: the one who leaves as the last, and the other one with all lines below.
	st.notes.Colleague(record.SessionPassed, &to.Who, "", "")
	before := ps.Pass(to)
	st.session.doors.DropDoors()
	if before.Number != nil {
		st.session.doors.Spend(doornumbers.Colleague(before.Who.Name), before.Number)
	}
	ps.Dismiss(before)
	closeParty(st, before, tunnel.ReasonPassed)
	who := to.Who
	st.advisor = &who
	st.controls.parties.sayPassed(st)
	for c := range st.controls.open {
		if c.party == to {
			st.compare = c.compare
			c.send(st.hello(to))
			st.notes.SendAll(c.send)
		}
	}
	st.viewers.setRights(st)
}

// sayPassed tells the gateway who leads the session, again after each reconnection.
func (cs *colleagues) sayPassed(st *state) {
	if p := cs.Lead; p.Number != nil && st.link != nil {
		link, name := st.link, p.Who.Name
		st.session.streams.Go(func() { _ = link.Passed(name) })
	}
}

// Limits of one colleague's streams, so that the others always have places for theirs.
const (
	maxColleagueControls = 2
	maxColleagueViewers  = 3
)

// full reports whether a party has as many control streams, or viewers, as it may have.
func (cs *colleagues) full(st *state, p *parties.Party, viewers bool) bool {
	if p == cs.Lead {
		return false
	}
	n := 0
	if viewers {
		for _, v := range st.viewers.all {
			if v.party == p {
				n++
			}
		}
		return n >= maxColleagueViewers
	}
	for c := range st.controls.open {
		if c.party == p {
			n++
		}
	}
	return n >= maxColleagueControls
}

// here reports whether a party is connected.
func (cs *colleagues) here(st *state, p *parties.Party) bool {
	for c := range st.controls.open {
		if c.party == p {
			return true
		}
	}
	for _, v := range st.viewers.all {
		if v.party == p {
			return true
		}
	}
	return false
}

// leads reports whether a party is connected with an end that can lead the session.
func (cs *colleagues) leads(st *state, p *parties.Party) bool {
	for c := range st.controls.open {
		if c.party == p && c.leads {
			return true
		}
	}
	return false
}

// rightsOf returns which of the session's rights a party's viewers have.
func rightsOf(st *state, p *parties.Party) consent.Rights {
	rights := st.consent.Effective()
	if p != st.controls.parties.Holder {
		rights &^= consent.Rights(consent.Control | consent.Clipboard)
	}
	if !p.Points() {
		rights &^= consent.Rights(consent.Point)
	}
	return rights
}

// allowPointing sets whether anybody may point. While one party controls, only others can.
func allowPointing(st *state) {
	rights := st.consent.Effective()
	st.session.board.Allow(rights.Has(consent.Point) && (!rights.Has(consent.Control) || len(st.controls.parties.Colleagues) > 0))
}

// sendLead queues m on the streams of the advisor who leads the session.
func (cs *controls) sendLead(m tunnel.ControlMessage) {
	for c := range cs.open {
		if c.party == cs.parties.Lead {
			c.send(m)
		}
	}
}

// advance does what follows from an event: it gives up a request that was withdrawn, and
// tells the advisor who leads what became of his colleagues.
func (cs *colleagues) advance(st *state) {
	allowPointing(st)
	if p := cs.Asked; p != nil && !st.consent.Asked.Has(consent.Colleague) {
		cs.decided(st, consent.Change{Right: consent.Colleague, Outcome: consent.Withdrawn})
	}
	for _, p := range cs.Colleagues {
		now := tunnel.ColleagueExpected
		if cs.here(st, p) {
			now = tunnel.ColleagueHere
		}
		if p.Told == now {
			continue
		}
		p.Told = now
		st.controls.sendLead(cs.describe(p))
		if now != tunnel.ColleagueHere && cs.Holder == p {
			cs.Holder = cs.Lead
			returnControl(st)
			st.notes.Colleague(record.ControlPassed, st.advisor, "", "")
		}
	}
}

// describe describes a colleague to the advisor who leads.
func (cs *colleagues) describe(p *parties.Party) tunnel.ColleagueState {
	told := tunnel.ColleagueState{Name: p.Who.Name, State: p.Told}
	if p.Told == tunnel.ColleagueExpected {
		told.Number = p.Number.Digits.Digits()
		told.Seconds = int(tunnel.ColleagueNumberLife / time.Second)
	}
	return told
}

// say tells an end everything about colleagues.
func (cs *colleagues) say(send func(tunnel.ControlMessage)) {
	if cs.Asked != nil {
		send(tunnel.ColleagueState{Name: cs.Asked.Who.Name, State: tunnel.ColleagueAsked})
	}
	for _, p := range cs.Colleagues {
		if p.Told != "" {
			send(cs.describe(p))
		}
	}
}

// list describes the colleagues to everybody.
func (cs *colleagues) list(st *state) []tunnel.Colleague {
	var list []tunnel.Colleague
	for _, p := range cs.Colleagues {
		list = append(list, tunnel.Colleague{Person: p.Who, For: p.May, Here: cs.here(st, p), Leads: cs.leads(st, p)})
	}
	return list
}

// holderName returns the account name of the colleague who may ask for control; "": the advisor who
// leads.
func (cs *colleagues) holderName() string {
	if cs.Holder != cs.Lead {
		return cs.Holder.Who.Name
	}
	return ""
}

// Controller returns who has control, or may ask for it.
func (s *SnapshotAdvisor) Controller() *tunnel.Person {
	for i := range s.Colleagues {
		if s.Colleagues[i].Name == s.Holder {
			return &s.Colleagues[i].Person
		}
	}
	return s.Advisor
}

// asking returns the advisor who asks for a right.
func (cs *colleagues) asking(st *state, r consent.Right) *tunnel.Person {
	if cs.Holder != cs.Lead && (r == consent.Control || r == consent.Clipboard) {
		return &cs.Holder.Who
	}
	return st.advisor
}

// person returns who a party is.
func (cs *colleagues) person(st *state, p *parties.Party) *tunnel.Person {
	if p == cs.Lead {
		return st.advisor
	}
	return &p.Who
}

// told returns the state as a party's ends receive it: with its own rights.
func (cs *colleagues) told(st *state, p *parties.Party, told tunnel.State) tunnel.State {
	if p == cs.Lead {
		if p != cs.Holder {
			told.Rights.Control, told.Rights.Clipboard = false, false
		}
		return told
	}
	told.You, told.Advisor = p.Who.Name, st.advisor
	if p != cs.Holder {
		told.Rights.Control, told.Rights.Clipboard = false, false
	}
	told.Rights.Point = told.Rights.Point && p.Points()
	return told
}

// arrived means that a stream was sealed. party is nil if it must not be served.
type arrived struct {
	call   *call
	number *doornumbers.Number // nil: with the session's own
	leave  func()
	party  *parties.Party
}

func (e *arrived) in(st *state) {
	ps := &st.controls.parties
	e.party = ps.Arrived(e.number, e.call.Door, e.call.Kind, e.call, e.leave)
	p := e.party
	if p == nil || e.number == nil {
		return
	}
	// The gateway and the advisor who asked for the colleague must mean the same account.
	if e.call.Advisor == nil || cleanPerson(*e.call.Advisor) != p.Who {
		st.session.log.seal.Warn("a colleague's stream was called for another account; it is not served")
		p.Left(e.call)
		e.party = nil
		return
	}
	if !p.Came {
		p.Came, p.Chat = true, st.controls.chat.Last()
		st.notes.Colleague(record.ColleagueCame, &p.Who, "", "")
	}
}

// departed means that a stream has ended.
type departed struct {
	call  *call
	party *parties.Party
}

func (e departed) in(*state) { e.party.Left(e.call) }
