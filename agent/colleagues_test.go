package agent

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/doornumbers"
	"lotse/agent/parties"
	"lotse/consent"
	"lotse/record"
	"lotse/rfb"
	"lotse/screen"
	"lotse/seal"
	"lotse/tunnel"
)

// leadOf returns the advisor who leads a session.
func leadOf(s *Session) *parties.Party {
	e := &leadAsked{}
	s.send(e)
	return e.lead
}

type leadAsked struct{ lead *parties.Party }

func (e *leadAsked) in(st *state) { e.lead = st.controls.parties.Lead }

// leadEnd returns an end of that advisor. It is not connected.
func leadEnd(s *Session) *control {
	return &control{party: leadOf(s), out: make(chan tunnel.ControlMessage, maxControlQueue), cut: make(chan struct{})}
}

var bert = tunnel.Person{Name: "bert", Display: "Bert Maier", Company: "Example"}

// meeting is a session with an advisor's end, in which colleagues can be asked for.
type meeting struct {
	*desk
	t    *testing.T
	anna end
}

type numbered struct{ number tunnel.Number }

func (e numbered) in(st *state) { st.number = e.number }

func newMeeting(t *testing.T, cfg Config) *meeting {
	m := &meeting{desk: newDesk(t, cfg), t: t}
	m.send(numbered{number(t, testNumber)})
	m.anna = connects(m.Session)
	return m
}

// says returns the messages of type M that an end has received, and removes all of its messages.
func says[M tunnel.ControlMessage](e end) (out []M) {
	for {
		select {
		case m := <-e.out:
			if m, ok := m.(M); ok {
				out = append(out, m)
			}
		default:
			return out
		}
	}
}

// last returns the newest of them.
func last[M tunnel.ControlMessage](t *testing.T, e end) (m M) {
	t.Helper()
	all := says[M](e)
	if len(all) == 0 {
		t.Fatalf("no %T", m)
	}
	return all[len(all)-1]
}

func (m *meeting) asks(who tunnel.Person, may string) {
	m.send(colleagueAsked{tunnel.AskColleague{Who: who, For: may}, m.anna.control})
}

// admits asks for a colleague, allows that, and returns his number as Anna's end receives it.
func (m *meeting) admits(who tunnel.Person, may string) string {
	m.t.Helper()
	m.asks(who, may)
	m.allow(m.t)
	state := last[tunnel.ColleagueState](m.t, m.anna)
	if state.State != tunnel.ColleagueExpected || state.Name != who.Name || len(state.Number) != 9 || state.Seconds != 900 {
		m.t.Fatalf("%+v", state)
	}
	return state.Number
}

// arrives opens a stream that was sealed with the number of name, and that the gateway called for
// who. The party is nil if the stream is not served.
func (m *meeting) arrives(name, kind string, who tunnel.Person) *arrived {
	n := m.doors.Find(doornumbers.Colleague(name), time.Now())
	if n != nil {
		m.doors.Keep(doornumbers.Colleague(name), n)
	}
	e := &arrived{number: n, leave: func() {}}
	e.call = &call{GatewayMessage: tunnel.GatewayMessage{Kind: kind, Door: tunnel.DoorColleague, Advisor: &who}, session: m.Session}
	if n != nil {
		m.send(e)
	}
	return e
}

// opens opens a stream that was sealed with no colleague's number, and returns whose it is.
func (m *meeting) opens(door, kind string) *parties.Party {
	e := &arrived{call: &call{GatewayMessage: tunnel.GatewayMessage{Kind: kind, Door: door}, session: m.Session}, leave: func() {}}
	m.send(e)
	return e.party
}

// joins connects a colleague whom the customer has admitted, with an end and a viewer.
func (m *meeting) joins(who tunnel.Person) (end, *viewer) {
	m.t.Helper()
	p := m.arrives(who.Name, tunnel.KindControl, who).party
	if p == nil {
		m.t.Fatal("not served")
	}
	e := connectsAs(m.Session, p)
	m.send(helloCame{tunnel.AdvisorHello{Leads: true}, e.control})
	v := &viewer{party: p}
	m.send(&viewerCame{viewer: v, connect: func(name string, r rfb.Rights) *rfb.Conn {
		return rfb.NewConn(nopConn{}, rfb.Config{Name: name, Rights: r})
	}})
	m.send(viewerIn{v})
	return e, v
}

