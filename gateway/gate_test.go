package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/tunnel"
)

// gateRig is a directory with one session and one password, without sockets.
func gateRig(t *testing.T) (s *server, sess *session, digits string) {
	t.Helper()
	cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err = newServer(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.audit.Close(); s.downloads.close() })
	sess, err = s.dir.open(Account{Name: "anna"}, "")
	if err != nil {
		t.Fatal(err)
	}
	number, err := tunnel.NewNumber(sess.place)
	if err != nil {
		t.Fatal(err)
	}
	sess.state = tunnel.StateJoined
	return s, sess, number.Digits()
}

func (s *server) testGrant(t *testing.T, digits string) []byte {
	t.Helper()
	n, err := tunnel.ParseNumber(digits)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := (grants{s.dir}).grant("anna", digits[:4], n, grantVNC, "")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(secret)
}

// TestGuessing covers issue 3's acceptance 4 in a bubble's time: a thousand wrong tries from one
// address and from a thousand addresses.
func TestGuessing(t *testing.T) {
	for name, address := range map[string]func(i int) netip.Addr{
		"one address":   func(int) netip.Addr { return netip.MustParseAddr("192.0.2.1") },
		"one IPv6 site": func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1)) },
		"many addresses": func(i int) netip.Addr {
			return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, digits := gateRig(t)
			synctest.Test(t, func(t *testing.T) {
				secret := s.testGrant(t, digits)
				reasons := make(chan string, 1000)
				began := time.Now()
				for i := range 1000 {
					go func() {
						_, _, err := (&doors{s}).test(t.Context(), grantVNC, "vnc", address(i), attempt{digits: "111111111", secret: []byte("wrongone")})
						if time.Since(began) != wrongPause {
							t.Errorf("a wrong try was answered after %v", time.Since(began))
						}
						reasons <- err.Error()
					}()
				}
				synctest.Wait()
				// In between, the right password is tried from another address.
				if sess, _, err := (&doors{s}).test(t.Context(), grantVNC, "vnc", netip.MustParseAddr("198.51.100.7"), attempt{digits: digits, secret: secret}); err != nil || sess == nil {
					t.Errorf("the right one was refused: %v", err)
				}
				if waited := time.Since(began); waited != 0 {
					t.Errorf("the right one waited %v", waited)
				}
				wrong := 0
				for range 1000 {
					if strings.Contains(<-reasons, "wrong, used") {
						wrong++
					}
				}
				if strings.HasPrefix(name, "one") && wrong != 20 {
					t.Errorf("%d tries of one address were examined, want 20", wrong)
				}
				// From the attacker's own address it is accepted as soon as its debt allows.
				secret = s.testGrant(t, digits)
				time.Sleep(s.viewers.closedFor(clientOf(address(0)), time.Now()))
				if waited := time.Since(began) - wrongPause; waited > wrongWindow/20 {
					t.Errorf("the attacker's neighbour waits %v", waited)
				}
				if _, _, err := (&doors{s}).test(t.Context(), grantVNC, "vnc", address(0), attempt{digits: digits, secret: secret}); err != nil {
					t.Errorf("the attacker's neighbour is refused: %v", err)
				}
			})
		})
	}
}

// TestGuessingRotation covers finding M9: 40 000 addresses of one /48 with one wrong try each. Few
// are examined, and neither another network nor a known address of an advisor within the /48 is
// refused.
func TestGuessingRotation(t *testing.T) {
	s, _, digits := gateRig(t)
	now := time.Now()
	inside := address64("2001:db8:bad::", 50_000)
	s.known.add(inside, now)
	looked := 0
	for i := range 40_000 {
		if s.viewers.admit(address64("2001:db8:bad::", i), "", 0, now).ok() {
			looked++
		}
	}
	if looked != 20*4*hardFactor {
		t.Errorf("%d tries of one /48 were examined", looked)
	}
	for name, c := range map[string]client{"another network": addr("2001:db8:bad1::1"), "an advisor's address": inside} {
		if a := s.viewers.admit(c, "", 0, now); !a.ok() {
			t.Errorf("%s: %+v", name, a)
		}
	}
	secret := s.testGrant(t, digits)
	if _, _, err := (&doors{s}).test(t.Context(), grantVNC, "vnc", netip.MustParseAddr("198.51.100.7"), attempt{digits: digits, secret: secret}); err != nil {
		t.Errorf("the right one was refused: %v", err)
	}
}

// TestGrantLife: expiry, revocation after wrong passwords with the right number, and the session's
// end wipe all of a grant from memory.
func TestGrantLife(t *testing.T) {
	s, sess, digits := gateRig(t)
	try := func(t *testing.T, secret []byte) error {
		_, _, err := (&doors{s}).test(t.Context(), grantVNC, "vnc", netip.MustParseAddr("192.0.2.9"), attempt{digits: digits, secret: secret})
		return err
	}
	wiped := func(t *testing.T, g *grant) {
		t.Helper()
		if sess.grants[grantVNC] != nil || !bytes.Equal(g.secret, make([]byte, passwordLength)) || g.digits != [9]byte{} {
			t.Error("the grant is not wiped")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		secret := s.testGrant(t, digits)
		g := sess.grants[grantVNC]
		time.Sleep(s.cfg.Limits.Times.Password)
		if try(t, secret) == nil {
			t.Error("an expired password is taken")
		}
		wiped(t, g)

		secret = s.testGrant(t, digits)
		g = sess.grants[grantVNC]
		for range maxGrantWrong {
			if try(t, []byte("wrongone")) == nil {
				t.Fatal("a wrong password is taken")
			}
		}
		if try(t, secret) == nil {
			t.Error("a password lives on after ten guesses")
		}
		wiped(t, g)

		s.testGrant(t, digits)
		g = sess.grants[grantVNC]
		if err := s.dir.end("anna", sess.place); err != nil {
			t.Fatal(err)
		}
		wiped(t, g)
	})
}
