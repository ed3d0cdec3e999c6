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

// show passes the advisor's screen to the customer's panel. It is an RFB connection from the
// advisor's end whose bytes are passed on unread. No byte passes before the customer's yes, and
// none after the right has ended.
type show struct {
	conn     *quickClose
	patience *time.Timer // Owned by the loop.

	closed atomic.Bool
	told   sync.WaitGroup // counts the calls that tell the panel of the end

	// turn is held while bytes go to the panel, so that they stay in order. Its holder may wait
	// for the panel. end does not lock it.
	turn sync.Mutex

	mu sync.Mutex
	// Guarded by mu.
	early []byte             // received before a panel looked: the server's version
	out   func([]byte) error // nil: no panel has looked; a second one cannot continue its RFB connection
	onEnd func()
}

const (
	// maxEarly limits the bytes that an advisor's end may send before a panel looks.
	maxEarly = 1 << 10
	// lookTimeout is how long the show waits for a panel after the yes.
	lookTimeout = 30 * time.Second
	showBuffer  = 64 << 10
)

var errShowEnded = errors.New("agent: the advisor's screen is not shown any more")

// serveShow requests the right to show, and passes the advisor's screen on until either side
// ends it.
func (s *Session) serveShow(ctx context.Context, conn net.Conn) {
	sh := &show{conn: newQuickClose(conn)}
	defer sh.told.Wait()
	defer sh.conn.wait()
	stop := context.AfterFunc(ctx, sh.end)
	defer stop()
	offer := &showOffered{show: sh}
	s.send(offer)
	if !offer.taken {
		return
	}
	if offer.asked {
		sh.read()
	}
	sh.end()
	s.send(showGone{sh})
}

// showOffered means that the advisor wants to show his screen over a stream. Only one such
// stream is accepted at a time.
type showOffered struct {
	show  *show
	taken bool
	asked bool // the customer is being asked, or has allowed it
}

func (e *showOffered) in(st *state) {
	if e.taken = st.show == nil && st.consent.Phase == consent.Joined && !st.consent.Paused; !e.taken {
		return
	}
	st.show = e.show
	st.apply(consent.Event{Kind: consent.Ask, Right: consent.Show}, byAdvisor)
	e.asked = st.consent.Asked.Has(consent.Show) || st.consent.Given.Has(consent.Show)
}

// showGone means that the stream has ended.
type showGone struct{ show *show }

func (e showGone) in(st *state) {
	st.show = nil
	if e.show.patience != nil {
		e.show.patience.Stop()
	}
	st.apply(consent.Event{Kind: consent.Withdraw, Right: consent.Show}, byAdvisor)
	st.apply(consent.Event{Kind: consent.Return, Right: consent.Show}, byAdvisor)
}

// looks is a panel's request to look at the advisor's screen.
type looks struct{ show *show } // nil: there is nothing to look at

func (e *looks) in(st *state) {
	if st.consent.Effective().Has(consent.Show) {
		e.show = st.show
	}
}

// read passes bytes on until the stream ends.
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

// keep returns where to send bytes. While no panel looks, it keeps b and returns nil.
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

// end ends the show. When it returns, no further bytes are passed on; a write to the panel that
// has begun may still complete. end never blocks: other goroutines tell the panel and close the
// connection.
func (sh *show) end() {
	if sh.closed.Swap(true) {
		return
	}
	sh.mu.Lock()
	onEnd := sh.onEnd
	sh.mu.Unlock()
	if onEnd != nil {
		sh.told.Go(onEnd)
	}
	sh.conn.Close()
}

// begin sends the kept bytes to out, and everything from now on. It returns false if the show
// has ended, another panel looks, or out fails.
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

// decided ends a show whose request was not granted. If it was granted, it starts the timer for
// a show that no panel looks at. sh may be nil.
func (sh *show) decided(c consent.Change) {
	switch {
	case sh == nil || c.Right != consent.Show || c.Outcome == consent.Opened:
	case c.Outcome == consent.Given:
		sh.patience = time.AfterFunc(lookTimeout, sh.endUnseen)
	default:
		sh.end()
	}
}

// endUnseen ends a show that no panel looks at.
func (sh *show) endUnseen() {
	if !sh.seen() {
		sh.end()
	}
}

// panelEnd is the end of a show that the panel holds.
type panelEnd struct{ show *show }

// Write sends bytes of the panel's viewer to the advisor's end.
func (p panelEnd) Write(b []byte) (int, error) {
	if p.show.closed.Load() {
		return 0, errShowEnded
	}
	return p.show.conn.Write(b)
}

// Close ends the show.
func (p panelEnd) Close() error {
	p.show.end()
	return nil
}