// says answers the question that question has read.
func (m *meeting) says(yes bool) {
	m.asker.Answer(screen.Answer{Allow: yes})
	synctest.Wait()
}

// question returns what is asked in the question window, once; "": nothing.
func (m *meeting) question() string {
	synctest.Wait()
	q, ok := m.asker.Question()
	if !ok {
		return ""
	}
	return q.Who + " " + q.Wish + " " + q.Hint
}

// TestColleagueIsAskedFor checks that the customer is asked by name and for what, that only the
// advisor who asked learns the number, and that a refusal gives none.
func TestColleagueIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		m.asks(bert, tunnel.ColleagueSees)
		if q := m.question(); !strings.Contains(q, "Anna Berg") || !strings.Contains(q, "Bert Maier, Example") || strings.Contains(q, "control") {
			t.Errorf("asked: %s", q)
		}
		if snap, _ := m.Snapshot(); snap.Question == nil || snap.Question.Colleague == nil || snap.Question.Colleague.Who != bert {
			t.Errorf("%+v", snap.Question)
		}
		// A second request, or a change of what is asked, is not possible meanwhile.
		m.asks(tunnel.Person{Name: "eve", Display: "Eve"}, tunnel.ColleagueControls)
		m.asks(bert, tunnel.ColleagueControls)
		if snap, _ := m.Snapshot(); snap.Question.Colleague.Who != bert || snap.Question.Colleague.For != tunnel.ColleagueSees {
			t.Errorf("asked: %+v", snap.Question.Colleague)
		}
		m.says(false)
		states := says[tunnel.ColleagueState](m.anna)
		if s := states[len(states)-1]; s.State != tunnel.ColleagueGone || s.Why != tunnel.ColleagueRefused || s.Number != "" {
			t.Errorf("%+v", states)
		}
		if m.doors.Find(doornumbers.Colleague("bert"), time.Now()) != nil {
			t.Error("a number without a yes")
		}
		// He is asked again only later, and silence is a refusal.
		m.asks(bert, tunnel.ColleagueSees)
		if q := m.question(); q != "" {
			t.Errorf("asked at once again: %s", q)
		}
		time.Sleep(time.Minute)
		if q := m.question(); q == "" {
			t.Fatal("not asked")
		}
		m.says(false)
		time.Sleep(time.Minute)
		number := m.admits(bert, tunnel.ColleagueSees)
		if number == testNumber || number[:4] != testNumber[:4] {
			t.Errorf("number %s", number)
		}
		for _, line := range m.recorded() {
			if strings.Contains(line, number[4:]) {
				t.Errorf("the number is in the record: %s", line)
			}
		}
	})
}

func (m *meeting) recorded() []string {
	e := &recordRead{}
	m.send(e)
	return e.lines
}

type recordRead struct {
	lines  []string
	events []string
}

func (e *recordRead) in(st *state) {
	e.lines = strings.Split(strings.TrimSpace(st.notes.Log.JSON()), "\n")
	for _, entry := range st.notes.Log.Entries() {
		e.events = append(e.events, entry.Event)
	}
}

// TestColleagueArrives checks who gets in with a colleague's number: the account that the customer
// has allowed, for what is seen and said, and not for files, recordings and the advisor's screen.
func TestColleagueArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		if m.arrives("bert", tunnel.KindControl, bert).party != nil {
			t.Error("before he was admitted")
		}
		m.admits(bert, tunnel.ColleagueControls)
		for _, kind := range []string{tunnel.KindFile, tunnel.KindRecord, tunnel.KindShow} {
			if m.arrives("bert", kind, bert).party != nil {
				t.Errorf("a stream of kind %s is served", kind)
			}
		}
		for _, other := range []tunnel.Person{
			{Name: "bert", Display: "Anna Berg", Company: "Example"}, {Name: "bert", Display: "Bert Maier", Company: "Bank"}, {Name: "eve", Display: "Bert Maier", Company: "Example"}, {},
		} {
			if m.arrives("bert", tunnel.KindControl, other).party != nil {
				t.Errorf("served for %+v", other)
			}
		}
		first := m.arrives("bert", tunnel.KindControl, bert).party
		if first == nil || m.arrives("bert", tunnel.KindView, bert).party != first {
			t.Error("not served")
		}
		_ = m.Do(RemoveColleague{Name: "bert"})
		if m.arrives("bert", tunnel.KindControl, bert).party != nil {
			t.Error("after he was sent away")
		}
	})
}

