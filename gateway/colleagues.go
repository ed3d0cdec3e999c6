package gateway

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// A colleague is a second advisor in a session; PROTOCOL.md, section 7c. The gateway lets his
// account open streams. Only the number that the customer's program has issued for him makes
// anything of them.

// colleagues are the operations on sessions with more than one advisor.
type colleagues struct{ *directory }

var (
	errNoColleague = errors.New("gateway: no such colleague")
	errColleagues  = errors.New("gateway: too many colleagues")
)

// colleagueStreams is how many streams of one colleague may be open at once, so that enough are
// left for the others.
const colleagueStreams = 6

// may reports whether the account may open streams in s, as the one who leads the session or as a
// colleague.
func (s *session) may(account string) (ok, colleague bool) {
	_, colleague = s.colleagues[account]
	return colleague || s.account == account, colleague
}

// others returns how many colleagues there are beside the one who leads the session, who may have
// come as a colleague himself.
func (s *session) others() int {
	n := len(s.colleagues)
	if _, ok := s.colleagues[s.account]; ok {
		n--
	}
	return n
}

// admit lets the account name open streams in the session at place.
func (d colleagues) admit(c caller, place, name string) (*tunnel.Person, error) {
	acc, known, err := d.accounts.get(name)
	if err != nil {
		return nil, err
	}
	person := acc.person(d.cfg.Company)
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(c.account.Name, place)
	switch {
	case err != nil:
		return nil, err
	case !known || name == s.account || person.Company != c.account.person(d.cfg.Company).Company:
		return nil, errNoColleague
	case s.foreign != nil || s.state != tunnel.StateJoined:
		return nil, errNotJoined
	case s.colleagues[name] != (tunnel.Person{}):
		return &person, nil
	case s.others() >= tunnel.MaxColleagues:
		return nil, errColleagues
	}
	if s.colleagues == nil {
		s.colleagues = map[string]tunnel.Person{}
	}
	s.colleagues[name] = person
	d.changed.note()
	d.audit.Record(audit.Record{Event: audit.Admitted, Account: s.account, Session: s.id, Reason: name})
	return &person, nil
}

// expel undoes admit and ends the colleague's streams.
func (d colleagues) expel(account, place, name string) error {
	d.mu.Lock()
	s, err := d.findLocked(account, place)
	if err == nil {
		if _, ok := s.colleagues[name]; !ok || name == s.account {
			err = errNoColleague
		}
	}
	var open []*stream
	if err == nil {
		open = d.expelLocked(s, name)
	}
	d.mu.Unlock()
	for _, st := range open {
		st.finish("the colleague was sent away")
	}
	return err
}

// expelLocked removes a colleague and returns his streams, which the caller must finish.
func (d colleagues) expelLocked(s *session, name string) []*stream {
	delete(s.colleagues, name)
	d.changed.note()
	d.audit.Record(audit.Record{Event: audit.Expelled, Account: s.account, Session: s.id, Reason: name})
	return s.streamsOf(name)
}

// streamsOf returns the open streams of an account.
func (s *session) streamsOf(account string) (open []*stream) {
	for _, st := range s.streams {
		if st.account == account {
			open = append(open, st)
		}
	}
	return open
}

// sweepLocked removes colleagues whose accounts are gone, and returns their streams.
func (d colleagues) sweepLocked(s *session, accounts map[string]Account) (open []*stream) {
	for name := range s.colleagues {
		if _, ok := accounts[name]; !ok {
			open = append(open, d.expelLocked(s, name)...)
		}
	}
	return open
}

// passed makes the colleague name the one who leads the session. The customer's program says so
// after both advisors have agreed. The program decides everything else in the session too, and it
// can only choose an account that the advisor who led it has admitted.
func (d colleagues) passed(l *agentLink, name string) {
	acc, known, err := d.accounts.get(name)
	if err != nil || !known {
		return
	}
	d.mu.Lock()
	s := l.session
	if s == nil || s.account == name || s.colleagues[name] == (tunnel.Person{}) {
		d.mu.Unlock()
		return
	}
	before := s.account
	for kind := range s.grants {
		grants(d).revokeLocked(s, grantKind(kind))
	}
	open := s.streamsOf(before)
	if s.owner != nil {
		s.owner.finish(tunnel.OwnerMessage{Type: tunnel.TypeReplaced}, tunnel.ReasonPassed)
		s.owner = nil
	}
	delete(s.colleagues, before)
	s.account, s.advisor, s.ownerLost = name, acc.person(d.cfg.Company), d.now()
	d.changed.note()
	d.audit.Record(audit.Record{Event: audit.Passed, Account: name, Session: s.id, Reason: before})
	d.log.tunnel.Info("session passed on", "session", s.id, "account", name, "from", before)
	d.mu.Unlock()
	d.after(lastWords, func() {
		for _, st := range open {
			st.finish("the session was passed on")
		}
	})
}

// people lists the advisors of the caller's company, without the caller.
func (s *sessionAPI) people(w http.ResponseWriter, _ *http.Request, c caller) {
	accounts, err := s.accounts.snapshot()
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	answer := tunnel.People{People: []tunnel.Person{}}
	company := c.account.person(s.cfg.Company).Company
	for name, acc := range accounts {
		if p := acc.person(s.cfg.Company); name != c.account.Name && p.Company == company {
			answer.People = append(answer.People, p)
		}
	}
	slices.SortFunc(answer.People, func(a, b tunnel.Person) int {
		return cmp.Or(cmp.Compare(a.Display, b.Display), cmp.Compare(a.Name, b.Name))
	})
	answer.People = answer.People[:min(len(answer.People), maxPeople)]
	s.answer(w, http.StatusOK, answer)
}

// maxPeople limits the list of colleagues. Others can be admitted by name.
const maxPeople = 500

func (s *sessionAPI) admitColleague(w http.ResponseWriter, r *http.Request, c caller) {
	var req tunnel.AdmitRequest
	if readBody(w, r, &req) != nil {
		s.badBody(w)
		return
	}
	who, err := colleagues{s.dir}.admit(c, r.PathValue("place"), req.Name)
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	s.answer(w, http.StatusCreated, who)
}

func (s *sessionAPI) expelColleague(w http.ResponseWriter, r *http.Request, c caller) {
	if err := (colleagues{s.dir}).expel(c.account.Name, r.PathValue("place"), r.PathValue("name")); err != nil {
		s.failDirectory(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
