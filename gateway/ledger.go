package gateway

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// maxDebts is the maximum number of entries in each level of a ledger. At about 150 bytes each, a
// ledger takes at most 4 MB.
const maxDebts = 10_000

// hardFactor is how many times its limit a network may owe before all of it is refused. Between the
// limit and that, its clients get puzzles.
const hardFactor = 4

// maxGuilt is the maximum number of bits by which guilt makes a puzzle harder.
const maxGuilt = 4

// ledger counts the failures of clients at one entrance. Each prefix of a client owes one for each
// failure and pays back limit per window. A prefix that owes nothing has no entry, so a flood of
// strangers cannot displace anybody's entry. When a level is full, a new entry replaces the one
// that owes least among a few.
//
//	an address owes its limit: refused; half of it: gets puzzles
//	a network owes its limit: gets puzzles; hardFactor times its limit: refused,
//	    except IPv4 addresses that owe nothing themselves: strangers share a /24
//
// A client is not refused because of its network's debt before the network has had to solve
// puzzles. Methods may be called concurrently.
type ledger struct {
	// Static after newLedger.
	limit  float64 // of one address; client.share multiplies it for networks
	window time.Duration
	hard   float64 // multiple of its limit that a network may owe

	mu       sync.Mutex
	debts    [clientLevels]map[netip.Prefix]debt // Guarded by mu.
	overflow time.Time                           // Guarded by mu; when an entry was last replaced.
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

// standing is a client's status at an entrance.
type standing struct {
	wait   time.Duration // greater than 0: refused for this long
	guilt  int           // greater than 0: gets puzzles, guilt-1 bits harder than the easiest
	failed bool          // the address itself owes something
}

// levelLocked returns what prefix i of c owes and how much it may owe.
func (l *ledger) levelLocked(c *client, i int, now time.Time) (owed, most float64) {
	most = l.limit * float64(c.share(i))
	d, ok := l.debts[i][c.prefixes[i]]
	if !ok {
		return 0, most
	}
	return d.after(now, most/l.window.Seconds()), most
}

// after returns the debt that is left at now, at a payback of rate per second. If the clock was set
// back, nothing is paid back.
func (d debt) after(now time.Time, rate float64) float64 {
	return max(0, d.owed-rate*max(0, now.Sub(d.at).Seconds()))
}

// look returns the standing of c. For exempt clients only the address counts, not its networks.
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
			continue // the address gets the hardest puzzles but is not refused
		}
		if over := owed + 1 - bound; over > 0 {
			s.wait = max(s.wait, time.Duration(over*float64(l.window)/most)+1)
		}
	}
	return s
}

// charge adds cost to c's debt. If c is refused, charge returns how long to wait instead.
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
		// Exempt clients may raise their network's debt to its limit but not above.
		l.debts[i][c.prefixes[i]] = debt{min(max(owed, bound), owed+cost), now}
	}
	return 0
}

// forgetLocked removes the entry that owes least among a few; maps iterate in random order.
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

// refund takes back a charge for something that did no harm.
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

// overflowed reports whether an entry was replaced within the last window. In that case unknown
// clients get puzzles.
func (l *ledger) overflowed(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.overflow.IsZero() && now.Sub(l.overflow) < l.window
}

// sweep removes entries that are paid back.
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

// size returns the number of entries.
func (l *ledger) size() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.debts {
		n += len(m)
	}
	return n
}