// TestColleagueRights checks what a colleague's viewer may do: never more than the session has, and
// control only after it was passed to him and the customer has said yes to his name.
func TestColleagueRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{Display: screen.Parts{Marker: noMarks{}}})
		anna := m.addViewer(true)
		m.admits(bert, tunnel.ColleagueControls)
		e, v := m.joins(bert)
		rights := func(want rfb.Rights, annas rfb.Rights) {
			t.Helper()
			if v.conn.Rights() != want || anna.conn.Rights() != annas {
				t.Fatalf("Bert %b, Anna %b; want %b and %b", v.conn.Rights(), anna.conn.Rights(), want, annas)
			}
		}
		rights(0, 0)
		// He cannot ask for anything himself.
		for _, r := range consent.All {
			m.send(wished{r, e.control})
		}
		m.send(doorWanted{tunnel.DoorVNC, e.control})
		m.send(colleagueAsked{tunnel.AskColleague{Who: tunnel.Person{Name: "eve"}, For: tunnel.ColleagueSees}, e.control})
		m.send(controlPassed{"bert", e.control})
		m.send(sessionPassed{"bert", e.control})
		if q := m.question(); q != "" {
			t.Fatalf("asked: %s", q)
		}
		m.ask(consent.View)
		m.allow(t)
		looks := rfb.RightView | rfb.RightPoint
		rights(looks, looks)
		m.ask(consent.Control)
		m.allow(t)
		rights(looks, looks|rfb.RightControl)
		if told := last[tunnel.State](t, e); told.Rights.Control || told.You != "bert" || told.Advisor == nil || told.Advisor.Name != "anna" {
			t.Errorf("Bert is told %+v", told)
		}

		// Passing control on ends it; it needs another yes.
		m.send(controlPassed{"bert", m.anna.control})
		rights(looks, looks)
		m.ask(consent.Control) // Anna cannot ask now
		if q := m.question(); q != "" {
			t.Fatalf("asked: %s", q)
		}
		m.send(wished{consent.Control, e.control})
		if q := m.question(); !strings.Contains(q, "Bert Maier") || strings.Contains(q, "Anna") {
			t.Errorf("asked: %s", q)
		}
		if snap, _ := m.Snapshot(); snap.Question.By == nil || *snap.Question.By != bert || snap.Holder != "bert" {
			t.Errorf("%+v, holder %s", snap.Question, snap.Holder)
		}
		m.says(true)
		rights(looks|rfb.RightControl, looks)
		if told := last[tunnel.State](t, m.anna); told.Rights.Control || told.Holder != "bert" {
			t.Errorf("Anna is told %+v", told)
		}
		// Anna takes it back; nothing is left to Bert.
		m.send(controlPassed{"", m.anna.control})
		rights(looks, looks)
		m.send(wished{consent.Control, e.control})
		if q := m.question(); q != "" {
			t.Errorf("asked: %s", q)
		}
		// F12 and pausing reach both.
		m.send(controlPassed{"bert", m.anna.control})
		m.send(wished{consent.Control, e.control})
		m.allow(t)
		rights(looks|rfb.RightControl, looks)
		m.send(consented{consent.Event{Kind: consent.Key}, byKey})
		rights(looks, looks)
		_ = m.Do(Pause{})
		rights(0, 0)
	})
}

// TestColleagueOnlySees checks that a colleague who may see cannot point and cannot be passed
// control or the session.
func TestColleagueOnlySees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{Display: screen.Parts{Marker: noMarks{}}})
		m.ask(consent.View)
		m.allow(t)
		m.admits(bert, tunnel.ColleagueSees)
		e, v := m.joins(bert)
		if v.conn.Rights() != rfb.RightView {
			t.Errorf("rights %b", v.conn.Rights())
		}
		m.send(controlPassed{"bert", m.anna.control})
		m.send(sessionPassed{"bert", m.anna.control})
		m.send(wished{consent.Control, e.control})
		if snap, _ := m.Snapshot(); snap.Holder != "" || snap.Advisor.Name != "anna" || m.question() != "" {
			t.Errorf("holder %q, advisor %+v, asked %q", snap.Holder, snap.Advisor, m.question())
		}
	})
}

