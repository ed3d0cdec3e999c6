// Package consent contains the table that turns events into rights: who may see, control or use the
// clipboard, whose screen is shown, and why. It has no clock, no goroutine and no I/O, so it can be
// read and tested separately. The agent passes events to it and carries out the result. STATES.md
// has a diagram and lists what each event does in each state. The browser share has the same code
// in TypeScript; both are tested with testdata/vectors.json.
//
//	                Join                 End, or anything that ends it
//	Alone ───────────────────► Joined ───────────────────────────────► Over
//	  ▲                          │  ▲
//	  └──────── (never) ─────────┘  │ Rejoin
//	                         Lose │  │
//	                              ▼  │
//	                             Away ───────────────────────────────► Over
//
// In Joined, each right has its own state:
//
//	         Ask                     Allow (of this very question)
//	absent ───────► asked ──► open question ─────────────────────► given
//	  ▲               │            │ Refuse, Timeout, Key             │
//	  └───────────────┴────────────┴──────────────────────────────────┘
//	                       Take, Return, Key, Pause, Lose, viewers gone
//
// After a refusal the next question for that right is delayed until Ready. The customer can silence
// a right; requests for it are then refused at once.
//
// The view direction follows from the rights, and never points both ways:
//
//	             Allow(Show)                    Allow(View)
//	Advisor ◄────────────────────── None ──────────────────────► Customer
//	   │  ▲                                                        │  ▲
//	   │  └────── Allow(Show): View, Control, Clipboard end first ─┘  │
//	   └───────── Allow(View): Show ends first ───────────────────────┘
//
// A right is given only by Allow. One question is open at a time. While a question is open, only
// looking, and recording it, is in effect. Point has no question of its own: it comes with View and
// goes with it. Silence takes it, also from later views, until Unsilence. Record is kept with View
// when the connection is lost; while the customer holds the recording, it is given but not in
// effect.
package consent

// Right is one thing that an advisor can be allowed, or can ask for.
type Right uint16

// The rights, as bits of Rights.
const (
	View      Right = 1 << iota // see the customer's screen
	Control                     // use mouse and keyboard
	Clipboard                   // exchange text
	Files                       // only a question, whether the customer wants one file; never given
	Show                        // the customer sees the advisor's screen
	Share                       // only a question, whether more may be seen; never given
	Point                       // point at things; given together with View, never asked for
	Record                      // keep a recording of what View shows
	Colleague                   // only a question, whether a second advisor may join; never given
)

// All lists the rights in the order in which they are asked. Point is never asked for.
var All = [...]Right{View, Show, Control, Clipboard, Share, Record, Files, Colleague, Point}

const (
	needViewer = Rights(Control | Clipboard | Share) // have no meaning without a viewer
	needView   = needViewer | Rights(Record)         // have no meaning without View
	driving    = Rights(Control | Clipboard)
	looking    = Rights(View | Show)
	// unasked are in effect while a question is open.
	unasked   = looking | Rights(Record)
	onlyAsked = Rights(Share | Files | Colleague)
)

// String returns the right's name in the protocols.
func (r Right) String() string {
	switch r {
	case View:
		return "view"
	case Control:
		return "control"
	case Clipboard:
		return "clipboard"
	case Files:
		return "files"
	case Show:
		return "show"
	case Share:
		return "share"
	case Point:
		return "point"
	case Record:
		return "record"
	case Colleague:
		return "colleague"
	}
	return "none"
}

// known reports whether r is exactly one right.
func (r Right) known() bool { return r != 0 && r&(r-1) == 0 }

