package gateway

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"time"

	"lotse/rfb"
	"lotse/tunnel"
)

// The gate stands behind the doors whose viewers cannot seal.
//
// A wrong try is answered wrongPause after it came, whatever was wrong with
// it: number, password, its age. Twenty wrong ones of an address (IPv6: of a
// /64) in ten minutes, and further ones are refused without a look. All
// addresses together have a bound too, but it holds only for those that have
// been wrong lately: nobody's guessing keeps an advisor out who comes from an
// address of his own. A right try never waits.
const (
	wrongPause  = 2 * time.Second // if Times.WrongPause does not say otherwise
	wrongWindow = 10 * time.Minute
	wrongOfAll  = 600 // per minute
)

type gate struct {
	one, all *limiter
}

func newGate(perAddress int) *gate {
	return &gate{one: newLimiter(perAddress, wrongWindow), all: newLimiter(wrongOfAll, time.Minute)}
}

// admit takes a token for a try; right gives it back.
func (g *gate) admit(key string, now time.Time) (ok bool, wait time.Duration) {
	clean := g.one.full(key, now)
	if ok, wait = g.one.take(key, now); !ok {
		return false, wait
	}
	if ok, wait = g.all.take("", now); !ok && !clean {
		g.one.giveBack(key, now)
		return false, wait
	}
	return true, 0
}

func (g *gate) right(key string, now time.Time) {
	g.one.giveBack(key, now)
	g.all.giveBack("", now)
}

// closedFor tells how long an address is refused without a look; 0: it is not.
func (g *gate) closedFor(key string, now time.Time) time.Duration {
	ok, wait := g.one.take(key, now)
	if ok {
		g.one.giveBack(key, now)
		return 0
	}
	return wait
}

func (g *gate) sweep(now time.Time) {
	g.one.sweep(now)
	g.all.sweep(now)
}

// attempt is what a viewer brought; the zero value fits nothing.
type attempt struct {
	digits   string           // of the number; "" where the door does not ask
	secret   []byte           // a password or token in clear
	response *rfb.VncResponse // or a response to a challenge
}

// test reports whether the number, if there is one, and all of it fit a grant.
func (a attempt) test(g *grant) (number, all bool) {
	if a.response == nil {
		if a.digits == "" {
			return false, subtle.ConstantTimeCompare(g.secret, a.secret) == 1
		}
		return g.right(a.digits, a.secret)
	}
	all = a.response.Matches(g.secret)
	if a.digits != "" {
		number, _ = g.right(a.digits, nil)
		all = all && number
	}
	return number, all
}

// errWrongPassword is all that a stranger learns of why.
var errWrongPassword = rfb.Refusal{Reason: "The session number or the one-time password is wrong, used or too old. Ask for a new password."}

func errTooManyTries(wait time.Duration) rfb.Refusal {
	return rfb.Refusal{Reason: fmt.Sprintf("Too many wrong tries from this address. Wait %d seconds.", seconds(wait))}
}

// test decides on an attempt. Its error is a Refusal for the viewer, and comes
// wrongPause after the attempt.
func (s *server) test(ctx context.Context, kind grantKind, door string, from netip.Addr, try attempt) (*session, tunnel.Number, error) {
	came, key := s.now(), limitKey(from)
	refusal := errWrongPassword
	ok, wait := s.gate.admit(key, came)
	if ok {
		if sess, number, found := s.dir.redeem(kind, try); found {
			s.gate.right(key, s.now())
			s.metrics.viewers.Add(1)
			s.audit.record(AuditRecord{Event: AuditViewer, Account: sess.account, Session: sess.id, From: from.String(), Door: door})
			return sess, number, nil
		}
		s.audit.record(AuditRecord{Event: AuditViewerRefused, From: from.String(), Door: door})
	} else {
		refusal = errTooManyTries(wait) // not written down each time: a flood would fill the disk
	}
	s.metrics.viewersWrong.Add(1)
	pause(ctx, s.cfg.Clock, came.Add(s.cfg.Times.WrongPause).Sub(s.now()))
	return nil, tunnel.Number{}, refusal
}
