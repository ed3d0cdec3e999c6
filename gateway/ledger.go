package gateway

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// maxDebts bounds the entries of each level of a ledger: with some 150 bytes each a
// ledger takes 4 MB at most.
const maxDebts = 10_000

// hardFactor is how many times its bound a network may owe before all of it is
// refused; in between it is asked for work.
const hardFactor = 4

// maxGuilt bounds by how many bits a puzzle is made harder.
const maxGuilt = 4

// ledger keeps what clients of one entrance did wrong. Each prefix of a client owes
// one for each failure and pays back limit per window. Anyone who owes nothing has no
// entry, so a flood of strangers cannot push anybody out; when a level is full, the
// least guilty of a few entries is forgotten for the new one.
//
//	one address    owes its bound: refused; half of it: asked for work
//	a network      owes its bound: asked for work; hardFactor times: refused, but for
//	               addresses of IPv4 that owe nothing themselves: in a /24 live strangers
//
// Who is asked for work is never refused for what his network owes before that.
// Methods may be called concurrently.
type ledger struct {
	// Static after newLedger.
	limit  float64 // of one address; client.share has the others
	window time.Duration
	hard   float64 // times its limit a network may owe

	mu       sync.Mutex
	debts    [clientLevels]map[netip.Prefix]debt // Guarded by mu.
	overflow time.Time                           // Guarded by mu; when an entry was last forgotten.
}

type debt struct {
	owed float64
	at   time.Time
}

func newLedger(limit int, window time.Duration, hard float64) *ledger {
	l := &ledger{limit: float64(limit), window: window, hard: hard}
	for i := range l.debts {
		l.debts[i] = map[netip.Prefix]debt{}
	}
	return l
}

// standing is how a client stands with an entrance.
type standing struct {
	wait   time.Duration // above 0: refused, and for how long
	guilt  int           // above 0: asked for work, so many bits harder than without guilt, plus 1
	failed bool          // the address itself owes something
}

// level returns what prefix i of c owes and may owe.
func (l *ledger) levelLocked(c *client, i int, now time.Time) (owed, most float64) {
	most = l.limit * float64(c.share(i))
	d, ok := l.debts[i][c.prefixes[i]]
	if !ok {
		return 0, most
	}
	return d.after(now, most/l.window.Seconds()), most
}

// after is what is left at a time; rate is paid back each second. A clock that was
// set back forgives nothing.
func (d debt) after(now time.Time, rate float64) float64 {
	return max(0, d.owed-rate*max(0, now.Sub(d.at).Seconds()))
}

// look returns how c stands. exempt clients answer for their own address only.
func (l *ledger) look(c client, exempt bool, now time.Time) standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lookLocked(&c, exempt, now)
}

func (l *ledger) lookLocked(c *client, exempt bool, now time.Time) (s standing) {
	for i := range c.n {
		owed, most := l.levelLocked(c, i, now)
		bound := most
		if i == 0 {
			s.failed = owed > 0
			if owed >= most/2 {
				s.guilt = 1
			}
		} else {
			if exempt {
				break
			}
			bound *= l.hard
			if owed >= most {
				s.guilt = max(s.guilt, min(maxGuilt, 1+int(2*math.Log2(owed/most))))
			}
		}
		if i > 0 && c.n == 2 && !s.failed {
			continue // it works, the hardest
		}
		if over := owed + 1 - bound; over > 0 {
			s.wait = max(s.wait, time.Duration(over*float64(l.window)/most)+1)
		}
	}
	return s
}

// charge takes cost from c's budget unless c is refused; then it tells the wait.
func (l *ledger) charge(c client, exempt bool, cost float64, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.lookLocked(&c, exempt, now); s.wait > 0 {
		return s.wait
	}
	for i := range c.n {
		owed, most := l.levelLocked(&c, i, now)
		bound := most
		if i > 0 {
			bound *= l.hard
		}
		if _, ok := l.debts[i][c.prefixes[i]]; !ok && len(l.debts[i]) >= maxDebts {
			l.forgetLocked(i, now)
		}
		// Exempt clients may lift their network to its bound, not over it.
		l.debts[i][c.prefixes[i]] = debt{min(max(owed, bound), owed+cost), now}
	}
	return 0
}

// forgetLocked drops the least guilty of some entries; a map gives them in random order.
func (l *ledger) forgetLocked(level int, now time.Time) {
	l.overflow = now
	var least netip.Prefix
	owed, seen := math.Inf(1), 0
	for p, d := range l.debts[level] {
		if d.owed < owed {
			least, owed = p, d.owed
		}
		if seen++; seen == 16 {
			break
		}
	}
	delete(l.debts[level], least)
}

// refund gives back what charge took for something that did no harm.
func (l *ledger) refund(c client, cost float64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range c.n {
		owed, _ := l.levelLocked(&c, i, now)
		if owed -= cost; owed > 0 {
			l.debts[i][c.prefixes[i]] = debt{owed, now}
		} else {
			delete(l.debts[i], c.prefixes[i])
		}
	}
}

// overflowed reports whether an entry was forgotten within the last window: then
// clients that nobody knows are asked for work.
func (l *ledger) overflowed(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.overflow.IsZero() && now.Sub(l.overflow) < l.window
}

// sweep forgets who has paid back everything.
func (l *ledger) sweep(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.debts {
		for p, d := range l.debts[i] {
			c := client{n: clientLevels}
			if p.Addr().Is4() {
				c.n = 2
			}
			if d.after(now, l.limit*float64(c.share(i))/l.window.Seconds()) == 0 {
				delete(l.debts[i], p)
			}
		}
	}
}

// size is the number of entries.
func (l *ledger) size() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.debts {
		n += len(m)
	}
	return n
}