// TestColleagueLeaves checks that the customer, the advisor and the colleague himself can end his
// part at once, that the session goes on, and that control comes back to the advisor who leads.
func TestColleagueLeaves(t *testing.T) {
	for _, who := range []string{"customer", "advisor", "colleague", "control stream"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Config{})
				m.ask(consent.View)
				m.allow(t)
				m.admits(bert, tunnel.ColleagueControls)
				e, v := m.joins(bert)
				m.send(controlPassed{"bert", m.anna.control})
				m.send(wished{consent.Control, e.control})
				m.allow(t)
				says[tunnel.Bye](e)
				switch who {
				case "customer":
					_ = m.Do(RemoveColleague{Name: "bert"})
				case "advisor":
					m.send(colleagueDropped{"bert", m.anna.control})
				case "colleague":
					m.send(advisorEnds{e.control})
				default:
					m.send(viewerGone{v})
					m.send(controlGone{e.control})
				}
				snap, _ := m.Snapshot()
				if snap.Phase != PhaseJoined || snap.Rights.Control || !snap.Rights.View || snap.Holder != "" {
					t.Errorf("%s, %+v, holder %q", snap.Phase, snap.Rights, snap.Holder)
				}
				if who == "control stream" { // he may come back with his number
					if s := last[tunnel.ColleagueState](t, m.anna); s.State != tunnel.ColleagueExpected || s.Number == "" {
						t.Errorf("%+v", s)
					}
					return
				}
				if v.conn.Rights() != 0 || len(snap.Colleagues) != 0 || len(says[tunnel.Bye](e)) != 1 {
					t.Errorf("rights %b, colleagues %+v", v.conn.Rights(), snap.Colleagues)
				}
				// Nothing that he still says has an effect.
				m.send(wished{consent.Control, e.control})
				m.send(chatted{tunnel.Chat{Text: "still here"}, e.control})
				m.send(advisorEnds{e.control})
				if after, _ := m.Snapshot(); after.Phase != PhaseJoined || m.question() != "" || len(after.Chat) != 0 {
					t.Errorf("%s, %q, %+v", after.Phase, m.question(), after.Chat)
				}
			})
		})
	}
}

// TestSessionIsPassed checks that the one who passes the session on loses everything, that the
// other one leads it then, and that the gateway's name for him is the customer's.
func TestSessionIsPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		annas := m.addViewer(true)
		m.ask(consent.View)
		m.allow(t)
		m.ask(consent.Control)
		m.allow(t)
		m.admits(bert, tunnel.ColleagueControls)
		e, v := m.joins(bert)
		says[tunnel.RecordLines](e)
		m.send(sessionPassed{"bert", m.anna.control})
		snap, _ := m.Snapshot()
		if snap.Advisor == nil || *snap.Advisor != bert || snap.Phase != PhaseJoined || snap.Rights.Control || !snap.Rights.View || len(snap.Colleagues) != 0 {
			t.Fatalf("%+v %+v", snap.Advisor, snap.Rights)
		}
		if bye := last[tunnel.Bye](t, m.anna); bye.Reason != tunnel.ReasonPassed {
			t.Errorf("%+v", bye)
		}
		if annas.conn.Rights() != 0 || !v.conn.Rights().Has(rfb.RightView) {
			t.Errorf("Anna %b, Bert %b", annas.conn.Rights(), v.conn.Rights())
		}
		// The number that Anna knows opens nothing any more.
		for _, door := range []string{tunnel.DoorPage, tunnel.DoorHelper, tunnel.DoorEntering} {
			if m.opens(door, tunnel.KindControl) != nil {
				t.Errorf("Anna comes back by %s", door)
			}
		}
		// A number for a viewer that cannot seal can only be Bert's now.
		if p := m.opens(tunnel.DoorVNC, tunnel.KindView); p == nil || p.Who != bert {
			t.Errorf("Bert's own viewer: %+v", p)
		}
		for _, kind := range []string{tunnel.KindControl, tunnel.KindView, tunnel.KindFile, tunnel.KindShow} {
			if m.arrives("bert", kind, bert).party == nil {
				t.Errorf("Bert's stream of kind %s is not served", kind)
			}
		}
		// Bert leads, and has the whole record.
		var lines int
		var hello tunnel.AgentHello
		for _, msg := range everything(e) {
			switch msg := msg.(type) {
			case tunnel.RecordLines:
				lines += len(msg.Lines)
			case tunnel.AgentHello:
				hello = msg
			}
		}
		if all := m.recorded(); lines != len(all)-1 || !hello.Colleagues || !slices.Contains(hello.Can, "record") {
			t.Errorf("%d lines of %d, hello %+v", lines, len(all)-1, hello)
		}
		m.send(wished{consent.Control, e.control})
		if q := m.question(); !strings.Contains(q, "Bert Maier") {
			t.Errorf("asked: %s", q)
		}
		m.says(true)
		if !v.conn.Rights().Has(rfb.RightControl) {
			t.Error("no control after the yes")
		}
		r := &recordRead{}
		m.send(r)
		for _, want := range []string{record.ColleagueAsked, record.ColleagueAllowed, record.ColleagueCame, record.SessionPassed} {
			if !slices.Contains(r.events, want) {
				t.Errorf("the record has no %s: %v", want, r.events)
			}
		}
	})
}

