package agent

import (
	"errors"
	"slices"
	"strings"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/tunnel"
)

// Command is something that the customer does in a panel. If there is a question window, no
// command can give the advisor more than he has: only the question window takes a yes.
type Command interface{ do(*state) error }

// commanded is a panel's command, and its result.
type commanded struct {
	command Command
	err     error
}

func (e *commanded) in(st *state) { e.err = e.command.do(st) }

// Enter enters a session number as the customer typed it, with or without an @ and the gateway.
// The error is a text for the customer.
type Enter struct{ Typed string }

func (c Enter) do(st *state) error {
	n, gateway, err := tunnel.ParseEntry(c.Typed)
	switch {
	case err != nil && strings.Contains(c.Typed, "@"):
		st.fail("where", err.Error())
	case err != nil:
		st.fail("format", err.Error())
	default:
		if err = chooseGateway(st, gateway); err != nil {
			st.fail("where", err.Error())
		}
	}
	if err != nil {
		return err
	}
	return EnterNumber{n}.do(st)
}

// EnterNumber enters a session number. It does nothing unless a number is expected.
type EnterNumber struct{ Number tunnel.Number }

func (c EnterNumber) do(st *state) error {
	if st.phase != PhaseNumber {
		return nil
	}
	st.phase, st.failure, st.number = PhaseConnecting, nil, c.Number
	select {
	case st.session.entered <- entry{c.Number, st.client, acceptedTerms(st)}:
	default:
	}
	return nil
}

var (
	errNoGateway    = errors.New("which gateway? Type the number, an @ and the gateway's name, for example 482 193 057@support.example.com")
	errPinned       = errors.New("this program does not connect to that gateway")
	errOtherGateway = errors.New("this program was started for another gateway; type the number without the @ and what follows it")
)

// chooseGateway sets the gateway that the customer typed; "" keeps the one that is known.
func chooseGateway(st *state, gateway string) error {
	known, cfg := st.client.Gateway, &st.session.cfg
	switch {
	case st.phase != PhaseNumber || gateway == known && known != "":
		return nil
	case gateway == "" && known == "":
		return errNoGateway
	case gateway == "":
		return nil
	case cfg.Entry.Fixed:
		return errOtherGateway
	case len(cfg.Entry.Gateways) > 0 && !slices.Contains(cfg.Entry.Gateways, gateway):
		return errPinned
	}
	st.session.streams.Go(st.client.CloseIdle)
	st.client = st.client.At(gateway)
	return nil
}

// Allow answers question ID with a yes if the display has no question window. Share is what is
// shown, if the question is about that; nil means the whole screen. The yes takes effect after
// refusalWins unless a panel refuses before. An error means that the answer does not count.
type Allow struct {
	ID    string
	Share *choices.Selection
}

// errNotCounted means that the question is not the open one, cannot be answered yet or here, or
// has been answered.
var errNotCounted = errors.New("agent: this answer does not count")

func (c Allow) do(st *state) error {
	a := st.pending()
	q := &st.questions.open
	if a == (asked{}) || c.ID != a.id() || st.session.cfg.Display.Asker != nil || !q.armed || q.allowed {
		return errNotCounted
	}
	if c.Share != nil && a.choosesShare() {
		what, err := c.Share.Parse()
		if err != nil {
			return err
		}
		q.share = &what
	}
	q.allowed = true
	st.after(refusalWins, yesStands{a})
	return nil
}

// Refuse refuses question ID. It also undoes a yes to that question that is at most refusalWins
// old.
type Refuse struct{ ID string }

func (c Refuse) do(st *state) error {
	a := st.pending()
	switch {
	case a != (asked{}) && c.ID == a.id():
		st.refuse(a)
	case st.questions.yes.undoneBy(c.ID):
		right := st.questions.yes.right
		if right == consent.Share {
			right = consent.View // the earlier share is not known any more
		}
		st.apply(consent.Event{Kind: consent.Take, Right: right}, byCustomer)
	}
	return nil
}

// Silence refuses Right for the rest of the session (On), or allows questions for it again. For
// consent.Point, about which there are no questions, it switches the advisor's arrow off and on.
// While he has control, it cannot be switched on, because he could do that himself.
type Silence struct {
	Right consent.Right
	On    bool
}

func (c Silence) do(st *state) error {
	kind := consent.Unsilence
	if c.On {
		kind = consent.Silence
	} else if c.Right == consent.Point && (st.session.cfg.Display.Marker == nil || st.consent.Given.Has(consent.Control)) {
		return nil
	}
	st.apply(consent.Event{Kind: kind, Right: c.Right}, byCustomer)
	return nil
}

// Propose changes what is shown. A smaller share takes effect at once; any other share opens a
// question.
type Propose struct{ Share choices.Selection }

func (c Propose) do(st *state) error {
	what, err := c.Share.Parse()
	if err != nil {
		return err
	}
	switch {
	case !st.consent.Given.Has(consent.View):
	case st.sharing.shown.Covers(what):
		st.share(what)
		st.notes.Shown(st.sharing.choices.Describe(what))
	case st.consent.Question == 0 && !st.consent.Silenced.Has(consent.Share):
		// A proposal must not change the meaning of a yes to a question that is open.
		st.questions.proposal = &what
		st.apply(consent.Event{Kind: consent.Ask, Right: consent.Share}, byCustomer)
	}
	return nil
}

// Take takes a right back.
type Take struct{ Right consent.Right }

func (c Take) do(st *state) error {
	st.apply(consent.Event{Kind: consent.Take, Right: c.Right}, byCustomer)
	return nil
}

// Pause hides the customer's screen and ends control.
type Pause struct{}

func (Pause) do(st *state) error {
	st.questions.resume.wished = false
	st.apply(consent.Event{Kind: consent.Pause}, byCustomer)
	return nil
}

// Resume asks to resume a paused view. If there is a question window, it asks the customer
// there first: the advisor may control the page that sent the command.
type Resume struct{}

func (Resume) do(st *state) error {
	switch {
	case !st.consent.Paused:
	case st.session.cfg.Display.Asker == nil:
		st.apply(consent.Event{Kind: consent.Resume}, byCustomer)
	default:
		st.questions.resume.wished = true
	}
	return nil
}

// End ends the session. It ends the program if no number has been accepted yet.
type End struct{}

func (End) do(st *state) error {
	ending{tunnel.ReasonCustomer}.in(st)
	return nil
}
