package agent

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"lotse/consent"
)

// show is the advisor's screen on its way to the customer's panel: RFB from the
// advisor's end, passed on without a look. Nothing passes before the customer's
// yes, and nothing after the right has ended.
type show struct {
	conn     *quickClose
	patience *time.Timer // Guarded by the session's mu.

	closed atomic.Bool

	// turn is held while bytes go to the panel, so that none overtakes another. It
	// waits for the panel; end does not need it.
	turn sync.Mutex

	mu sync.Mutex
	// Guarded by mu.
	early []byte             // said before a panel looked: the server's version
	out   func([]byte) error // nil: no panel has looked; its conversation cannot be taken over
	onEnd func()
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
	sh.turn.Lock()
	defer sh.turn.Unlock()
	if sh.closed.Load() {
		return errShowEnded
	}
	out, err := sh.keep(b)
	if out == nil {
		return err
	}
	return out(b)
}

// keep returns where bytes go. As long as that is nil it keeps them.
func (sh *show) keep(b []byte) (out func([]byte) error, err error) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.out != nil {
		return sh.out, nil
	}
	if len(sh.early)+len(b) > maxEarly {
		return nil, errShowEnded
	}
	sh.early = append(sh.early, b...)
	return nil, nil
}

// answer sends what the panel's viewer says.
func (sh *show) answer(b []byte) error {
	if sh.closed.Load() {
		return errShowEnded
	}
	_, err := sh.conn.Write(b)
	return err
}

// end stops it at once: when it returns nothing is passed on any more that was
// not on its way. It waits for nobody.
func (sh *show) end() {
	if sh.closed.Swap(true) {
		return
	}
	sh.mu.Lock()
	onEnd := sh.onEnd
	sh.mu.Unlock()
	if onEnd != nil {
		onEnd()
	}
	sh.conn.Close()
}

// begin passes what was kept, and from now on everything, to out. It reports whether
// it could.
func (sh *show) begin(out func([]byte) error, ended func()) bool {
	sh.turn.Lock()
	defer sh.turn.Unlock()
	sh.mu.Lock()
	if sh.out != nil || sh.closed.Load() {
		sh.mu.Unlock()
		return false
	}
	early := sh.early
	sh.early, sh.out, sh.onEnd = nil, out, ended
	sh.mu.Unlock()
	return out(early) == nil
}

// seen reports whether a panel has looked.
func (sh *show) seen() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.out != nil
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
	// One that is seen already may hold its turn for long.
	if sh.seen() || !sh.begin(out, ended) || ctx.Err() != nil {
		sh.end()
		return nil
	}
	return sh
}

// endUnseen ends a show that no panel looks at.
func (sh *show) endUnseen() {
	if !sh.seen() {
		sh.end()
	}
}
