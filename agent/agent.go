// Package agent is the customer's side put together: it enters a session by
// its number, is called to streams, seals them, asks the customer and serves
// RFB to whoever was allowed. It alone enforces consent: neither the gateway
// nor a viewer can grant anything.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"runtime"
	"slices"
	"time"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/tried"
	"lotse/tunnel"
)

// Display is the computer that is shared. All but Screen and Input may be nil
// where the system has none. Without an Asker the panel takes the answers.
type Display struct {
	Screen    screen.Screen
	Input     screen.Input
	Clipboard screen.Clipboard
	Hotkey    screen.Hotkey
	Windows   screen.Windows
	Hands     screen.Hands
	Badge     screen.Badge
	Asker     screen.Asker
	Notices   screen.Notices
}

// Answer says how questions are answered without the customer.
type Answer string

// The answers of Config.Answer.
const (
	AnswerAsk     Answer = ""        // the customer is asked
	AnswerView    Answer = "view"    // seeing is allowed, all else refused
	AnswerControl Answer = "control" // everything is allowed
	AnswerDeny    Answer = "deny"    // everything is refused
)

// Panel is where the customer is told and asked. Implementations follow the
// Session's snapshots until ctx ends.
type Panel interface {
	Run(ctx context.Context, s *Session) error
}

var (
	_ Panel = (*BrowserPanel)(nil)
	_ Panel = (*TerminalPanel)(nil)
)

// Config says what to run. Client, Display and Panel must be set.
type Config struct {
	// Client's gateway may be empty: the customer then types it with the number.
	Client  *tunnel.Client
	Display Display
	Panel   Panel
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
	Language Language
	Version  string
	// Nameless keeps this computer's and its user's names from the advisor.
	Nameless bool
	Logger   *slog.Logger
	// After how long silence refuses a question.
	ViewTimeout, ControlTimeout, ClipboardTimeout, ShowTimeout time.Duration
}

// questionTimeout is the usual time for an answer; config.DefaultAgent has the same.
const questionTimeout = time.Minute

func (c Config) withDefaults() Config {
	if c.Language == "" {
		c.Language = "en"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, t := range []*time.Duration{&c.ViewTimeout, &c.ControlTimeout, &c.ClipboardTimeout, &c.ShowTimeout} {
		if *t == 0 {
			*t = questionTimeout
		}
	}
	if c.Hotkey == "" {
		c.Hotkey = "F12"
	}
	return c
}

// Hotkey is the name of the key that takes control back: F1 to F12, Pause or
// Scroll_Lock.
type Hotkey string

// hotkeys are the keysyms; X11/keysymdef.h.
var hotkeys = map[Hotkey]uint32{"Pause": keysym.Pause, "Scroll_Lock": keysym.ScrollLock}

func init() {
	for i := range uint32(12) {
		hotkeys[Hotkey(fmt.Sprintf("F%d", i+1))] = keysym.F1 + i
	}
}

// Known reports whether there is such a key.
func (h Hotkey) Known() bool { return hotkeys[h] != 0 }

func (h Hotkey) sym() uint32 { return hotkeys[h] }

// ErrNumberRefused is returned when nobody is there to type another number.
var ErrNumberRefused = errors.New("agent: the session number is wrong or no longer valid")

// Run runs one session from its number to its end and returns after its last
// goroutine. It returns nil when the session was ended by either side.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	if g := cfg.Client.Gateway; g != "" && len(cfg.Gateways) > 0 && !slices.Contains(cfg.Gateways, g) {
		return errPinned
	}
	stopped := ctx
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	s := newSession(cfg, cancel)
	// Whoever stops the program ends the session: the advisor is told.
	stop := context.AfterFunc(stopped, s.End)
	defer stop()
	wait := s.start(ctx)
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
	if !cfg.Number.IsZero() {
		s.EnterNumber(cfg.Number)
	}
	err := s.runLink(ctx)
	s.finish(err)
	cancel(nil)
	wait()
	s.streams.Wait()
	s.dialer().CloseIdle()
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

// customerLocked is what the advisor is told of this computer: its names only after
// the customer has allowed something, and not at all where that is switched off.
func (s *Session) customerLocked() tunnel.Customer {
	c := tunnel.Customer{System: runtime.GOOS + "/" + runtime.GOARCH}
	if !s.named || s.cfg.Nameless {
		return c
	}
	if u, err := user.Current(); err == nil {
		c.User = u.Username
	}
	c.Host, _ = os.Hostname()
	return c
}

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
