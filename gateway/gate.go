package gateway

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"time"

	"lotse/gateway/audit"
	"lotse/gateway/clock"
	"lotse/rfb"
	"lotse/tunnel"
)

// Behind the doors whose viewers cannot seal a wrong try is answered wrongPause after
// it came, whatever was wrong with it: number, password, its age. A right try never
// waits. Those viewers know no puzzles: their networks are refused when they owe
// hardFactor times their bound, advisors' own addresses excepted (known).
const (
	wrongPause  = 2 * time.Second // if Times.WrongPause does not say otherwise
	wrongWindow = 10 * time.Minute
)

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
func (s *doors) test(ctx context.Context, kind grantKind, door string, from netip.Addr, try attempt) (*session, tunnel.Number, error) {
	came, c := s.now(), clientOf(from)
	refusal := errWrongPassword
	a := s.viewers.admit(c, "", 0, came)
	if a.ok() {
		if sess, number, found := (grants{s.dir}).redeem(kind, try); found {
			s.viewers.right(c, s.now())
			s.metrics.viewers.Add(1)
			s.audit.Record(audit.Record{Event: audit.Viewer, Account: sess.account, Session: sess.id, From: from.String(), Door: door})
			return sess, number, nil
		}
		s.audit.Record(audit.Record{Event: audit.ViewerRefused, From: from.String(), Door: door})
	} else {
		refusal = errTooManyTries(a.wait) // not written down each time: a flood would fill the disk
	}
	s.metrics.viewersWrong.Add(1)
	clock.Pause(ctx, s.cfg.Clock, came.Add(s.cfg.Limits.Times.WrongPause).Sub(s.now()))
	return nil, tunnel.Number{}, refusal
}