// ParseRight returns the right with this name; ok is false for an unknown name.
func ParseRight(name string) (r Right, ok bool) {
	for _, r := range All {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// Rights is a set of rights.
type Rights uint16

// Has reports whether r is in the set.
func (s Rights) Has(r Right) bool { return s&Rights(r) != 0 }

// Direction is the view direction, that is, whose screen is shown.
type Direction uint8

// The view directions.
const (
	Nobody   Direction = iota
	Customer           // the advisor sees the customer's screen
	Advisor            // the customer sees the advisor's
)

// String returns the direction's name in the protocols.
func (d Direction) String() string { return [...]string{"none", "customer", "advisor"}[d] }

// Phase is the phase of a session.
type Phase uint8

// The phases.
const (
	Alone  Phase = iota // no advisor yet
	Joined              // both are connected
	Away                // the connection is lost and may come back
	Over                // ended
)

// State is the complete state of consent in one session. The zero value is the state of a program
// that has just started.
type State struct {
	Phase    Phase
	Given    Rights
	Asked    Rights // requested and not answered, including the open question
	Question Right  // the open question; 0: none
	Serial   uint64 // number of questions so far; an answer must contain the number of its question
	Paused   bool
	Held     bool   // Record is given, and the customer holds the recording
	Delayed  Rights // refused recently, or put off: questions for these wait for Ready
	Silenced Rights // the customer does not want to be asked for these
}

// Effective returns the rights in effect: fewer than those given while a question is open or the
// customer has paused, or holds the recording.
func (s State) Effective() Rights {
	if s.Held {
		s.Given &^= Rights(Record)
	}
	switch {
	case s.Phase != Joined:
		return 0
	case s.Paused:
		return s.Given & Rights(Show) // pausing hides the customer's screen
	case s.Question != 0:
		return s.Given & unasked
	}
	return s.Given
}

// Direction returns the view direction in effect.
func (s State) Direction() Direction {
	switch e := s.Effective(); {
	case e.Has(View):
		return Customer
	case e.Has(Show):
		return Advisor
	}
	return Nobody
}

// Kind is the kind of an event.
type Kind uint8

// The events. Only the customer can cause those marked *.
const (
	Join        Kind = iota // the number was right
	Lose                    // the connection was lost
	Rejoin                  // the connection is back
	Ask                     // the advisor, or his viewer, requests Right
	Allow                   // * allows question Serial
	Refuse                  // * refuses question Serial
	Timeout                 // nobody answered question Serial
	Take                    // * revokes Right
	Return                  // the advisor gives up Right
	Withdraw                // the advisor's request for Right is withdrawn
	Key                     // * F12
	Pause                   // *
	Resume                  // *
	ViewersGone             // nobody is watching any longer
	End                     // by either side
	Ready                   // the delay for Right after a refusal is over
	Silence                 // * do not ask for Right again; no Point any longer
	Unsilence               // * ask for Right again; Point again
	Hold                    // * nothing goes into the recording
	Continue                // * the recording goes on
	PutOff                  // questions for Right wait until Ready, because there were too many
)

// Event is something that happened. Right and Serial are set if the kind uses them.
type Event struct {
	Kind   Kind
	Right  Right
	Serial uint64
}

// Outcome is what happened to a right, to be reported to both sides.
type Outcome uint8

// The outcomes.
const (
	Nothing   Outcome = iota
	Opened            // a question was opened
	Given             // allowed
	Refused           // by the customer
	TimedOut          // not answered
	Taken             // revoked, by the customer or because of an event
	Returned          // given up by the advisor
	Withdrawn         // the question has become pointless
)

// Change is one outcome of one right.
type Change struct {
	Right   Right
	Outcome Outcome
}

// Next returns the state after an event, and the changes. An event that does not fit the state
// changes nothing.
func Next(s State, e Event) (State, []Change) {
	t := transition{State: s}
	t.apply(e)
	t.openNext()
	return t.State, t.changes
}

type transition struct {
	State
	changes []Change
}

func (t *transition) note(r Right, o Outcome) { t.changes = append(t.changes, Change{r, o}) }

func (t *transition) apply(e Event) {
	switch e.Kind {
	case Ask, Take, Return, Withdraw, Ready, Silence, Unsilence, PutOff:
		if !e.Right.known() {
			return
		}
	}
	switch t.Phase {
	case Alone:
		t.alone(e)
	case Joined:
		t.joined(e)
	case Away:
		t.away(e)
	}
}

func (t *transition) alone(e Event) {
	switch e.Kind {
	case Join:
		t.Phase = Joined
	case End:
		t.end()
	}
}

func (t *transition) joined(e Event) {
	switch e.Kind {
	case Ask:
		t.ask(e.Right)
	case Allow:
		if t.answers(e) {
			t.allow()
		}
	case Refuse:
		if t.answers(e) {
			t.refuse(Refused)
		}
	case Timeout:
		if t.answers(e) {
			t.refuse(TimedOut)
		}
	case Take:
		t.take(e.Right, Taken)
	case Return:
		t.take(e.Right, Returned)
	case Withdraw:
		if t.Question == e.Right {
			t.withdrawQuestion()
		}
		t.Asked &^= Rights(e.Right)
	case Key:
		t.revoke(Rights(Control), Taken)
		if t.Question == Control {
			t.refuse(Refused)
		}
		t.Asked &^= Rights(Control)
	case Pause:
		t.revoke(driving, Taken)
		t.withdraw()
		t.Paused = true
	case Resume:
		t.Paused = false
	case ViewersGone:
		t.revoke(driving, Taken)
		t.drop(needViewer)
	case Ready:
		t.Delayed &^= Rights(e.Right)
	case Silence:
		t.silence(e.Right)
	case Unsilence:
		t.unsilence(e.Right)
	case Hold, Continue:
		t.Held = e.Kind == Hold && t.Given.Has(Record)
	case PutOff:
		if t.Question != e.Right {
			t.Delayed |= Rights(e.Right)
		}
	case Lose:
		// View and Record are kept until the connection is back, Control is not. The advisor's
		// screen arrives over the connection that has ended.
		t.revoke(driving|Rights(Show), Taken)
		t.withdraw()
		t.Phase = Away
	case End:
		t.end()
	}
}

// away handles events while the connection is lost: the customer can revoke a right, hide, or end
// at once.
func (t *transition) away(e Event) {
	switch e.Kind {
	case Rejoin:
		t.Phase = Joined
	case Take:
		t.take(e.Right, Taken)
	case Pause:
		t.Paused = true
	case Resume:
		t.Paused = false
	case Ready:
		t.Delayed &^= Rights(e.Right)
	case Silence:
		t.silence(e.Right)
	case Unsilence:
		t.unsilence(e.Right)
	case Hold, Continue:
		t.Held = e.Kind == Hold && t.Given.Has(Record)
	case End:
		t.end()
	}
}

func (t *transition) end() {
	t.revoke(looking|driving|Rights(Point|Record), Taken)
	t.withdraw()
	t.Phase, t.Paused, t.Delayed, t.Silenced = Over, false, 0, 0
}

// ask handles a request. Control, clipboard, another share and a recording require View, because
// nobody may control without seeing. Of the two directions the newer request counts. A silenced
// right is refused without a question.
func (t *transition) ask(r Right) {
	if t.Given.Has(r) || t.Paused || r == Point || needView.Has(r) && !t.Given.Has(View) {
		return
	}
	if t.Silenced.Has(r) {
		t.note(r, Refused)
		return
	}
	if other := View ^ Show ^ r; looking.Has(r) && t.Asked.Has(other) {
		if t.Question == other {
			t.withdrawQuestion()
		}
		t.Asked &^= Rights(other)
	}
	t.Asked |= Rights(r)
}

// allow gives the right of the open question. A direction ends the other one before it begins.
func (t *transition) allow() {
	r := t.Question
	t.close()
	switch r {
	case View:
		t.revoke(Rights(Show), Taken)
	case Show:
		t.take(View, Taken)
	}
	if !onlyAsked.Has(r) {
		t.Given |= Rights(r)
	}
	t.note(r, Given)
	if r == View {
		t.point()
	}
}

// point gives Point, which comes with View, unless the customer does not want it.
func (t *transition) point() {
	if t.Given.Has(View) && !t.Given.Has(Point) && !t.Silenced.Has(Point) {
		t.Given |= Rights(Point)
		t.note(Point, Given)
	}
}

func (t *transition) answers(e Event) bool { return t.Question != 0 && e.Serial == t.Serial }

// close ends the open question.
func (t *transition) close() {
	t.Asked &^= Rights(t.Question)
	t.Question = 0
}

// refuse ends the open question with a refusal, by the customer or by timeout. The next question
// for the same right is delayed until Ready.
func (t *transition) refuse(o Outcome) {
	r := t.Question
	t.close()
	t.note(r, o)
	t.Delayed |= Rights(r)
	if r == View {
		t.withdraw()
	}
}

// silence refuses r now and for the rest of the session.
func (t *transition) silence(r Right) {
	t.Silenced |= Rights(r)
	if t.Question == r {
		t.refuse(Refused)
	}
	t.Asked &^= Rights(r)
	if r == Point {
		t.revoke(Rights(Point), Taken)
	}
}

// unsilence lets r be asked for again. Point, for which nobody asks, is in effect again.
func (t *transition) unsilence(r Right) {
	t.Silenced &^= Rights(r)
	if r == Point {
		t.point()
	}
}

// withdrawQuestion ends the open question without an answer.
func (t *transition) withdrawQuestion() {
	if r := t.Question; r != 0 {
		t.close()
		t.note(r, Withdrawn)
	}
}

// withdraw removes the open question and all requests.
func (t *transition) withdraw() {
	t.withdrawQuestion()
	t.Asked = 0
}

// drop removes the requests for these rights.
func (t *transition) drop(set Rights) {
	if set.Has(t.Question) {
		t.withdrawQuestion()
	}
	t.Asked &^= set
}

// take ends a right; with View it also ends everything that needs View.
func (t *transition) take(r Right, o Outcome) {
	if r != View {
		t.revoke(Rights(r), o)
		return
	}
	t.revoke(Rights(View|Point|Record)|driving, o)
	t.drop(needView)
}

func (t *transition) revoke(set Rights, o Outcome) {
	for _, r := range All {
		if set.Has(r) && t.Given.Has(r) {
			t.Given &^= Rights(r)
			t.note(r, o)
		}
	}
	t.Held = t.Held && t.Given.Has(Record)
}

// openNext opens the next question if none is open.
func (t *transition) openNext() {
	if t.Question != 0 || t.Phase != Joined {
		return
	}
	for _, r := range All {
		if t.Asked.Has(r) && !t.Delayed.Has(r) {
			t.Question = r
			t.Serial++
			t.note(r, Opened)
			return
		}
	}
}
