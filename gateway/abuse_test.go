package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestLinkAbuse sends messages that links must not accept; each time the link is closed.
func TestLinkAbuse(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, send := range map[string]func(*websocket.Conn) error{
		"too long":  func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, make([]byte, 5000)) },
		"no json":   func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte("x")) },
		"binary":    func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, []byte("{}")) },
		"bad place": func(c *websocket.Conn) error { return c.WriteJSON(map[string]string{"type": "enter", "place": "48"}) },
		"enter twice": func(c *websocket.Conn) error {
			m := map[string]string{"type": "enter", "place": "4821"}
			_ = c.WriteJSON(m)
			return c.WriteJSON(m)
		},
		"too many": func(c *websocket.Conn) error {
			for range 2 * linkBurst {
				if c.WriteJSON(map[string]string{"type": "x"}) != nil {
					break
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}}
			c, _, err := d.DialContext(t.Context(), "wss://"+r.addr+"/agent/v1", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := send(c); err != nil {
				t.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
			for {
				if _, _, err = c.ReadMessage(); err != nil {
					break
				}
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("the link stays open")
			}
		})
	}
}

// TestSlow: a client that is slow with TLS, with a request or with the first enter is disconnected
// after handshakeTimeout, and not before.
func TestSlow(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withClock(clock))
	conns := map[string]net.Conn{}
	plain, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	conns["no TLS"] = plain
	secure, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: r.roots})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(secure, "GET / HTTP/1.1\r\nHost: localhost\r\nX-"); err != nil {
		t.Fatal(err)
	}
	conns["half a request"] = secure
	conns["silent agent"] = r.rawLink("").NetConn()
	eventually(t, "all are there", func() bool { return clock.pending(handshakeTimeout) == 1 && r.connections() == len(conns) })
	tickers := clock.pending(sweepEvery) // the audit trail's ticker has the same interval
	clock.advance(handshakeTimeout - time.Second)
	eventually(t, "a sweep", func() bool { return clock.armedNow(sweepEvery) >= tickers })
	if r.connections() < len(conns) {
		t.Error("disconnected too soon")
	}
	clock.advance(time.Second)
	for name, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still open", name)
		}
		c.Close()
	}
}

// connections returns the gateway's gauge of connections.
func (r *rig) connections() (n int) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.metrics + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\nlotse_connections ")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.ConnectionsPerAddress = 2 })
	var open []net.Conn
	for range 2 {
		c, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: r.roots})
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if c, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: r.roots}); err == nil {
		c.Close()
		t.Error("third connection accepted")
	}
	for _, c := range open {
		c.Close()
	}
}

func TestForwarded(t *testing.T) {
	trusted := func(a netip.Addr) bool { return a.IsPrivate() }
	for _, c := range []struct {
		peer    string
		headers []string
		want    string
	}{
		{"198.51.100.7", []string{"203.0.113.1"}, "198.51.100.7"},
		{"10.0.0.1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.1", []string{"1.1.1.1, 203.0.113.1, 10.0.0.2"}, "203.0.113.1"},
		{"10.0.0.1", []string{"1.1.1.1", "203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.1", nil, "10.0.0.1"}, {"10.0.0.1", []string{"junk"}, "10.0.0.1"}, {"10.0.0.1", []string{""}, "10.0.0.1"},
		{"10.0.0.1", []string{"junk, 10.0.0.3"}, "10.0.0.3"},
	} {
		if got := forwarded(netip.MustParseAddr(c.peer), c.headers, trusted); got.String() != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("1.1.1.1, 10.0.0.1")
	f.Fuzz(func(t *testing.T, s string) {
		if !forwarded(netip.MustParseAddr("10.0.0.1"), []string{s}, func(a netip.Addr) bool { return a.IsPrivate() }).IsValid() {
			t.Error("no address")
		}
	})
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://a.example", "a.example")
	f.Add("https://A.example:443", "a.example")
	f.Fuzz(func(t *testing.T, origin, host string) {
		if sameOrigin(origin, host) && !strings.HasPrefix(strings.ToLower(origin), "https://") {
			t.Errorf("%q is taken for %q", origin, host)
		}
	})
}

// TestBadStart: a configuration that cannot work is reported at the start.
func TestBadStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"no data":   {Config{TLS: TLSConfig{Mode: TLSDev}}, "data folder"},
		"no hosts":  {Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSFiles}}, "host name"},
		"no mode":   {Config{Data: t.TempDir()}, "TLS mode"},
		"no files":  {Config{Data: t.TempDir(), Hosts: []string{"x"}, TLS: TLSConfig{Mode: TLSFiles}}, "both"},
		"port used": {Config{Data: t.TempDir(), Listen: taken.Addr().String(), TLS: TLSConfig{Mode: TLSDev}}, "in use"},
	} {
		if err := Serve(context.Background(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", name, err, c.want)
		}
	}
}