func everything(e end) (out []tunnel.ControlMessage) {
	for {
		select {
		case m := <-e.out:
			out = append(out, m)
		default:
			return out
		}
	}
}

// TestColleagueChats checks that a colleague gets the lines from his arrival on, each with the name
// of another advisor who wrote it, and no line of the record.
func TestColleagueChats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		_ = m.Do(Say{Text: "before"})
		m.admits(bert, tunnel.ColleagueSees)
		e, _ := m.joins(bert)
		m.send(chatted{tunnel.Chat{Text: "from Anna", Tag: 3}, m.anna.control})
		m.send(chatted{tunnel.Chat{Text: "from Bert", Tag: 4}, e.control})
		_ = m.Do(Say{Text: "from me"})
		var got []string
		for _, msg := range everything(e) {
			switch msg := msg.(type) {
			case tunnel.ChatLine:
				got = append(got, msg.By+" "+msg.Who+": "+msg.Text)
			case tunnel.RecordLines, tunnel.ColleagueState, tunnel.DoorNumber, tunnel.FileOffer:
				t.Errorf("a colleague is sent %T", msg)
			}
		}
		if want := []string{"advisor Anna Berg, Example: from Anna", "advisor : from Bert", "customer : from me"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if snap, _ := m.Snapshot(); snap.Chat[2].Who != "Bert Maier, Example" {
			t.Errorf("%+v", snap.Chat)
		}
	})
}

// TestColleagueLate checks that a number that nobody uses is not valid for ever.
func TestColleagueLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		m.admits(bert, tunnel.ColleagueSees)
		time.Sleep(tunnel.ColleagueNumberLife + time.Second)
		synctest.Wait()
		if s := last[tunnel.ColleagueState](t, m.anna); s.State != tunnel.ColleagueGone || s.Why != tunnel.ColleagueLate {
			t.Errorf("%+v", s)
		}
		if m.arrives("bert", tunnel.KindControl, bert).party != nil {
			t.Error("served")
		}
	})
}

// TestColleagueBounds checks that an advisor's end cannot fill the session with requests.
func TestColleagueBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		for _, name := range []string{"b1", "b2", "b3"} {
			m.admits(tunnel.Person{Name: name}, tunnel.ColleagueSees)
		}
		m.asks(tunnel.Person{Name: "b4"}, tunnel.ColleagueSees)
		if s := last[tunnel.ColleagueState](t, m.anna); s.Why != tunnel.ColleagueTooMany || m.question() != "" {
			t.Errorf("%+v", s)
		}
		for _, bad := range []tunnel.AskColleague{{}, {Who: bert}, {Who: bert, For: "all"}, {Who: tunnel.Person{Name: "anna"}, For: tunnel.ColleagueSees}} {
			m.send(colleagueAsked{bad, m.anna.control})
		}
		if m.question() != "" {
			t.Errorf("asked: %s", m.question())
		}
		_ = m.Do(Silence{Right: consent.Colleague, On: true})
		_ = m.Do(RemoveColleague{Name: "b1"})
		m.asks(bert, tunnel.ColleagueSees)
		if s := last[tunnel.ColleagueState](t, m.anna); s.Why != tunnel.ColleagueRefused || m.question() != "" {
			t.Errorf("%+v, %s", s, m.question())
		}
	})
}

