package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

func withVNC(c *Config) { c.VNC.Listen = "127.0.0.1:0" }

func withVncAuth(c *Config) {
	withVNC(c)
	c.VNC.VncAuthFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// serveAgent answers the next call with a small RFB server inside the seal: it
// refuses with a reason, or lets in and sends back what comes.
func (c *customer) serveAgent(number tunnel.Number, door, refusal string) <-chan error {
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			call, err := c.link.Recv()
			if err != nil {
				return err
			}
			if call.Type != tunnel.TypeCall || call.Door != door || call.Kind != tunnel.KindView || call.Advisor == nil {
				return fmt.Errorf("call %+v", call)
			}
			line, err := c.c.DialAgentStream(context.Background(), call.Stream)
			if err != nil {
				return err
			}
			conn, err := seal.Handshake(context.Background(), line, seal.Agent, seal.Params{Number: number.Digits(), Kind: call.Kind, Stream: call.Stream})
			if err != nil {
				return err
			}
			defer conn.Close()
			io.WriteString(conn, "RFB 003.008\n")
			io.ReadFull(conn, make([]byte, 12))
			conn.Write([]byte{1, 1})
			io.ReadFull(conn, make([]byte, 1))
			if refusal != "" {
				conn.Write(append(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 1}, uint32(len(refusal))), refusal...))
				return nil
			}
			conn.Write([]byte{0, 0, 0, 0})
			_, err = io.Copy(conn, conn)
			return err
		}()
	}()
	return done
}

// rfbViewer is the raw end of a VNC viewer.
type rfbViewer struct {
	t *testing.T
	net.Conn
}

func dialViewer(t *testing.T, addr net.Addr) *rfbViewer {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &rfbViewer{t, conn}
}

func (v *rfbViewer) read(n int) []byte {
	v.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(v, b); err != nil {
		v.t.Fatalf("reading %d bytes: %v", n, err)
	}
	return b
}

func (v *rfbViewer) expect(want ...byte) {
	v.t.Helper()
	if got := v.read(len(want)); !bytes.Equal(got, want) {
		v.t.Fatalf("got % x, want % x", got, want)
	}
}

func (v *rfbViewer) send(b ...byte) {
	v.t.Helper()
	if _, err := v.Write(b); err != nil {
		v.t.Fatal(err)
	}
}

func (v *rfbViewer) reason() string {
	v.t.Helper()
	return string(v.read(int(binary.BigEndian.Uint32(v.read(4)))))
}

// plain goes through VeNCrypt X509Plain up to the credentials.
func (v *rfbViewer) plain(r *rig, types []byte, user, password string) {
	v.t.Helper()
	v.expect([]byte("RFB 003.008\n")...)
	v.send([]byte("RFB 003.008\n")...)
	v.expect(append([]byte{byte(len(types))}, types...)...)
	v.send(19)
	v.expect(0, 2)
	v.send(0, 2)
	v.expect(0, 1, 0, 0, 1, 6)
	v.send(0, 0, 1, 6)
	v.expect(1)
	v.Conn = tls.Client(v.Conn, &tls.Config{RootCAs: r.roots, ServerName: "localhost"})
	v.send(credentials(user, password)...)
}

func credentials(user, password string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(user)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(password)))
	return append(append(b, user...), password...)
}

// result returns the reason of a refusal, "" for none.
func (v *rfbViewer) result() string {
	v.t.Helper()
	if b := v.read(4); b[3] == 0 {
		return ""
	}
	return v.reason()
}

func (v *rfbViewer) echoes() {
	v.t.Helper()
	v.send([]byte("hello")...)
	v.expect([]byte("hello")...)
}

func joinedDoor(t *testing.T, change ...func(*Config)) (*rig, *owner, *customer) {
	t.Helper()
	r := start(t, change...)
	o := r.open(r.signIn("anna"))
	c := r.customer()
	c.join(o.number)
	o.state(tunnel.StateJoined)
	return r, o, c
}

func (o *owner) password() string {
	o.t.Helper()
	p, err := o.a.ViewerPassword(o.t.Context(), o.number)
	if err != nil {
		o.t.Fatal(err)
	}
	if len(p.Password) != passwordLength || strings.Trim(p.Password, passwordAlphabet) != "" || p.User != o.number.Digits() {
		o.t.Fatalf("password %+v", p)
	}
	return p.Password
}

