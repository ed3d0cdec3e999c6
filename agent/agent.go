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
	"sync"
	"time"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
	"lotse/tried"
	"lotse/tunnel"
)

// Display is the computer that is shared. All but Screen and Input may be nil
// where the system has none.
type Display struct {
	Screen    screen.Screen
	Input     screen.Input
	Clipboard screen.Clipboard
	Hotkey    screen.Hotkey
	Windows   screen.Windows
	Hands     screen.Hands
	Badge     screen.Badge
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
	Logger   *slog.Logger
	// After how long silence refuses a question.
	ViewTimeout, ControlTimeout, ClipboardTimeout, ShowTimeout time.Duration
}

func (c Config) withDefaults() Config {
	if c.Language == "" {
		c.Language = "en"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, t := range []struct {
		timeout *time.Duration
		usual   time.Duration
	}{{&c.ViewTimeout, 90 * time.Second}, {&c.ControlTimeout, time.Minute}, {&c.ClipboardTimeout, time.Minute}, {&c.ShowTimeout, time.Minute}} {
		if *t.timeout == 0 {
			*t.timeout = t.usual
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
var hotkeys = map[Hotkey]uint32{"Pause": 0xff13, "Scroll_Lock": 0xff14}

func init() {
	for i := range uint32(12) {
		hotkeys[Hotkey(fmt.Sprintf("F%d", i+1))] = symF1 + i
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
	stopped := ctx
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	s := newSession(cfg, cancel)
	// Whoever stops the program ends the session: the advisor is told.
	stop := context.AfterFunc(stopped, s.End)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { s.share.run(ctx) })
	wg.Go(func() { s.watchClipboard(ctx) })
	if cfg.Display.Hotkey != nil {
		wg.Go(func() { s.watchHotkey(ctx) })
	}
	wg.Go(func() { s.expireQuestions(ctx) })
	if cfg.Display.Hands != nil {
		wg.Go(func() { s.watchHands(ctx) })
	}
	if cfg.Display.Windows != nil {
		wg.Go(func() { s.watchChoices(ctx) })
	}
	if cfg.Display.Badge != nil {
		wg.Go(func() { s.watchBadge(ctx) })
	}
	if cfg.Display.Notices != nil {
		wg.Go(func() { s.watchNotices(ctx) })
	}
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
	wg.Wait()
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

// customer is what the advisor is told of this computer.
func customer() tunnel.Customer {
	c := tunnel.Customer{System: runtime.GOOS + "/" + runtime.GOARCH}
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
