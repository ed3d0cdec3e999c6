// Package agent runs the customer's side of a session. It enters the session by its number,
// answers the gateway's calls to streams, and seals the streams. It asks the customer, and
// serves RFB to the viewers that he allowed. Only this package enforces consent: neither the
// gateway nor a viewer can grant a right.
package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"lotse/agent/trace"
	"lotse/consent"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tried"
	"lotse/tunnel"
)

// Answer says how the agent answers questions without asking the customer.
type Answer string

// The values of Config.Answer.
const (
	AnswerAsk     Answer = ""        // ask the customer
	AnswerView    Answer = "view"    // allow view and show; refuse everything else
	AnswerControl Answer = "control" // allow everything
	AnswerDeny    Answer = "deny"    // refuse everything
)

// to returns the answer to a question for q: consent.Allow or consent.Refuse.
func (a Answer) to(q consent.Right) consent.Kind {
	if q == consent.Share {
		return consent.Refuse // the command line has fixed what is shared
	}
	if a == AnswerControl || a == AnswerView && (q == consent.View || q == consent.Show) {
		return consent.Allow
	}
	return consent.Refuse
}

// Panel shows the session to the customer and takes his commands and answers. Run follows the
// snapshots of s until ctx ends. If Run returns an error, that ends the session.
type Panel interface {
	Run(ctx context.Context, s *Session) error
}

// Config configures Run. Client, Display and Panel must be set.
type Config struct {
	// Client is the client of the gateway. Its Gateway may be empty: the customer then types
	// the gateway together with the number.
	Client *tunnel.Client
	// Display is the computer that is shared. All parts except Screen and Input may be nil if
	// the system does not have them. If Asker is nil, the panel takes the answers.
	Display screen.Parts
	Panel   Panel
	// System is the system's name and version for the advisor, such as "Debian GNU/Linux 12"; "":
	// not known.
	System string
	Entry  Entry
	Answer Answer
	// Share is what is shown if Answer is set.
	Share screen.Share
	// Hotkey is the key that takes control back; "" means F12.
	Hotkey Hotkey
	// Tried remembers numbers that did not match, across runs of the program. If it is nil,
	// they are remembered in this run only.
	Tried *tried.Memory
	// Events receives every change of state; it may be nil. The caller must call Events.End.
	Events *Events
	// Record receives the text of the session's record when the session has ended. If it is
	// nil, only panels receive it.
	Record   func(text string)
	Language i18n.Language // the zero value is English
	Version  string
	// SavesFiles means that Panel lets the customer save what the advisor sends. Otherwise the
	// advisor cannot offer a file.
	SavesFiles bool
	// Nameless keeps the names of this computer and its user from the advisor.
	Nameless bool
	// Logger receives the log; each record has an area of package logs. If it is nil, nothing
	// is logged.
	Logger *slog.Logger
	// Trace receives what a field report needs; it may be nil.
	Trace *trace.Log
	// Timeouts are the times after which a question without an answer counts as refused.
	Timeouts Timeouts
}

// Entry is what is known at the start about the gateway and the session number.
type Entry struct {
	// Number is entered at once if it is set.
	Number tunnel.Number
	// Confirm means that anybody may have written the gateway's name or the offered number. The
	// customer is asked before the agent connects.
	Confirm bool
	// OfferedNumber is shown in the number's field until the customer decides. OfferedPlace is
	// shown instead if only the number's place is known.
	OfferedNumber tunnel.Number
	OfferedPlace  string
	// Gateways are the only gateways that the agent may connect to; nil means any.
	Gateways []string
	// Fixed prevents the customer from naming another gateway together with the number.
	Fixed bool
	// Problem tells the customer why no gateway is known; it may be "".
	Problem string
}

// Timeouts has one time for each kind of question; 0 means one minute. View also applies to
// questions about another share.
type Timeouts struct{ View, Control, Clipboard, Show time.Duration }

// questionTimeout is the default of Timeouts. config.DefaultAgent has the same value.
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

// timeout returns the time after which a question for r without an answer counts as refused.
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

// ErrNumberRefused means that the number was refused and nobody can type another one, because
// Config.Answer is set.
var ErrNumberRefused = errors.New("agent: the session number is wrong or no longer valid")

// Run runs one session from its number to its end, and returns after its last goroutine. It
// returns nil if either side ended the session. If ctx ends, Run ends the session as the
// customer would.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	if g := cfg.Client.Gateway; g != "" && len(cfg.Entry.Gateways) > 0 && !slices.Contains(cfg.Entry.Gateways, g) {
		return errPinned
	}
	stopped := ctx
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	cfg.Trace.Start(cfg.Version)
	s := newSession(cfg, cancel)
	// If somebody stops the program, the session ends properly: the advisor is told.
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
	recorded := &recordingsOver{}
	s.send(recorded)
	waitAll(recorded.over, endTimeout) // the record has their proofs
	s.send(finished{err})
	if text := s.now().snapshot.Record; cfg.Record != nil && text != "" {
		cfg.Record(text)
	}
	cancel(nil)
	wait()
	s.now().client.CloseIdle()
	// The panel now shows how the session ended. It returns by itself, or when panelLinger is
	// over.
	linger := time.AfterFunc(panelLinger, stopPanel)
	<-panelDone
	linger.Stop()
	stopPanel()
	select {
	case <-told:
	case <-time.After(panelLinger): // nobody reads the lines
	}
	if errors.Is(err, panelErr) {
		return err // the panel's error ended the session
	}
	return errors.Join(err, panelErr)
}

// panelLinger is the maximum time that a panel may show the end of the session.
const panelLinger = 3 * time.Second

// rfbRights converts rights to those of rfb. Package consent decides on rights, rfb enforces
// them.
func rfbRights(r consent.Rights) (out rfb.Rights) {
	for _, same := range []struct {
		ours consent.Right
		rfb  rfb.Rights
	}{{consent.View, rfb.RightView}, {consent.Control, rfb.RightControl}, {consent.Clipboard, rfb.RightClipboard}, {consent.Point, rfb.RightPoint}} {
		if r.Has(same.ours) {
			out |= same.rfb
		}
	}
	return out
}