// TestVNCDoor: the whole way by X509Plain, with the number as people type it.
func TestVNCDoor(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password()
	done := c.serveAgent(o.number, tunnel.DoorVNC, "")
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, " ID:"+o.number.Grouped(), password)
	if why := v.result(); why != "" {
		t.Fatal(why)
	}
	v.echoes()
	v.Close()
	if err := receive(t, done, "agent's end"); err != nil {
		t.Errorf("the agent's end: %v", err)
	}
	r.stop()
	audit, err := os.ReadFile(filepath.Join(r.data, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{AuditPassword, AuditViewer, `"door":"vnc"`} {
		if !strings.Contains(string(audit), want) {
			t.Errorf("audit lacks %s", want)
		}
	}
	for what, secret := range map[string]string{"number": o.number.Digits(), "password": password} {
		if strings.Contains(string(audit)+r.logs.String(), secret) {
			t.Errorf("%s was written down", what)
		}
	}
}

// TestVNCDoorRefusal: the customer's words reach the viewer, and the password
// is used up by then.
func TestVNCDoorRefusal(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password()
	done := c.serveAgent(o.number, tunnel.DoorVNC, "The customer did not allow it.")
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, o.number.Digits(), password)
	if why := v.result(); why != "The customer did not allow it." {
		t.Errorf("told %q", why)
	}
	if err := receive(t, done, "agent's end"); err != nil {
		t.Error(err)
	}
	again := dialViewer(t, r.addrs.VNC)
	again.plain(r, []byte{19}, o.number.Digits(), password)
	if why := again.result(); why != errWrongPassword.Reason {
		t.Errorf("a used password: %q", why)
	}
}

// TestVncAuth: the password alone finds the session, where the operator allows it.
func TestVncAuth(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVncAuth)
	for _, version := range []string{"003.003", "003.007", "003.008"} {
		done := c.serveAgent(o.number, tunnel.DoorVNC, "")
		v := dialViewer(t, r.addrs.VNC)
		v.expect([]byte("RFB 003.008\n")...)
		v.send([]byte("RFB " + version + "\n")...)
		if version == "003.003" {
			v.expect(0, 0, 0, 2)
		} else {
			v.expect(2, 19, 2)
			v.send(2)
		}
		v.send(desResponse(v.read(16), o.password())...)
		v.expect(0, 0, 0, 0)
		v.echoes()
		v.Close()
		if err := receive(t, done, "agent's end"); err != nil {
			t.Error(err)
		}
	}
}

// TestVNCDoorHangUp: a viewer that leaves while the customer thinks ends the question.
func TestVNCDoorHangUp(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password()
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, o.number.Digits(), password)
	call := c.recv()
	line, err := c.c.DialAgentStream(t.Context(), call.Stream)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := seal.Handshake(t.Context(), line, seal.Agent, seal.Params{Number: o.number.Digits(), Kind: call.Kind, Stream: call.Stream})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	agent := &rfbViewer{t, conn}
	agent.send([]byte("RFB 003.008\n")...)
	agent.read(12)
	agent.send(1, 1)
	agent.expect(1)
	v.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("bytes from a viewer that has left")
	}
}

func TestPasswordRefusals(t *testing.T) {
	t.Parallel()
	r := start(t, withVNC)
	a := r.signIn("anna")
	o := r.open(a)
	if _, err := a.ViewerPassword(t.Context(), o.number); !hasCode(err, tunnel.CodeNotJoined) {
		t.Errorf("before the customer: %v", err)
	}
	c := r.customer()
	c.join(o.number)
	o.state(tunnel.StateJoined)
	if _, err := r.signIn("bert").ViewerPassword(t.Context(), o.number); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("another advisor's session: %v", err)
	}
	first := o.password()
	second := o.password()
	for name, try := range map[string][2]string{
		"replaced password": {o.number.Digits(), first},
		"wrong number":      {wrongSecret(o.number), second},
		"no number":         {"", second},
		"a name":            {"anna", second},
		"empty password":    {o.number.Digits(), ""},
		"longer":            {o.number.Digits(), second + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := dialViewer(t, r.addrs.VNC)
			began := time.Now()
			v.plain(r, []byte{19}, try[0], try[1])
			if why := v.result(); why != errWrongPassword.Reason {
				t.Errorf("told %q", why)
			}
			if took := time.Since(began); took < wrongPause {
				t.Errorf("answered after %v", took)
			}
		})
	}
}

