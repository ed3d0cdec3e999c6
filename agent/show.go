package agent

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"lotse/consent"
)

// show is the advisor's screen on its way to the customer's panel: RFB from the
// advisor's end, passed on without a look. Nothing passes before the customer's
// yes, and nothing after the right has ended.
type show struct {
	conn     *quickClose
	patience *time.Timer // Guarded by the session's mu.

	mu sync.Mutex
	// Guarded by mu.
	early  []byte // said before a panel looked: the server's version
	out    func([]byte) error
	closed bool
	onEnd  func()
	begun  bool // a panel has looked: its conversation cannot be taken over
}

const (
	// maxEarly bounds what an advisor's end may say before anybody looks.
	maxEarly = 1 << 10
	// lookTimeout bounds the wait for a panel after the yes.
	lookTimeout = 30 * time.Second
	showBuffer  = 64 << 10
)

var errShowEnded = errors.New("agent: the advisor's screen is not shown any more")

// serveShow asks for the direction and passes the advisor's screen on until
// either side ends it.
func (s *Session) serveShow(ctx context.Context, conn net.Conn) {
	sh := &show{conn: newQuickClose(conn)}
	defer sh.conn.wait()
	stop := context.AfterFunc(ctx, sh.end)
	defer stop()
	s.mu.Lock()
	if s.show != nil || s.state.Phase != consent.Joined || s.state.Paused {
		s.mu.Unlock()
		return // one at a time
	}
	s.show = sh
	s.applyLocked(consent.Event{Kind: consent.Ask, Right: consent.Show}, byAdvisor)
	asked := s.state.Asked.Has(consent.Show) || s.state.Given.Has(consent.Show)
	s.mu.Unlock()
	if asked {
		sh.read()
	}
	sh.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show = nil
	if sh.patience != nil {
		sh.patience.Stop()
	}
	s.applyLocked(consent.Event{Kind: consent.Withdraw, Right: consent.Show}, byAdvisor)
	s.applyLocked(consent.Event{Kind: consent.Return, Right: consent.Show}, byAdvisor)
}

// read passes on what comes until the stream ends.
func (sh *show) read() {
	b := make([]byte, showBuffer)
	for {
		n, err := sh.conn.Read(b)
		if n > 0 && sh.pass(b[:n]) != nil || err != nil {
			return
		}
	}
}

func (sh *show) pass(b []byte) error {
	sh.mu.Lock()
	out := sh.out
	if out == nil {
		defer sh.mu.Unlock()
		if sh.closed || len(sh.early)+len(b) > maxEarly {
			return errShowEnded
		}
		sh.early = append(sh.early, b...)
		return nil
	}
	sh.mu.Unlock()
	return out(b)
}

// answer sends what the panel's viewer says.
func (sh *show) answer(b []byte) error {
	sh.mu.Lock()
	closed := sh.closed
	sh.mu.Unlock()
	if closed {
		return errShowEnded
	}
	_, err := sh.conn.Write(b)
	return err
}

// end stops it at once: when it returns nothing is passed on any more that was
// not on its way.
func (sh *show) end() {
	sh.mu.Lock()
	first := !sh.closed
	sh.closed = true
	sh.out = func([]byte) error { return errShowEnded }
	onEnd := sh.onEnd
	sh.mu.Unlock()
	if !first {
		return
	}
	if onEnd != nil {
		onEnd()
	}
	sh.conn.Close()
}

// obeyShowLocked ends the stream whose wish was not granted, and one that is
// granted but that no panel looks at.
func (s *Session) obeyShowLocked(changes []consent.Change) {
	for _, c := range changes {
		switch sh := s.show; {
		case sh == nil || c.Right != consent.Show || c.Outcome == consent.Opened:
		case c.Outcome == consent.Given:
			sh.patience = time.AfterFunc(lookTimeout, sh.endUnseen)
		default:
			sh.end()
		}
	}
}

// Look lets a panel look at the advisor's screen: out gets the bytes, ended is
// called when it is over. nil: there is nothing to look at. The panel that looks
// is the only one: RFB cannot be joined in the middle, so one that comes later
// ends the show.
func (s *Session) Look(ctx context.Context, out func([]byte) error, ended func()) *show {
	s.mu.Lock()
	sh := s.show
	if sh == nil || !s.state.Effective().Has(consent.Show) {
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	sh.mu.Lock()
	if sh.begun || sh.closed {
		sh.mu.Unlock()
		sh.end()
		return nil
	}
	sh.begun = true
	early := sh.early
	sh.early, sh.onEnd = nil, ended
	// Held while the first bytes go out, so that none overtakes them.
	err := out(early)
	sh.out = out
	sh.mu.Unlock()
	if err != nil || ctx.Err() != nil {
		sh.end()
		return nil
	}
	return sh
}

// endUnseen ends a show that no panel looks at.
func (sh *show) endUnseen() {
	sh.mu.Lock()
	begun := sh.begun
	sh.mu.Unlock()
	if !begun {
		sh.end()
	}
}
