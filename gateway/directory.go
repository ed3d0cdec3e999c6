package gateway

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// directory holds the open sessions, the links and the streams. Methods take the lock; the caller
// of a method named xxxLocked already holds it.
type directory struct {
	// Static after newDirectory.
	ctx       context.Context // of the whole gateway
	cfg       *Config
	log       areaLogs
	audit     *audit.Trail
	metrics   *metrics
	accounts  *Accounts
	tasks     *tasks     // all work that outlives a request
	enters    *entrance  // customers' tries
	questions *questions // to customers before and after a session
	exchanges *turnstile // of seals that the gateway itself computes
	changed   changes    // to what keeping writes

	saving sync.Mutex // held while the file of keeping is written; before mu

	mu       sync.Mutex
	closed   bool                 // Guarded by mu.
	sessions map[string]*session  // Guarded by mu; by place.
	streams  map[string]*stream   // Guarded by mu; by identifier.
	resting  map[string]time.Time // Guarded by mu; until when a place is not assigned.
	wires    map[*wire]struct{}   // Guarded by mu.
	unjoined *crowd[*agentLink]   // Guarded by mu; links that have not joined.
	checks   *crowd[*wire]        // Guarded by mu; links of check.
}

// Operations on sessions, by subject. All share the directory's state and lock.
type (
	entering struct{ *directory } // customers and their links: entering.go
	lines    struct{ *directory } // links of both ends: links.go
	grants   struct{ *directory } // passwords for one viewer: grant.go
	meetings struct{ *directory } // foreign servers and their viewers: foreign.go
	keeping  struct{ *directory } // what survives a restart: keeping.go
)

// session is one number and its session until it ends.
type session struct {
	// Static after open.
	id      string // for logs and audit, where the place must not appear
	place   string
	created time.Time

	// Guarded by the directory's mu.
	account string // of the advisor who leads it
	advisor tunnel.Person
	// colleagues are the accounts that may open streams beside account. If one of them has been
	// passed the session, it is account, too.
	colleagues map[string]tunnel.Person
	state      string
	since      time.Time
	expires    time.Time
	owner      *wire
	ownerLost  time.Time // since when owner is nil
	agent      *agentLink
	agentLost  time.Time          // since when state is away
	joined     time.Time          // when a customer first joined; zero before
	viewed     bool               // the advisor has seen something
	resume     digest             // of the token of the agent that joined
	streams    map[string]*stream // not those of an entering
	entries    map[string]*stream
	grants     [grantKinds]*grant
	foreign    *foreign
}

var (
	errClosed       = errors.New("gateway: shutting down")
	errNoSession    = errors.New("gateway: no such session")
	errNotJoined    = errors.New("gateway: no customer in the session")
	errTooMany      = errors.New("gateway: too many open")
	errNoPlace      = errors.New("gateway: no free place")
	errWrongMessage = errors.New("message out of place")
)

func newDirectory(ctx context.Context, cfg *Config, accounts *Accounts, trail *audit.Trail, m *metrics, t *tasks, enters *entrance) *directory {
	return &directory{
		ctx: ctx, cfg: cfg, log: newAreaLogs(cfg.Logger), audit: trail, metrics: m, accounts: accounts, tasks: t,
		enters: enters, questions: newQuestions(&cfg.Customer), exchanges: newTurnstile(exchangeSlots, exchangeWaiting), changed: make(changes, 1),
		unjoined: newCrowd(maxUnjoined, maxUnjoinedOne, func(l *agentLink) bool { return l.entry == nil }),
		checks:   newCrowd(maxChecks, maxChecksOne, func(*wire) bool { return true }),
		sessions: map[string]*session{}, streams: map[string]*stream{},
		resting: map[string]time.Time{}, wires: map[*wire]struct{}{},
	}
}

func (d *directory) now() time.Time { return d.cfg.Clock.Now() }

// after runs f after delay without holding the lock. Serve waits for it.
func (d *directory) after(delay time.Duration, f func()) {
	if !d.tasks.begin() {
		return // Serve has waited for the last; every connection is closed
	}
	d.cfg.Clock.AfterFunc(delay, func() {
		defer d.tasks.end()
		f()
	})
}

