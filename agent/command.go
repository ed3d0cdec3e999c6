package agent

import (
	"errors"
	"slices"
	"strings"

	"lotse/consent"
	"lotse/tunnel"
)

// Command is something that the customer does in a panel. No command widens what is
// allowed where there is a question window: that alone takes a yes.
type Command interface{ do(*state) error }

// commanded is a panel's command, with its result.
type commanded struct {
	command Command
	err     error
}

func (e *commanded) in(st *state) { e.err = e.command.do(st) }

// Enter enters a session number as the customer typed it, with an @ and the gateway or
// without. The error is for him.
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

// EnterNumber enters a session number unless a session is under way.
type EnterNumber struct{ Number tunnel.Number }

func (c EnterNumber) do(st *state) error {
	if st.phase != PhaseNumber {
		return nil
	}
	st.phase, st.failure, st.number = PhaseConnecting, nil, c.Number
	select {
	case st.session.entered <- entry{c.Number, st.client}:
	default:
	}
	return nil
}

var (
	errNoGateway    = errors.New("which gateway? Type the number, an @ and the gateway's name, for example 482 193 057@support.example.com")
	errPinned       = errors.New("this program does not connect to that gateway")
	errOtherGateway = errors.New("this program was started for another gateway; type the number without the @ and what follows it")
)

// chooseGateway takes the gateway that the customer typed; "" is the one that is
// known already.
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

// Allow answers question ID with a yes, where the display has no question window. Share
// says what is shown, where that was asked; nil: the whole screen. The yes takes effect
// after a second in which nobody refuses. The error says that it does not count.
type Allow struct {
	ID    string
	Share *Share
}

// errNotCounted: another question, none, one that is not armed, or one that was answered.
var errNotCounted = errors.New("agent: this answer does not count")

func (c Allow) do(st *state) error {
	a := st.pending()
	q := &st.questions.open
	if a == (asked{}) || c.ID != a.id() || st.session.cfg.Display.Asker != nil || !q.armed || q.allowed {
		return errNotCounted
	}
	if c.Share != nil && a.choosesShare() {
		what, err := c.Share.parse()
		if err != nil {
			return err
		}
		q.share = &what
	}
	q.allowed = true
	st.after(refusalWins, yesStands{a})
	return nil
}

// Refuse refuses question ID. It also undoes a yes to that question that is not older
// than a second.
type Refuse struct{ ID string }

func (c Refuse) do(st *state) error {
	a := st.pending()
	switch {
	case a != (asked{}) && c.ID == a.id():
		st.refuse(a)
	case st.questions.yes.undoneBy(c.ID):
		right := st.questions.yes.right
		if right == consent.Share {
			right = consent.View // what was shown before is not known any more
		}
		st.apply(consent.Event{Kind: consent.Take, Right: right}, byCustomer)
	}
	return nil
}

// Silence refuses a right for the rest of the session, or lifts that again.
type Silence struct {
	Right consent.Right
	On    bool
}

func (c Silence) do(st *state) error {
	kind := consent.Unsilence
	if c.On {
		kind = consent.Silence
	}
	st.apply(consent.Event{Kind: kind, Right: c.Right}, byCustomer)
	return nil
}

// Propose changes what is shown: less at once, anything else after a question.
type Propose struct{ Share Share }

func (c Propose) do(st *state) error {
	what, err := c.Share.parse()
	if err != nil {
		return err
	}
	switch {
	case !st.consent.Given.Has(consent.View):
	case st.sharing.shown.Covers(what):
		st.share(what)
		st.record.shown(st.sharing.choices.describe(what))
	case st.consent.Question == 0 && !st.consent.Silenced.Has(consent.Share):
		// While a question is open, what a yes to it means must not change.
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

// Pause hides everything and ends control.
type Pause struct{}

func (Pause) do(st *state) error {
	st.questions.resume.wished = false
	st.apply(consent.Event{Kind: consent.Pause}, byCustomer)
	return nil
}

// Resume wishes that a paused view goes on. Where there is a question window, it asks
// first: the page that wishes may not be the customer's alone.
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

// End ends the session. Before a number was accepted it ends the program.
type End struct{}

func (End) do(st *state) error {
	ending{tunnel.ReasonCustomer}.in(st)
	return nil
}
