package gateway

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"time"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// passwordAlphabet has 32 symbols that people do not confuse. Eight of them, as many as VncAuth
// uses, have 40 bits.
const (
	passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"
	passwordLength   = 8
)

// maxGrantWrong is how many wrong passwords with the right number revoke the grant.
const maxGrantWrong = 10

// grantKind is the door that a grant is for.
type grantKind int

const (
	grantVNC grantKind = iota
	grantRepeater
	grantToken // websockify
	grantKinds
)

// grant lets a viewer that cannot seal in once. It holds a number that the customer's agent issued
// for one stream of this door and that the advisor's end passed on. After use or expiry all of it
// is wiped.
type grant struct {
	digits  [9]byte
	secret  []byte
	expires time.Time
	wrong   int
}

func (g *grant) wipe() {
	if g != nil {
		clear(g.digits[:])
		clear(g.secret)
	}
}

// right compares both in constant time. A wiped grant consists of zeros and matches nothing.
func (g *grant) right(digits string, secret []byte) (number, both bool) {
	n := subtle.ConstantTimeCompare(g.digits[:], []byte(digits))
	s := subtle.ConstantTimeCompare(g.secret, secret)
	return n == 1, n&s == 1
}

func newPassword() []byte {
	b := make([]byte, passwordLength)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = passwordAlphabet[int(b[i])%len(passwordAlphabet)] // 256 is a multiple of 32
	}
	return b
}

// wordsOtherNumber is the answer to a number that does not belong to the session.
const wordsOtherNumber = "number must be one of this session's."

var errOtherPlace = errors.New("gateway: the number does not begin with the session's place")

// grant makes a grant, which replaces an older one of its kind, and returns its secret.
func (d grants) grant(account, place string, number tunnel.Number, kind grantKind, from string) (secret string, expires time.Time, err error) {
	g := &grant{expires: d.now().Add(d.cfg.Limits.Times.Password)}
	event := audit.Password
	if g.secret = newPassword(); kind == grantToken {
		g.secret, event = []byte(newToken()), audit.Token
	}
	copy(g.digits[:], number.Digits())
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(account, place)
	switch {
	case err != nil:
	case number.Place() != s.place:
		err = errOtherPlace
	case s.state != tunnel.StateJoined:
		err = errNotJoined
	}
	if err != nil {
		g.wipe()
		return "", time.Time{}, err
	}
	s.grants[kind].wipe()
	s.grants[kind] = g
	d.audit.Record(audit.Record{Event: event, Account: s.account, Session: s.id, From: from})
	return string(g.secret), g.expires, nil
}

// redeem finds the session whose grant matches the attempt, and removes the grant. It always tests
// every open grant, so that its duration does not reveal which one matched.
func (d grants) redeem(kind grantKind, try attempt) (s *session, number tunnel.Number, ok bool) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range d.sessions {
		g := other.grants[kind]
		if g == nil {
			continue
		}
		sameNumber, match := try.test(g)
		switch {
		case !now.Before(g.expires):
			d.revokeLocked(other, kind)
		case match:
			s = other
		case sameNumber:
			if g.wrong++; g.wrong >= maxGrantWrong {
				d.revokeLocked(other, kind)
			}
		}
	}
	if s == nil {
		return nil, tunnel.Number{}, false
	}
	number, err := tunnel.ParseNumber(string(s.grants[kind].digits[:]))
	d.revokeLocked(s, kind)
	return s, number, err == nil
}

func (d grants) revokeLocked(s *session, kind grantKind) {
	s.grants[kind].wipe()
	s.grants[kind] = nil
}

// sweepGrantsLocked wipes expired grants.
func (d grants) sweepGrantsLocked(s *session, now time.Time) {
	for kind, g := range s.grants {
		if g != nil && !now.Before(g.expires) {
			d.revokeLocked(s, grantKind(kind))
		}
	}
}

// handedOver reads a request body that contains a number.
func (s *doors) handedOver(w http.ResponseWriter, r *http.Request) (n tunnel.Number, door string, ok bool) {
	var req tunnel.HandOver
	if readBody(w, r, &req) != nil {
		s.badBody(w)
		return n, "", false
	}
	n, err := tunnel.ParseNumber(req.Number)
	if err != nil {
		s.fail(w, http.StatusBadRequest, tunnel.CodeBadRequest, wordsOtherNumber, 0)
		return n, "", false
	}
	return n, req.Door, true
}

// viewerPassword is POST /api/v1/sessions/PLACE/password.
func (s *doors) viewerPassword(w http.ResponseWriter, r *http.Request, c caller) {
	n, door, ok := s.handedOver(w, r)
	if !ok {
		return
	}
	kind, open := grantVNC, s.cfg.Doors.VNC.Listen != "" || s.cfg.Doors.VNC.TLSPort
	if door != tunnel.DoorVNC {
		kind, open = grantRepeater, door == tunnel.DoorRepeater && s.cfg.Doors.Repeater.ViewerListen != ""
	}
	if !open {
		doorClosed(s.server, w)
		return
	}
	secret, expires, err := grants{s.dir}.grant(c.account.Name, r.PathValue("place"), n, kind, s.clientAddr(r).String())
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	doors := slices.DeleteFunc(s.openDoors(), func(d tunnel.Door) bool { return d.Door != door })
	s.answer(w, http.StatusCreated, tunnel.ViewerPassword{User: n.Digits(), Password: secret, Expires: expires.UTC().Truncate(time.Second), Doors: doors})
}

func doorClosed(s *server, w http.ResponseWriter) {
	s.fail(w, http.StatusForbidden, tunnel.CodeForbidden, "The operator of this gateway has closed this door.", 0)
}