// open makes a session for an advisor.
func (d *directory) open(acc Account, from string) (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	n := 0
	for _, s := range d.sessions {
		if s.account == acc.Name {
			n++
		}
	}
	if n >= d.cfg.Limits.SessionsPerAdvisor {
		return nil, errTooMany
	}
	place, err := d.freePlaceLocked()
	if err != nil {
		return nil, err
	}
	now := d.now()
	s := &session{
		id: newToken(), place: place, account: acc.Name, advisor: acc.person(d.cfg.Company),
		created: now, state: tunnel.StateWaiting, since: now, expires: now.Add(d.cfg.Limits.Times.Number),
		ownerLost: now, streams: map[string]*stream{}, entries: map[string]*stream{},
	}
	d.sessions[place] = s
	d.changed.note()
	d.metrics.sessions.Add(1)
	d.audit.Record(audit.Record{Event: audit.Opened, Account: s.account, Session: s.id, From: from})
	d.log.tunnel.Info("session opened", "session", s.id, "account", s.account)
	return s, nil
}

// freePlaceLocked draws a place that is not open and was not open recently: an old number must not
// lead to another advisor.
func (d *directory) freePlaceLocked() (string, error) {
	if len(d.sessions) >= maxPlaces {
		return "", errNoPlace
	}
	for try := range 1000 {
		place := fmt.Sprintf("%04d", 1000+drawBelow(9000))
		if d.sessions[place] != nil {
			continue
		}
		// If nearly all places are resting, a resting place is better than none.
		if _, rests := d.resting[place]; rests && try < 500 {
			continue
		}
		return place, nil
	}
	return "", errNoPlace
}

// drawBelow draws uniformly. n is small, so the loop ends soon.
func drawBelow(n uint32) uint32 {
	limit := uint32((1 << 32) / uint64(n) * uint64(n))
	for {
		var b [4]byte
		rand.Read(b[:]) // never fails
		if v := binary.BigEndian.Uint32(b[:]); limit == 0 || v < limit {
			return v % n
		}
	}
}

// findLocked returns the session at place if it belongs to account.
func (d *directory) findLocked(account, place string) (*session, error) {
	s := d.sessions[place]
	if s == nil || s.account != account {
		return nil, errNoSession
	}
	return s, nil
}

func (d *directory) list(account string) []tunnel.Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := []tunnel.Session{}
	for _, s := range d.sessions {
		if ok, _ := s.may(account); !ok {
			continue
		}
		entry := tunnel.Session{Place: s.place, State: s.state, Since: s.since.UTC(), Expires: s.expires.UTC()}
		if s.account != account {
			advisor := s.advisor
			entry.Advisor = &advisor
		}
		out = append(out, entry)
	}
	return out
}

func (d *directory) count() (sessions, joined, streams, links int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sessions {
		if s.state != tunnel.StateWaiting {
			joined++
		}
	}
	return len(d.sessions), joined, len(d.streams), len(d.wires)
}

// end ends the session at place if it belongs to account.
func (d *directory) end(account, place string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(account, place)
	if err != nil {
		return err
	}
	d.endLocked(s, tunnel.ReasonAdvisor)
	return nil
}

// openStream calls the session's agent to a new stream.
func (d *directory) openStream(account, place, kind, door, from string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[place]
	if s == nil {
		return "", errNoSession
	}
	ok, colleague := s.may(account)
	switch {
	case !ok:
		return "", errNoSession
	case s.state != tunnel.StateJoined:
		return "", errNotJoined
	case len(s.streams) >= d.cfg.Limits.StreamsPerSession,
		account != s.account && len(s.streamsOf(account)) >= colleagueStreams:
		return "", errTooMany
	}
	if colleague {
		door = tunnel.DoorColleague // only the number of that colleague fits
	}
	return d.callLocked(s, account, kind, door, from).id, nil
}

// setStateLocked changes the state and sends it to the owner.
func (d *directory) setStateLocked(s *session, state string) {
	s.state, s.since = state, d.now()
	if s.owner != nil {
		s.owner.send(s.ownerState(""))
	}
}

func (s *session) ownerState(reason string) tunnel.OwnerState {
	return tunnel.OwnerState{Type: tunnel.TypeState, State: s.state, Reason: reason, Foreign: s.foreignState(),
		Since: s.since.UTC().Truncate(time.Second), Expires: s.expires.UTC().Truncate(time.Second)}
}

