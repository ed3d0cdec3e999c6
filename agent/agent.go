// Package agent is the customer's side put together: it enters a session by
// its number, is called to streams, seals them, asks the customer and serves
// RFB to anyone who was allowed. It alone enforces consent: neither the gateway
// nor a viewer can grant anything.
package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"lotse/consent"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tried"
	"lotse/tunnel"
)

// Answer says how questions are answered without the customer.
type Answer string

// The answers of Config.Answer.
const (
	AnswerAsk     Answer = ""        // the customer is asked
	AnswerView    Answer = "view"    // seeing is allowed, all else refused
	AnswerControl Answer = "control" // everything is allowed
	AnswerDeny    Answer = "deny"    // everything is refused
)

// to is the answer to a question for a right.
func (a Answer) to(q consent.Right) consent.Kind {
	if q == consent.Share {
		return consent.Refuse // what is shared was said on the command line
	}
	if a == AnswerControl || a == AnswerView && (q == consent.View || q == consent.Show) {
		return consent.Allow
	}
	return consent.Refuse
}

// Panel is where the customer is told and asked. Implementations follow the
// Session's snapshots until ctx ends.
type Panel interface {
	Run(ctx context.Context, s *Session) error
}

// Config says what to run. Client, Display and Panel must be set.
type Config struct {
	// Client's gateway may be empty: the customer then types it with the number.
	Client *tunnel.Client
	// Display is the computer that is shared. All but Screen and Input may be nil where
	// the system has none. Without an Asker the panel takes the answers.
	Display screen.Parts
	Panel   Panel
	Entry   Entry
	Answer  Answer
	// Share is what is shown when questions are answered without the customer.
	Share screen.Share
	// Hotkey takes control back; empty: F12.
	Hotkey Hotkey
	// Tried remembers numbers that did not match, over runs of the program; nil:
	// they are remembered in this run only.
	Tried *tried.Memory
	// Events is told of every change; nil: nobody wants to know. Its end is the
	// caller's.
	Events *Events
	// Record is given the session's record at its end; nil: only panels are.
	Record   func(text string)
	Language i18n.Language // the zero value is English
	Version  string
	// Nameless keeps this computer's and its user's names from the advisor.
	Nameless bool
	// Logger gets what is worth knowing, with an area of package logs; nil: nothing is
	// logged.
	Logger *slog.Logger
	// Trace gets what a field report needs; nil: nothing.
	Trace *Trace
	// Timeouts say after how long silence refuses a question.
	Timeouts Timeouts
}

// Entry is what is known at the start of where to connect, and with which number.
type Entry struct {
	// Number is entered at once when it is set.
	Number tunnel.Number
	// Confirm says that the gateway or what is offered may have been written by
	// anybody: the customer is asked whether to connect.
	Confirm bool
	// OfferedNumber stands in the number's field until the customer decides; where
	// only its place is known, OfferedPlace does.
	OfferedNumber tunnel.Number
	OfferedPlace  string
	// Gateways are the only ones that may be connected to; nil: any.
	Gateways []string
	// Fixed keeps the customer from naming another gateway with the number.
	Fixed bool
	// Problem is why no gateway is known, for the customer; "": nothing to say.
	Problem string
}

// Timeouts are one for each question; 0: a minute. View is also that of another share.
type Timeouts struct{ View, Control, Clipboard, Show time.Duration }

// questionTimeout is the usual time for an answer; config.DefaultAgent has the same.
const questionTimeout = time.Minute

func (c Config) withDefaults() Config {
	if c.Language == "" {
		c.Language = i18n.Languages[0]
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, t := range []*time.Duration{&c.Timeouts.View, &c.Timeouts.Control, &c.Timeouts.Clipboard, &c.Timeouts.Show} {
		if *t == 0 {
			*t = questionTimeout
		}
	}
	if c.Hotkey == "" {
		c.Hotkey = "F12"
	}
	return c
}

// timeout is after how long silence refuses a question for a right.
func (c *Config) timeout(r consent.Right) time.Duration {
	switch r {
	case consent.View, consent.Share:
		return c.Timeouts.View
	case consent.Clipboard:
		return c.Timeouts.Clipboard
	case consent.Show:
		return c.Timeouts.Show
	}
	return c.Timeouts.Control
}

// ErrNumberRefused is returned when nobody is there to type another number.
var ErrNumberRefused = errors.New("agent: the session number is wrong or no longer valid")

// Run runs one session from its number to its end and returns after its last
// goroutine. It returns nil when the session was ended by either side.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	if g := cfg.Client.Gateway; g != "" && len(cfg.Entry.Gateways) > 0 && !slices.Contains(cfg.Entry.Gateways, g) {
		return errPinned
	}
	stopped := ctx
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	cfg.Trace.start(cfg.Version)
	s := newSession(cfg, cancel)
	// Anyone who stops the program ends the session: the advisor is told.
	wait := s.start(ctx)
	stop := context.AfterFunc(stopped, func() { s.send(ending{tunnel.ReasonCustomer}) })
	defer stop()
	panelCtx, stopPanel := context.WithCancel(context.WithoutCancel(ctx))
	panelDone := make(chan struct{})
	var panelErr error
	go func() {
		defer close(panelDone)
		if panelErr = cfg.Panel.Run(panelCtx, s); panelErr != nil {
			cancel(panelErr)
		}
	}()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if cfg.Events != nil {
			cfg.Events.follow(panelCtx, s)
		}
	}()
	if !cfg.Entry.Number.IsZero() {
		_ = s.Do(EnterNumber{cfg.Entry.Number})
	}
	err := (&link{session: s, entered: map[tunnel.Number]*entered{}}).run(ctx)
	s.send(finished{err})
	if text := s.now().snapshot.Record; cfg.Record != nil && text != "" {
		cfg.Record(text)
	}
	cancel(nil)
	wait()
	s.now().client.CloseIdle()
	// The panel still shows how it ended; it stops by itself or soon.
	linger := time.AfterFunc(panelLinger, stopPanel)
	<-panelDone
	linger.Stop()
	stopPanel()
	select {
	case <-told:
	case <-time.After(panelLinger): // nobody reads the lines
	}
	if errors.Is(err, panelErr) {
		return err // it ended the session
	}
	return errors.Join(err, panelErr)
}

// panelLinger is how long a panel may take to show the end.
const panelLinger = 3 * time.Second

// rfbRights translates; the table in consent decides, rfb enforces.
func rfbRights(r consent.Rights) rfb.Rights {
	var out rfb.Rights
	if r.Has(consent.View) {
		out |= rfb.RightView
	}
	if r.Has(consent.Control) {
		out |= rfb.RightControl
	}
	if r.Has(consent.Clipboard) {
		out |= rfb.RightClipboard
	}
	return out
}