// TestColleagueTakesNoPlaces checks that one colleague cannot take the places of the others, and
// that nobody can fill the record by passing control to and fro.
func TestColleagueTakesNoPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Config{})
		m.admits(bert, tunnel.ColleagueControls)
		e, _ := m.joins(bert)
		for range 20 {
			m.send(&controlCame{control: &control{party: e.party, out: make(chan tunnel.ControlMessage, maxControlQueue), cut: make(chan struct{}), quit: make(chan struct{})}})
			m.send(&viewerCame{viewer: &viewer{party: e.party}, connect: func(name string, r rfb.Rights) *rfb.Conn {
				return rfb.NewConn(nopConn{}, rfb.Config{Name: name, Rights: r})
			}})
		}
		c := &places{}
		if m.send(c); c.controls != 1+maxColleagueControls || c.viewers != 1+maxColleagueViewers {
			t.Errorf("%d control streams and %d viewers", c.controls, c.viewers)
		}
		for range 1000 {
			m.send(controlPassed{"bert", m.anna.control})
			m.send(controlPassed{"", m.anna.control})
			everything(m.anna)
			everything(e)
		}
		if n := len(m.recorded()); n > 150 {
			t.Errorf("the record has %d lines", n)
		}
	})
}

type places struct{ controls, viewers int }

func (e *places) in(st *state) { e.controls, e.viewers = len(st.controls.open), st.viewers.count() }

// TestColleagueNumber seals with a colleague's number over a gateway that lies.
func TestColleagueNumber(t *testing.T) {
	r := newDoorRig(t)
	if err := r.wishes.Send(tunnel.AskColleague{Who: bert, For: tunnel.ColleagueControls}); err != nil {
		t.Fatal(err)
	}
	snap := await(t, r.session, "the question", func(s Snapshot) bool { return s.Question != nil && s.Question.Armed })
	if err := r.session.Do(Allow{ID: snap.Question.ID}); err != nil {
		t.Fatal(err)
	}
	var digits string
	for digits == "" {
		m, err := r.wishes.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.(tunnel.ColleagueState); ok {
			digits = s.Number
		}
	}
	call := func(n int, door, digits, kind string, who *tunnel.Person) (*seal.Conn, error) {
		r.say(r.link, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(n), Kind: kind, Door: door, Advisor: who})
		return r.seal(digits, kind)
	}
	// Without the number nobody gets in: with the session's own it is a wrong try.
	for i, who := range []*tunnel.Person{nil, {Name: "eve"}} {
		if _, err := call(510+i, tunnel.DoorColleague, digits, "control", who); err == nil {
			t.Errorf("sealed for %+v", who)
		}
	}
	if _, err := call(520, tunnel.DoorColleague, testNumber, "control", &bert); err == nil {
		t.Error("sealed with the session's number")
	}
	conn, err := call(530, tunnel.DoorColleague, digits, "control", &bert)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := tunnel.NewControlConn(conn)
	for {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.(tunnel.State); ok && s.You == "bert" {
			break
		}
	}
	// One wrong try after the right one ends his part, and not the session.
	if _, err := call(540, tunnel.DoorColleague, testNumber, "view", &bert); err == nil {
		t.Error("sealed with the session's number")
	}
	for {
		m, err := r.wishes.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.(tunnel.ColleagueState); ok && s.State == tunnel.ColleagueGone {
			if s.Why != tunnel.ColleagueBurnt {
				t.Errorf("%+v", s)
			}
			break
		}
	}
	if snap, _ := r.session.Snapshot(); snap.Phase != PhaseJoined {
		t.Errorf("the session is %s", snap.Phase)
	}
}

// noMarks is a display on which pointing is possible.
type noMarks struct{}

func (noMarks) Mark([]screen.Mark) error { return nil }
