package gateway

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

func withRepeater(c *Config) {
	c.Doors.Repeater.ViewerListen, c.Doors.Repeater.ServerListen = "127.0.0.1:0", "127.0.0.1:0"
}

// repeaterID pads text to 250 bytes as viewers do.
func repeaterID(text string) []byte {
	b := make([]byte, repeaterIDSize)
	copy(b, text)
	return b
}

func TestParseRepeaterID(t *testing.T) {
	for text, want := range map[string]string{
		"ID:482193057":             "482193057",
		"ID:482 193 057":           "482193057", // typed as it is spoken
		"id:482-193-057":           "482193057",
		"ID:ID:482193057":          "482193057", // noVNC, if the user typed ID: too
		"482193057:5900":           "482193057", // Remmina
		"ID:482193057::5900":       "482193057",
		"482193057":                "482193057",
		"ID:482193057\x00garbage:": "482193057", // senders that reuse a buffer
		"ID:":                      "",
		"":                         "",
		"ID:48219305":              "",
		"ID:4821930577":            "",
		"ID:082193057":             "",
		"ID:999999999":             "", // the repeater marks removed entries with it
		"ID:-482193057":            "482193057",
		"ID:482193057:x":           "",
		"ID:482193057:123456":      "",
		"10.0.0.1:5900":            "", // mode I is not implemented
		"support.example.com:5900": "",
		"ID+comment:482193057":     "",
		"ID:\xff\xfe":              "",
	} {
		n, err := parseRepeaterID(repeaterID(text))
		if n.Digits() != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, n.Digits(), err)
		}
	}
}

func FuzzParseRepeaterID(f *testing.F) {
	for _, s := range []string{"ID:482193057", "482193057:5900", "ID:ID:1", "", "::::", "ID: 4 8 2 1 9 3 0 5 7 : 5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := parseRepeaterID(b)
		if (err == nil) == n.IsZero() {
			t.Fatalf("%q: %v", n.Digits(), err)
		}
		if err != nil && err != errRepeaterID {
			t.Fatalf("the error repeats the typed text: %v", err)
		}
		if err == nil {
			if again, err := parseRepeaterID([]byte("ID:" + n.Digits())); err != nil || again != n {
				t.Fatal("a number does not read as itself")
			}
		}
	})
}

// TestRepeaterViewer: by ID and VncAuth to a Lotse agent, also with writes of one byte.
func TestRepeaterViewer(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withRepeater)
	done := c.serveAgent(o.door, tunnel.DoorRepeater, "")
	v := dialViewer(t, r.addrs.RepeaterViewers)
	v.expect([]byte("RFB 000.000\n")...)
	one := iotest.OneByteReader(strings.NewReader(string(repeaterID("ID:"+o.door.Grouped())) + "RFB 003.008\n"))
	if _, err := io.CopyBuffer(struct{ io.Writer }{v}, struct{ io.Reader }{one}, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	v.expect([]byte("RFB 003.008\n")...)
	v.expect(1, 2)
	v.send(2)
	v.send(desResponse(v.read(16), o.password(tunnel.DoorRepeater))...)
	v.expect(0, 0, 0, 0)
	v.echoes()
	v.Close()
	if err := receive(t, done, "agent's end"); err != nil {
		t.Error(err)
	}
}

// TestRepeaterUnknown: an unknown number looks like a known one with a wrong password.
func TestRepeaterUnknown(t *testing.T) {
	t.Parallel()
	r, o, _ := joinedDoor(t, withRealHolds, withRepeater, withVNC)
	others := o.password(tunnel.DoorVNC)
	password := o.password(tunnel.DoorRepeater)
	for name, try := range map[string][2]string{
		"unknown number":           {wrongSecret(o.door), password},
		"known number, wrong word": {o.door.Digits(), "wrongone"},
		"the VNC port's password":  {o.door.Digits(), others},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := dialViewer(t, r.addrs.RepeaterViewers)
			v.expect([]byte("RFB 000.000\n")...)
			v.send(repeaterID("ID:" + try[0])...)
			v.expect([]byte("RFB 003.008\n")...)
			v.send([]byte("RFB 003.008\n")...)
			v.expect(1, 2)
			v.send(2)
			challenge := v.read(16)
			began := time.Now()
			v.send(desResponse(challenge, try[1])...)
			if why := v.result(); why != errWrongPassword.Reason {
				t.Errorf("reason %q", why)
			}
			if time.Since(began) < wrongPause {
				t.Error("answered too soon")
			}
		})
	}
	t.Run("not a number", func(t *testing.T) {
		t.Parallel()
		v := dialViewer(t, r.addrs.RepeaterViewers)
		v.expect([]byte("RFB 000.000\n")...)
		v.send(repeaterID("10.0.0.1:5900")...)
		if rest, _ := io.ReadAll(v); len(rest) > 0 {
			t.Errorf("% x for text that is not a number", rest)
		}
	})
	t.Run("server for an agent's number", func(t *testing.T) {
		t.Parallel()
		v := dialViewer(t, r.addrs.RepeaterServers)
		v.send(repeaterID("ID:" + o.number.Digits())...)
		if rest, _ := io.ReadAll(v); len(rest) > 0 {
			t.Errorf("% x for a number that is not for foreign servers", rest)
		}
	})
}

