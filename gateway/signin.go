package gateway

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// Costs of a turn in a queue: for an unknown client without failures, and for a known address or a
// remembered device.
const (
	turnCost  = 1
	knownCost = 0.25
)

// signInTry is one try to sign in.
type signInTry struct {
	from       netip.Addr
	c          client
	name       string
	acc        Account
	exists     bool // acc is valid
	device     deviceID
	remembered bool // the try is charged to the device's budget
}

// signIn is POST /api/v1/signin. It slows an attacker who guesses, not the advisor: a remembered
// browser has a budget of its own, and an address without failures is never refused. It takes as
// long for a name that does not exist.
func (s *signing) signIn(w http.ResponseWriter, r *http.Request) {
	var req tunnel.SignInRequest
	if readBody(w, r, &req) != nil {
		s.badBody(w)
		return
	}
	now, from := s.now(), s.clientAddr(r)
	t := &signInTry{from: from, c: clientOf(from), name: strings.ToLower(req.Name)}
	var err error
	if t.acc, t.exists, err = s.accounts.get(t.name); err != nil {
		s.log.gateway.Error("accounts not read", "error", err)
	}
	if t.exists {
		t.device, t.remembered = s.devices.find(r, t.acc, now)
	}
	if a := s.admitSignIn(t, req.Proof, now); !a.ok() {
		s.notAdmitted(w, a, "Too many wrong sign-ins; please wait.")
		return
	}
	good, err := s.checkPassword(r, t, req.Password)
	switch {
	case err != nil:
		s.signInFailed(w, t, err)
	case !good:
		s.signInWrong(w, t)
	default:
		s.signedInNow(w, r, t)
	}
}

// admitSignIn charges the try to the device if it is remembered and within its budget, otherwise to
// the address. The charge comes before the check, or many simultaneous tries would be free.
func (s *signing) admitSignIn(t *signInTry, proof string, now time.Time) admission {
	if t.remembered && s.devices.charge(t.device, now) {
		return admission{}
	}
	t.remembered = false
	return s.signIns.admit(t.c, proof, s.names.guilt(t.name, now), now)
}

// notAdmitted answers a try that is not examined.
func (s *signing) notAdmitted(w http.ResponseWriter, a admission, words string) {
	if a.puzzle == "" {
		s.metrics.signInsWrong.Add(1)
		s.fail(w, http.StatusTooManyRequests, tunnel.CodeTooMany, words, a.wait)
		return
	}
	var body tunnel.ErrorBody
	body.Error.Code, body.Error.Puzzle = tunnel.CodePuzzle, a.puzzle
	body.Error.Message = "Many people try to get in at the moment, so this gateway asks programs for some work first. This program does not know how; a newer one does."
	s.answer(w, http.StatusTooManyRequests, body)
}

// checkPassword waits for its turn and checks the password.
func (s *signing) checkPassword(r *http.Request, t *signInTry, password string) (bool, error) {
	encoded := ""
	if t.exists {
		encoded = t.acc.Password
	}
	if len(password) > maxPassword {
		password = ""
	}
	lane, cost := t.c.site().String(), turnCost+s.signIns.guilt(t.c, s.now())
	if t.remembered {
		lane, cost = string(t.device[:]), knownCost
	}
	began := s.now()
	defer func() { s.metrics.spread.signIn.observeTime(s.now().Sub(began)) }()
	return s.hasher.verify(r.Context(), lane, cost, encoded, password)
}

// signInFailed answers a try that could not be checked. The try remains charged.
func (s *signing) signInFailed(w http.ResponseWriter, t *signInTry, err error) {
	if errors.Is(err, errDamagedHash) {
		s.log.gateway.Error("nobody can sign in to this account: set its password again with "+
			"lotse advisor password", "account", t.acc.Name, "error", err)
		s.fail(w, http.StatusInternalServerError, tunnel.CodeInternal,
			"The password of this account is damaged at the gateway; its operator must set it again.", 0)
		return
	}
	s.fail(w, http.StatusServiceUnavailable, tunnel.CodeBusy, "The gateway is busy; please try again.", time.Second)
}

func (s *signing) signInWrong(w http.ResponseWriter, t *signInTry) {
	if !t.remembered {
		s.names.wrong(t.name, s.now())
	}
	r := audit.Record{Event: audit.SignInRefused, From: t.from.String()}
	if t.exists {
		r.Account = t.acc.Name // not any other name: somebody may have typed his password there
	}
	s.audit.Record(r)
	s.metrics.signInsWrong.Add(1)
	s.fail(w, http.StatusUnauthorized, tunnel.CodeUnauthorized, "The name or the password is wrong.", 0)
}

func (s *signing) signedInNow(w http.ResponseWriter, r *http.Request, t *signInTry) {
	now := s.now()
	if t.remembered {
		s.devices.right(t.device)
		s.known.add(t.c, now)
	} else {
		s.signIns.right(t.c, now)
	}
	cookie, web := s.web.create(t.acc, s.cfg.Limits.Times.SignIn, now)
	s.metrics.signIns.Add(1)
	s.audit.Record(audit.Record{Event: audit.SignIn, Account: t.acc.Name, From: t.from.String()})
	http.SetCookie(w, sessionCookie(cookie, seconds(s.cfg.Limits.Times.SignIn)))
	http.SetCookie(w, s.devices.cookie(r, t.acc, now))
	s.answer(w, http.StatusOK, s.meOf(t.acc, web))
}