// TestDoorsClosed: nothing listens and nothing is handed over unless asked for.
func TestDoorsClosed(t *testing.T) {
	t.Parallel()
	r, o, _ := joinedDoor(t)
	if r.addrs.VNC != nil || r.addrs.RepeaterViewers != nil || r.addrs.RepeaterServers != nil {
		t.Errorf("ports open: %+v", r.addrs)
	}
	if _, err := o.a.ViewerPassword(t.Context(), o.number); !hasCode(err, tunnel.CodeForbidden) {
		t.Errorf("password: %v", err)
	}
}

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
	t.Cleanup(func() { s.audit.close(); s.downloads.close() })
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
	secret, _, err := s.dir.grant("anna", digits[:4], n, grantPassword, "")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(secret)
}

// TestGuessing is issue 3's acceptance 4, in a bubble's own time: a thousand
// wrong tries from one address and from a thousand.
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
						_, _, err := s.test(t.Context(), grantPassword, "vnc", address(i), attempt{digits: "111111111", secret: []byte("wrongone")})
						if time.Since(began) != wrongPause {
							t.Errorf("a wrong try was answered after %v", time.Since(began))
						}
						reasons <- err.Error()
					}()
				}
				synctest.Wait()
				// In the midst of it, from an address of its own.
				if sess, _, err := s.test(t.Context(), grantPassword, "vnc", netip.MustParseAddr("198.51.100.7"), attempt{digits: digits, secret: secret}); err != nil || sess == nil {
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
					t.Errorf("%d tries of one address were looked at, want 20", wrong)
				}
				// From the attacker's own address: as soon as its bucket has a token.
				secret = s.testGrant(t, digits)
				time.Sleep(s.gate.closedFor(limitKey(address(0)), time.Now()))
				if waited := time.Since(began) - wrongPause; waited > wrongWindow/20 {
					t.Errorf("the attacker's neighbour waits %v", waited)
				}
				if _, _, err := s.test(t.Context(), grantPassword, "vnc", address(0), attempt{digits: digits, secret: secret}); err != nil {
					t.Errorf("the attacker's neighbour is refused: %v", err)
				}
			})
		})
	}
}

// TestGuessingAllBusy: when all addresses together are over the bound, those
// that have been wrong lately are refused, and a new one is not.
func TestGuessingAllBusy(t *testing.T) {
	g := newGate(20)
	now := time.Now()
	g.admit("old", now)
	for i := range wrongOfAll {
		g.admit(fmt.Sprint(i), now)
	}
	if ok, wait := g.admit("old", now); ok || wait <= 0 {
		t.Error("an address that was wrong lately is looked at")
	}
	if ok, _ := g.admit("new", now); !ok {
		t.Error("a new address is refused")
	}
}

// TestGrantLife: expiry, withdrawal after wrong passwords with the right
// number, the session's end; and that nothing of it is left in memory.
func TestGrantLife(t *testing.T) {
	s, sess, digits := gateRig(t)
	try := func(t *testing.T, secret []byte) error {
		_, _, err := s.test(t.Context(), grantPassword, "vnc", netip.MustParseAddr("192.0.2.9"), attempt{digits: digits, secret: secret})
		return err
	}
	wiped := func(t *testing.T, g *grant) {
		t.Helper()
		if sess.grants[grantPassword] != nil || !bytes.Equal(g.secret, make([]byte, passwordLength)) || g.digits != [9]byte{} {
			t.Error("the grant is not wiped")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		secret := s.testGrant(t, digits)
		g := sess.grants[grantPassword]
		time.Sleep(s.cfg.Times.Password)
		if try(t, secret) == nil {
			t.Error("an expired password is taken")
		}
		wiped(t, g)

		secret = s.testGrant(t, digits)
		g = sess.grants[grantPassword]
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
		g = sess.grants[grantPassword]
		if err := s.dir.end("anna", sess.place); err != nil {
			t.Fatal(err)
		}
		wiped(t, g)
	})
}
