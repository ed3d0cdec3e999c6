package agent

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"lotse/consent"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/tunnel"
)

// Session is one session on the customer's side. Panels see it by Snapshot, Thumbnail
// and Look, and change it by Do. All methods may be called concurrently; none waits
// for the display, a viewer or the network.
type Session struct {
	// Static after newSession.
	cfg      Config
	lang     i18n.Language
	log      *areaLogs
	customer tunnel.Customer // this computer, with its names
	loop     *loop
	effects  *effects
	share    *share
	guard    *guard
	doors    doorNumbers
	entered  chan entry // for the link; at most one waits
	cancel   context.CancelCauseFunc

	// streams counts the goroutines of streams and of the end. The loop ends after them.
	streams sync.WaitGroup
	// moment is the newest one. The loop replaces it.
	moment atomic.Pointer[moment]
	// viewers are the connections of all viewers. The loop replaces the slice.
	viewers atomic.Pointer[[]*rfb.Conn]
}

// entry is a number that the customer entered, and the gateway it is for.
type entry struct {
	number tunnel.Number
	client *tunnel.Client
}

func newSession(cfg Config, cancel context.CancelCauseFunc) *Session {
	s := &Session{
		cfg: cfg, lang: cfg.Language, log: newAreaLogs(cfg.Logger), cancel: cancel, customer: thisComputer(),
		loop: newLoop(), entered: make(chan entry, 1), guard: &guard{base: cfg.Display.Input},
	}
	s.effects = newEffects(s.guard, cfg.Display.Hotkey, s.log.capture)
	s.viewers.Store(new([]*rfb.Conn))
	s.share = newShare(s)
	s.guard.Suspend(true) // until control is given
	return s
}

// start starts the loop and everything that follows it. The followers end with ctx.
// wait returns after the last goroutine; it must be called, after ctx has ended.
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
		{true, s.effects.run},
		{true, s.share.run},
		{d.Asker != nil, (&questionWindow{s}).run},
		{d.Clipboard != nil, (&clipboardWatch{s}).run},
		{d.Hotkey != nil, (&hotkeyWatch{s}).run},
		{d.Hands != nil, (&localInput{session: s}).run},
		{d.Windows != nil, (&choicesReader{s}).run},
		{d.Badge != nil, (&badge{s}).run},
		{d.Notices != nil, (&noticeWatch{s}).run},
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

// send has an event processed; loop.send.
func (s *Session) send(e event) { s.loop.send(e) }

// now is the session as it is. The value is not changed any more.
func (s *Session) now() *moment { return s.moment.Load() }

// await returns the first moment for which ready reports true; false: ctx or the
// channel over, which may be nil, ended first.
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

// Do carries out a panel's command. When it returns, rights that the command took
// are gone. An error is for the customer.
func (s *Session) Do(c Command) error {
	e := &commanded{command: c}
	s.send(e)
	return e.err
}

// Snapshot returns the session as a panel shows it, and a channel that is closed when
// there is a newer one.
func (s *Session) Snapshot() (Snapshot, <-chan struct{}) {
	m := s.now()
	return m.panelSnapshot(), m.replaced
}

// Thumbnail is a PNG of exactly what viewers are served at this moment; nil when
// that is nothing of the customer's.
func (s *Session) Thumbnail() []byte {
	if !s.now().consent.Effective().Has(consent.View) || !s.share.hasPicture() {
		return nil
	}
	return thumbnailOf(s.share.desktop)
}

// Look lets a panel look at the advisor's screen: out gets the bytes of an RFB server,
// ended is called when it is over, and the result takes the viewer's bytes. It is nil
// when there is nothing to look at. Only one panel can look, as RFB cannot be joined in
// the middle: one that comes later ends the show.
func (s *Session) Look(ctx context.Context, out func([]byte) error, ended func()) io.WriteCloser {
	e := &looks{}
	s.send(e)
	if e.show == nil {
		return nil
	}
	// One that is seen already may hold its turn for long.
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
