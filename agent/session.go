package agent

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"lotse/agent/clipboard"
	"lotse/agent/doornumbers"
	"lotse/agent/input"
	"lotse/agent/pictures"
	"lotse/agent/pointing"
	"lotse/consent"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/tunnel"
)

// Session is one session on the customer's side. Panels read it with Snapshot, Thumbnail and
// Look, and change it with Do. All methods may be called concurrently. None waits for the
// display, a viewer or the network.
type Session struct {
	// Static after newSession.
	cfg      Config
	lang     i18n.Language
	log      *areaLogs
	customer tunnel.Customer // this computer, with its names
	loop     *loop
	effects  *input.Effects
	share    *share
	guard    *input.Guard
	board    *pointing.Board // what the advisors point at
	doors    doornumbers.Numbers
	entered  chan entry // for the link; holds at most one
	// clipboard takes what viewers' users have copied.
	clipboard *clipboard.Writer
	// panelWanted holds at most one wish.
	panelWanted chan struct{}
	cancel      context.CancelCauseFunc

	// streams counts the goroutines of streams and of the end. The loop stops after them.
	streams sync.WaitGroup
	// moment is the newest moment. The loop replaces it.
	moment atomic.Pointer[moment]
	// viewers are the connections of all viewers. The loop replaces the slice.
	viewers atomic.Pointer[[]*rfb.Conn]
}

// entry is a number that the customer entered, and the client of its gateway. terms is the version
// of the gateway's terms that he has accepted, or "".
type entry struct {
	number tunnel.Number
	client *tunnel.Client
	terms  string
}

func newSession(cfg Config, cancel context.CancelCauseFunc) *Session {
	s := &Session{
		cfg: cfg, lang: cfg.Language, log: newAreaLogs(cfg.Logger), cancel: cancel, customer: thisComputer(cfg.System),
		loop: newLoop(), entered: make(chan entry, 1), panelWanted: make(chan struct{}, 1), guard: &input.Guard{Base: cfg.Display.Input},
	}
	s.effects = input.NewEffects(s.guard, cfg.Display.Hotkey, s.log.capture)
	s.viewers.Store(new([]*rfb.Conn))
	s.clipboard = clipboard.NewWriter(cfg.Display.Clipboard, func() bool { return sharesClipboard(s.now()) }, s.log.capture)
	s.share = newShare(s)
	s.board = pointing.NewBoard(s.share, nil)
	s.guard.Suspend(true) // until control is given
	return s
}

// start starts the loop and all its followers. The followers end with ctx. The caller must call
// wait after ctx has ended; wait returns after the last goroutine.
func (s *Session) start(ctx context.Context) (wait func()) {
	st := newState(s)
	st.publish()
	go s.loop.run(st)
	var followers sync.WaitGroup
	d := s.cfg.Display
	for _, part := range []struct {
		there bool
		run   func(context.Context)
	}{
		{true, s.effects.Run},
		{true, s.share.run},
		{d.Asker != nil, (&questionWindow{s}).run},
		{d.Clipboard != nil, (&clipboardWatch{s}).run},
		{d.Clipboard != nil, s.clipboard.Run},
		{d.Hotkey != nil, (&hotkeyWatch{s}).run},
		{d.InputWatcher != nil, (&localInput{session: s}).run},
		{d.Windows != nil, (&choicesReader{s}).run},
		{d.Badge != nil, (&badgeShow{session: s}).run},
		{d.Notices != nil, (&noticeWatch{s}).run},
		{d.Marker != nil, func(ctx context.Context) { s.board.Show(ctx, &s.cfg.Display, s.log.capture) }},
	} {
		if part.there {
			followers.Go(func() { part.run(ctx) })
		}
	}
	return func() {
		followers.Wait()
		s.streams.Wait()
		s.loop.stop()
	}
}

// send passes an event to the loop; see loop.send.
func (s *Session) send(e event) { s.loop.send(e) }

// now returns the newest moment.
func (s *Session) now() *moment { return s.moment.Load() }

// await returns the first moment for which ready is true. It returns false if ctx or over ended
// first; over may be nil.
func (s *Session) await(ctx context.Context, over <-chan struct{}, ready func(*moment) bool) (*moment, bool) {
	for {
		m := s.now()
		if ready(m) {
			return m, true
		}
		select {
		case <-m.replaced:
		case <-over:
			return m, false
		case <-ctx.Done():
			return m, false
		}
	}
}

// Do carries out a panel's command. When Do returns, the rights that the command took are gone.
// The error is a text for the customer.
func (s *Session) Do(c Command) error {
	e := &commanded{command: c}
	s.send(e)
	return e.err
}

// Snapshot returns the session as a panel shows it, and a channel that is closed when there is
// a newer snapshot.
func (s *Session) Snapshot() (Snapshot, <-chan struct{}) {
	m := s.now()
	return m.panelSnapshot(), m.replaced
}

// Thumbnail returns a small PNG of exactly what viewers can see at this moment. It returns nil
// if they cannot see the customer's screen.
func (s *Session) Thumbnail() []byte {
	if !s.now().consent.Effective().Has(consent.View) || !s.share.hasPicture() {
		return nil
	}
	return pictures.Thumbnail(s.share.desktop)
}

// Look lets a panel look at the advisor's screen. out receives the bytes of an RFB server;
// ended is called when the show is over. The result takes the bytes of the panel's viewer; it
// is nil if there is nothing to look at. Only one panel can look, because a viewer cannot join
// an RFB connection that has begun: a second panel that looks ends the show.
func (s *Session) Look(ctx context.Context, out func([]byte) error, ended func()) io.WriteCloser {
	e := &looks{}
	s.send(e)
	if e.show == nil {
		return nil
	}
	// begin could wait a long time for a show that a panel is looking at already.
	if e.show.seen() || !e.show.begin(out, ended) || ctx.Err() != nil {
		e.show.end()
		return nil
	}
	return panelEnd{e.show}
}

// eachViewer calls f for every viewer.
func (s *Session) eachViewer(f func(*rfb.Conn)) {
	for _, c := range *s.viewers.Load() {
		f(c)
	}
}