func foreignRig(t *testing.T, change ...func(*Config)) (*rig, *owner) {
	t.Helper()
	r := start(t, append([]func(*Config){withRepeater}, change...)...)
	o := r.open(r.signIn("anna"))
	o.state(tunnel.StateWaiting)
	if err := o.a.OpenForeign(t.Context(), o.number); err != nil {
		t.Fatal(err)
	}
	if m := o.state(tunnel.StateWaiting); m.Foreign != tunnel.ForeignWaiting {
		t.Fatalf("the owner received %+v", m)
	}
	return r, o
}

// TestForeign: server and viewer connect in either order, early data of the server arrives, a
// second one of either kind is refused, and when one disconnects the other is disconnected.
func TestForeign(t *testing.T) {
	for _, first := range []string{"server", "viewer"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			r, o := foreignRig(t)
			var server, viewer *rfbViewer
			bring := map[string]func(){
				"server": func() {
					server = dialViewer(t, r.addrs.RepeaterServers)
					server.send(append(repeaterID("ID:"+o.number.Digits()), "RFB 003.008\n"...)...)
					for o.state(tunnel.StateWaiting).Foreign != tunnel.ForeignHere {
					}
				},
				"viewer": func() {
					viewer = dialViewer(t, r.addrs.RepeaterViewers)
					viewer.expect([]byte("RFB 000.000\n")...)
					viewer.send(repeaterID("ID:" + o.number.Digits())...)
				},
			}
			bring[first]()
			delete(bring, first)
			for _, second := range bring {
				second()
			}
			viewer.expect([]byte("RFB 003.008\n")...)
			viewer.send([]byte("RFB 003.008\n")...)
			server.expect([]byte("RFB 003.008\n")...)

			usurper := dialViewer(t, r.addrs.RepeaterServers)
			usurper.send(repeaterID("ID:" + o.number.Digits())...)
			if rest, _ := io.ReadAll(usurper); len(rest) > 0 {
				t.Errorf("a second server got % x", rest)
			}
			server.send([]byte("still the first")...)
			viewer.expect([]byte("still the first")...)

			viewer.Close()
			if _, err := server.Read(make([]byte, 1)); err == nil {
				t.Error("the server is not told of the viewer's end")
			}
			for o.state(tunnel.StateWaiting).Foreign != tunnel.ForeignWaiting {
			}
		})
	}
}

// TestForeignPage: the advisor's page is a viewer too, and the end of the session disconnects all.
func TestForeignPage(t *testing.T) {
	t.Parallel()
	r, o := foreignRig(t, func(c *Config) { c.Doors.Repeater.KeepAlive = 10 * time.Millisecond })
	server := dialViewer(t, r.addrs.RepeaterServers)
	server.send(append(repeaterID("ID:"+o.number.Digits()), "RFB 003.008\n"...)...)
	server.expect([]byte(repeaterKeepAlive + repeaterKeepAlive)...)
	conn, err := o.a.DialForeign(t.Context(), o.place)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	v := &rfbViewer{t, conn}
	v.expect([]byte("RFB 003.008\n")...)
	if err := o.link.End(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the view outlived its session")
	}
	if _, err := io.ReadAll(server); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the server's end: %v", err)
	}
}

// TestForeignBounds: a server that sends too much too early, an agent that enters a foreign number,
// a number opened twice, and another advisor.
func TestForeignBounds(t *testing.T) {
	t.Parallel()
	r, o := foreignRig(t)
	server := dialViewer(t, r.addrs.RepeaterServers)
	server.send(append(repeaterID("ID:"+o.number.Digits()), make([]byte, maxPreload+1)...)...)
	if rest, err := io.ReadAll(server); len(rest) > 0 {
		t.Errorf("% x, %v", rest, err)
	}
	c := r.customer()
	if _, m, _ := c.try(o.number.Digits()); m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedNumber {
		t.Errorf("an agent in a foreign session: %+v", m)
	}
	if err := o.a.OpenForeign(t.Context(), o.number); err == nil {
		t.Error("opened twice")
	}
	other := r.signIn("bert")
	if conn, err := other.DialForeign(t.Context(), o.place); err == nil {
		conn.Close()
		t.Error("another advisor's view")
	}
}

// TestWebsockify: a page of another origin with a token is admitted once.
func TestWebsockify(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, func(c *Config) { c.Doors.OnPort = []string{tunnel.DoorPage, tunnel.DoorWebsockify} })
	address, err := o.a.Websockify(t.Context(), o.door)
	if err != nil {
		t.Fatal(err)
	}
	dial := func() *rfbViewer {
		t.Helper()
		d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}, Subprotocols: []string{"binary"}}
		ws, _, err := d.DialContext(context.Background(), address.URL, map[string][]string{"Origin": {"https://elsewhere.example"}})
		if err != nil {
			t.Fatal(err)
		}
		conn := tunnel.NewStream(ws, 0)
		t.Cleanup(func() { conn.Close() })
		v := &rfbViewer{t, net.Conn(conn)}
		v.expect([]byte("RFB 003.008\n")...)
		v.send([]byte("RFB 003.008\n")...)
		v.expect(1, 1)
		v.send(1)
		return v
	}
	done := c.serveAgent(o.door, tunnel.DoorWebsockify, "")
	v := dial()
	if why := v.result(); why != "" {
		t.Fatal(why)
	}
	v.echoes()
	v.Close()
	if err := receive(t, done, "agent's end"); err != nil {
		t.Error(err)
	}
	if why := dial().result(); why != errWrongPassword.Reason {
		t.Errorf("a used address: %q", why)
	}
	if strings.Contains(r.logs.String(), strings.TrimPrefix(address.URL[strings.Index(address.URL, "token="):], "token=")) {
		t.Error("the token was written down")
	}
}
