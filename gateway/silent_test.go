package gateway

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"

	"lotse/tunnel"
)

func withTLSPort(c *Config) { c.Doors.VNC.TLSPort = true }

// TestTLSPort: a viewer that waits for the server to send first is admitted through the TLS port,
// which still serves TLS clients.
func TestTLSPort(t *testing.T) {
	t.Parallel()
	r, o, c := joinedDoor(t, withTLSPort)
	password := o.password(tunnel.DoorVNC)
	done := c.serveAgent(o.door, tunnel.DoorVNC, "")
	v := dialViewer(t, r.addrs.Listen)
	v.plain(r, []byte{19}, o.door.Digits(), password)
	if why := v.result(); why != "" {
		t.Fatal(why)
	}
	v.echoes()
	if res, err := r.http().Get(r.url + "/api/v1/info"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("a web request meanwhile: %v", err)
	} else {
		res.Body.Close()
	}
	v.Close()
	if err := receive(t, done, "agent's end"); err != nil {
		t.Error(err)
	}
}

// TestTLSPortSpeakers: a client that sends anything, however slowly, is passed to TLS. The gateway
// can stop while silent clients are waiting.
func TestTLSPortSpeakers(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withTLSPort, withClock(clock))
	slow := dialViewer(t, r.addrs.Listen)
	tc := tls.Client(&slowConn{Conn: slow.Conn, wait: func() {
		eventually(t, "its first byte", func() bool { return clock.pending(silence) == 0 })
		clock.advance(silence)
	}}, &tls.Config{RootCAs: r.roots, ServerName: "localhost"})
	if err := tc.Handshake(); err != nil {
		t.Errorf("a slow client: %v", err)
	}
	stranger := dialViewer(t, r.addrs.Listen)
	stranger.send([]byte("GET / HTTP/1.0\r\n\r\n")...)
	if b, _ := io.ReadAll(stranger); len(b) == 0 || string(b[:4]) != "HTTP" {
		t.Errorf("plain HTTP is answered with %q", b) // net/http answers that it wants TLS
	}
	silent := dialViewer(t, r.addrs.Listen)
	r.stop()
	// While the gateway stops, the test's clock advances: the client's silence may be over before
	// the port is closed, and then it is greeted as a viewer.
	if b, _ := io.ReadAll(silent); len(b) > 0 && string(b) != "RFB 003.008\n" {
		t.Errorf("%q at the end", b)
	}
}

// slowConn sends its first byte alone, and the rest after wait returns.
type slowConn struct {
	net.Conn
	wait func()
	said bool
}

func (c *slowConn) Write(p []byte) (int, error) {
	if c.said {
		return c.Conn.Write(p)
	}
	c.said = true
	n, err := c.Conn.Write(p[:1])
	if err != nil {
		return n, err
	}
	c.wait()
	m, err := c.Conn.Write(p[1:])
	return n + m, err
}

// TestTLSPortBounds: silent clients are limited like those at a port of their own.
func TestTLSPortBounds(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withTLSPort, withClock(clock), func(c *Config) { c.Limits.ViewersPerAddress = 2 })
	var viewers []*rfbViewer
	for range 3 {
		viewers = append(viewers, dialViewer(t, r.addrs.Listen))
	}
	eventually(t, "three silent clients", func() bool { return clock.pending(silence) == 3 })
	clock.advance(silence)
	spoken := 0
	for _, v := range viewers {
		if _, err := io.ReadFull(v, make([]byte, 12)); err == nil {
			spoken++
		}
	}
	if spoken != 2 {
		t.Errorf("%d of 3 viewers of an address are greeted, want 2", spoken)
	}
}

// TestTLSPortProxy: a proxy's connection is not taken for a viewer, however long it is silent: the
// first data it receives is the answer to its request.
func TestTLSPortProxy(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withTLSPort, withClock(clock), behindProxy)
	v := dialViewer(t, r.addrs.Listen)
	clock.advance(2 * silence)
	v.send([]byte("GET / HTTP/1.0\r\n\r\n")...)
	v.expect([]byte("HTTP/1.0 400")...)
}
