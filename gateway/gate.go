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

// At the doors of viewers that cannot seal, every wrong try is answered wrongPause after it
// arrived, whether the number, the password or its age was wrong. A correct try never waits. These
// viewers cannot solve puzzles, so their networks are refused once they owe hardFactor times their
// limit, except known addresses of advisors.
const (
	wrongPause  = 2 * time.Second // default of Times.WrongPause
	wrongWindow = 10 * time.Minute
)

// attempt is what a viewer sent. The zero value matches no grant.
type attempt struct {
	digits   string           // of the number; "" at a door that does not ask for it
	secret   []byte           // a password or token in plain text
	response *rfb.VncResponse // or a response to a challenge
}

// test reports whether the number matches the grant, and whether everything does.
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

// errWrongPassword deliberately does not say what was wrong.
var errWrongPassword = rfb.Refusal{Reason: "The session number or the one-time password is wrong, used or too old. Ask for a new password."}

func errTooManyTries(wait time.Duration) rfb.Refusal {
	return rfb.Refusal{Reason: fmt.Sprintf("Too many wrong tries from this address. Wait %d seconds.", seconds(wait))}
}

// test decides on an attempt. Its error is a Refusal for the viewer, and is returned wrongPause
// after the attempt arrived.
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
		refusal = errTooManyTries(a.wait) // not audited: a flood would fill the disk
	}
	s.metrics.viewersWrong.Add(1)
	clock.Pause(ctx, s.cfg.Clock, came.Add(s.cfg.Limits.Times.WrongPause).Sub(s.now()))
	return nil, tunnel.Number{}, refusal
}
