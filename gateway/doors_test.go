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
	"time"

	"lotse/gateway/audit"
	"lotse/seal"
	"lotse/tunnel"
)

func withVNC(c *Config) { c.Doors.VNC.Listen = "127.0.0.1:0" }

func withVncAuth(c *Config) {
	withVNC(c)
	c.Doors.VNC.VncAuthFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// serveAgent answers the next call with a small RFB server inside the seal. It refuses with a
// reason, or admits the viewer and echoes its data.
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

// rfbViewer is a minimal VNC viewer.
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

// plain runs VeNCrypt X509Plain up to the credentials.
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

// result returns the reason of a refusal, or "" for none.
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

func (o *owner) password(door string) string {
	o.t.Helper()
	p, err := o.a.ViewerPassword(o.t.Context(), o.door, door)
	if err != nil {
		o.t.Fatal(err)
	}
	if len(p.Password) != passwordLength || strings.Trim(p.Password, passwordAlphabet) != "" ||
		p.User != o.door.Digits() || len(p.Doors) != 1 || p.Doors[0].Door != door {
		o.t.Fatalf("password %+v", p)
	}
	return p.Password
}

// TestVNCDoor: a complete connection with X509Plain, with the number as people type it.
func TestVNCDoor(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password(tunnel.DoorVNC)
	done := c.serveAgent(o.door, tunnel.DoorVNC, "")
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, " ID:"+o.door.Grouped(), password)
	if why := v.result(); why != "" {
		t.Fatal(why)
	}
	v.echoes()
	v.Close()
	if err := receive(t, done, "agent's end"); err != nil {
		t.Errorf("the agent's end: %v", err)
	}
	r.stop()
	trail, err := os.ReadFile(filepath.Join(r.data, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{audit.Password, audit.Viewer, `"door":"vnc"`} {
		if !strings.Contains(string(trail), want) {
			t.Errorf("audit lacks %s", want)
		}
	}
	for what, secret := range map[string]string{"number": o.number.Digits(), "door's number": o.door.Digits(), "password": password} {
		if strings.Contains(string(trail)+r.logs.String(), secret) {
			t.Errorf("%s was written down", what)
		}
	}
}

// TestVNCDoorRefusal: the customer's reason reaches the viewer, and the password is used up by
// then.
func TestVNCDoorRefusal(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password(tunnel.DoorVNC)
	done := c.serveAgent(o.door, tunnel.DoorVNC, "The customer did not allow it.")
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, o.door.Digits(), password)
	if why := v.result(); why != "The customer did not allow it." {
		t.Errorf("reason %q", why)
	}
	if err := receive(t, done, "agent's end"); err != nil {
		t.Error(err)
	}
	again := dialViewer(t, r.addrs.VNC)
	again.plain(r, []byte{19}, o.door.Digits(), password)
	if why := again.result(); why != errWrongPassword.Reason {
		t.Errorf("a used password: %q", why)
	}
}

// TestVncAuth: where the operator allows VncAuth, the password alone identifies the session.
func TestVncAuth(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVncAuth)
	for _, version := range []string{"003.003", "003.007", "003.008"} {
		done := c.serveAgent(o.door, tunnel.DoorVNC, "")
		v := dialViewer(t, r.addrs.VNC)
		v.expect([]byte("RFB 003.008\n")...)
		v.send([]byte("RFB " + version + "\n")...)
		if version == "003.003" {
			v.expect(0, 0, 0, 2)
		} else {
			v.expect(2, 19, 2)
			v.send(2)
		}
		v.send(desResponse(v.read(16), o.password(tunnel.DoorVNC))...)
		v.expect(0, 0, 0, 0)
		v.echoes()
		v.Close()
		if err := receive(t, done, "agent's end"); err != nil {
			t.Error(err)
		}
	}
}

// TestVNCDoorHangUp: a viewer that disconnects before the customer answers withdraws the question.
func TestVNCDoorHangUp(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withVNC)
	password := o.password(tunnel.DoorVNC)
	v := dialViewer(t, r.addrs.VNC)
	v.plain(r, []byte{19}, o.door.Digits(), password)
	call := c.recv()
	line, err := c.c.DialAgentStream(t.Context(), call.Stream)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := seal.Handshake(t.Context(), line, seal.Agent, seal.Params{Number: o.door.Digits(), Kind: call.Kind, Stream: call.Stream})
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
	r := start(t, withVNC, withRealHolds)
	a := r.signIn("anna")
	o := r.open(a)
	if _, err := a.ViewerPassword(t.Context(), o.door, tunnel.DoorVNC); !hasCode(err, tunnel.CodeNotJoined) {
		t.Errorf("before the customer: %v", err)
	}
	c := r.customer()
	c.join(o.number)
	o.state(tunnel.StateJoined)
	if _, err := r.signIn("bert").ViewerPassword(t.Context(), o.door, tunnel.DoorVNC); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("another advisor's session: %v", err)
	}
	first := o.password(tunnel.DoorVNC)
	second := o.password(tunnel.DoorVNC)
	for name, try := range map[string][2]string{
		"replaced password": {o.door.Digits(), first},
		"wrong number":      {wrongSecret(o.door), second},
		"no number":         {"", second},
		"a name":            {"anna", second},
		"empty password":    {o.door.Digits(), ""},
		"longer":            {o.door.Digits(), second + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := dialViewer(t, r.addrs.VNC)
			began := time.Now()
			v.plain(r, []byte{19}, try[0], try[1])
			if why := v.result(); why != errWrongPassword.Reason {
				t.Errorf("reason %q", why)
			}
			if took := time.Since(began); took < wrongPause {
				t.Errorf("answered after %v", took)
			}
		})
	}
}

// TestDoorsClosed: without configuration no door listens and no number is accepted for one.
func TestDoorsClosed(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r, o, _ := joinedDoor(t, withRunningClock(t, clock))
	if r.addrs.VNC != nil || r.addrs.RepeaterViewers != nil || r.addrs.RepeaterServers != nil {
		t.Errorf("ports open: %+v", r.addrs)
	}
	if _, err := o.a.ViewerPassword(t.Context(), o.door, tunnel.DoorVNC); !hasCode(err, tunnel.CodeForbidden) {
		t.Errorf("password: %v", err)
	}
	// Nor does the TLS port send anything to a silent client before the client sends.
	v := dialViewer(t, r.addrs.Listen)
	clock.advance(2 * silence)
	v.send([]byte("GET / HTTP/1.0\r\n\r\n")...)
	v.expect([]byte("HTTP/1.0 400")...)
}