// endLocked ends a session for both ends. Its streams stay open for lastWords, so that data already
// sent still arrives.
func (d *directory) endLocked(s *session, reason string) {
	if s.state == tunnel.StateEnded {
		return
	}
	now := d.now()
	s.state, s.since = tunnel.StateEnded, now
	for kind := range s.grants {
		grants{d}.revokeLocked(s, grantKind(kind))
	}
	meetings{d}.endForeignLocked(s)
	delete(d.sessions, s.place)
	d.resting[s.place] = now.Add(restingTime)
	d.changed.note()
	if s.owner != nil {
		s.owner.finish(s.ownerState(reason), reason)
	}
	if s.agent != nil {
		s.agent.finish(tunnel.GatewayMessage{Type: tunnel.TypeEnded, Reason: reason}, reason)
		s.agent.session = nil
	}
	entering{d}.orphanEntriesLocked(s)
	var open []*stream
	for _, st := range s.streams {
		open = append(open, st)
	}
	if len(open) > 0 {
		d.after(lastWords, func() {
			for _, st := range open {
				st.finish("the session ended: " + reason)
			}
		})
	}
	d.audit.Record(audit.Record{Event: audit.Ended, Account: s.account, Session: s.id, Reason: reason, Seconds: int64(now.Sub(s.created) / time.Second)})
	d.metrics.sessionEnded(s, reason, now)
	d.log.tunnel.Info("session ended", "session", s.id, "account", s.account, "reason", reason)
}

// sweep handles everything whose time is over. It is called regularly.
func (d *directory) sweep(now time.Time) {
	accounts, err := d.accounts.snapshot()
	if err != nil {
		d.log.gateway.Error("accounts not read", "error", err)
	}
	var stale, gone []*stream
	d.mu.Lock()
	for _, s := range d.sessions {
		grants{d}.sweepGrantsLocked(s, now)
		if err == nil {
			gone = append(gone, colleagues{d}.sweepLocked(s, accounts)...)
		}
		switch {
		case now.After(s.expires):
			d.endLocked(s, tunnel.ReasonExpired)
		case s.owner == nil && now.Sub(s.ownerLost) > d.cfg.Limits.Times.OwnerGrace,
			s.state == tunnel.StateAway && now.Sub(s.agentLost) > d.cfg.Limits.Times.AgentGrace:
			d.endLocked(s, tunnel.ReasonLost)
		default:
			// Removing an advisor's account ends his sessions, but an unreadable accounts file ends
			// nothing.
			if _, ok := accounts[s.account]; !ok && err == nil {
				d.endLocked(s, tunnel.ReasonAdvisor)
			}
		}
	}
	for _, st := range d.streams {
		age := now.Sub(st.created)
		switch {
		case st.entry != nil && (age > enteringTimeout || age > streamLifetime && !st.completeLocked()):
			entering{d}.refuseEntryLocked(st, tunnel.RefusedNumber)
		case st.entry == nil && age > streamLifetime && !st.completeLocked():
			stale = append(stale, st)
		}
	}
	for place, until := range d.resting {
		if now.After(until) {
			delete(d.resting, place)
		}
	}
	d.mu.Unlock()
	for _, st := range stale {
		st.finish("nobody came to the other end")
	}
	for _, st := range gone {
		st.finish("the account was removed")
	}
}

// shutdown ends all links and refuses new ones. If kept is set, the sessions are in the data folder
// and both ends come back to them after a restart; otherwise shutdown ends them, too.
func (d *directory) shutdown(kept bool) {
	d.mu.Lock()
	d.closed = true
	for _, s := range d.sessions {
		if !kept || s.foreign != nil {
			d.endLocked(s, tunnel.ReasonShutdown)
		}
	}
	for w := range d.wires {
		w.finish(nil, tunnel.ReasonShutdown)
	}
	var open []*stream
	for _, st := range d.streams {
		open = append(open, st)
	}
	d.mu.Unlock()
	if len(open) == 0 {
		return
	}
	d.after(lastWords, func() {
		for _, st := range open {
			st.finish(tunnel.ReasonShutdown)
		}
	})
}

// addWire registers a link; it returns false if the gateway is shutting down.
func (d *directory) addWire(w *wire) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.wires[w] = struct{}{}
	}
	return !d.closed
}

func (d *directory) removeWire(w *wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.wires, w)
}
