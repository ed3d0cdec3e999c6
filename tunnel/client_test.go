package tunnel_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lotse/tunnel"
)

func TestParseGateway(t *testing.T) {
	for in, want := range map[string]string{
		"support.example.com": "https://support.example.com", " https://Support.Example.com/ ": "https://support.example.com",
		"localhost:8443": "https://localhost:8443", "https://[::1]:8443": "https://[::1]:8443",
	} {
		if got, err := tunnel.ParseGateway(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"": "missing", "http://x": "must be https", "https://x/path": "end after the host", "https://u:p@x": "user name",
		"https://": "cannot be read", "https://x?y": "end after", strings.Repeat("x", 400): "too long", "ftp://x": "must be https",
	} {
		if _, err := tunnel.ParseGateway(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", in, err, want)
		}
	}
}

// TestUnreachable checks that each way in which a gateway cannot be reached has its own
// explanation.
func TestUnreachable(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	hangUp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp.Close()
	go func() {
		for {
			c, err := hangUp.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for name, c := range map[string]struct {
		client *tunnel.Client
		want   string
	}{
		"unknown authority": {&tunnel.Client{Gateway: secure.URL}, "--ca-file"},
		"other name":        {&tunnel.Client{Gateway: "https://localhost:" + port, RootCAs: roots}, "another name"},
		"no TLS":            {&tunnel.Client{Gateway: "https://" + plain.Listener.Addr().String()}, "does not speak TLS"},
		"nobody":            {&tunnel.Client{Gateway: "https://" + closed.Addr().String()}, "nothing answers"},
		"hangs up":          {&tunnel.Client{Gateway: "https://" + hangUp.Addr().String()}, "cut"},
		"no such name":      {&tunnel.Client{Gateway: "https://lotse.invalid"}, "name is not known"},
		"dead proxy":        {&tunnel.Client{Gateway: secure.URL, Proxy: fixedProxy("http://" + closed.Addr().String())}, "cannot be reached"},
		"strange proxy":     {&tunnel.Client{Gateway: secure.URL, Proxy: fixedProxy("socks5://127.0.0.1:1")}, "http:// or https://"},
	} {
		t.Run(name, func(t *testing.T) {
			defer c.client.CloseIdle()
			_, err1 := c.client.Info(t.Context())
			_, err2 := c.client.DialAgent(t.Context())
			for _, err := range []error{err1, err2} {
				var u *tunnel.UnreachableError
				if !errors.As(err, &u) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v (%T), want …%s…", err, err, c.want)
				}
			}
		})
	}
}

// TestLateHello: a gateway whose TLS port accepts VNC viewers sends RFB's greeting to a client
// whose hello is late. The client then connects again, up to maxLate times.
func TestLateHello(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"name":"Example"}`)
	}))
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for _, greetings := range []int{3, 4} {
		port, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var serving sync.WaitGroup
		serving.Go(func() {
			for n := 1; ; n++ {
				in, err := port.Accept()
				if err != nil {
					return
				}
				if n <= greetings {
					_, _ = io.WriteString(in, "RFB 003.008\n")
					_, _ = io.Copy(io.Discard, in) // a client that was greeted disconnects
					in.Close()
					continue
				}
				out, err := net.Dial("tcp", secure.Listener.Addr().String())
				if err != nil {
					t.Error(err)
					in.Close()
					continue
				}
				serving.Go(func() { _, _ = io.Copy(out, in); out.Close() })
				serving.Go(func() { _, _ = io.Copy(in, out); in.Close() })
			}
		})
		c := &tunnel.Client{Gateway: "https://" + port.Addr().String(), RootCAs: roots}
		_, err = c.Info(t.Context())
		if greetings <= 3 && err != nil {
			t.Errorf("after %d greetings: %v", greetings, err)
		}
		if greetings > 3 && (err == nil || !strings.Contains(err.Error(), "does not speak TLS")) {
			t.Errorf("after %d greetings: %v", greetings, err)
		}
		c.CloseIdle()
		port.Close()
		serving.Wait()
	}
}

func TestCancel(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c := tunnel.Client{Gateway: "https://" + silent.Addr().String()}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = c.DialAgent(ctx)
	var u *tunnel.UnreachableError
	if !errors.As(err, &u) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
}

// TestForeignAnswers: an answer of something other than a gateway is reported as such.
func TestForeignAnswers(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("User-Agent") {
		case "moved":
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		case "html":
			_, _ = io.WriteString(w, "<html>")
		case "teapot":
			w.WriteHeader(http.StatusTeapot)
		case "limit":
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"code":"too_many","message":"slow\u001b[31m down","retry_after":7}}`)
		}
	}))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	for agent, want := range map[string]string{
		"moved": "elsewhere.example", "html": "not as a Lotse gateway", "teapot": "status 418", "limit": "slow[31m down (try again in 7s)",
	} {
		c := tunnel.Client{Gateway: s.URL, RootCAs: roots, UserAgent: agent}
		_, err := c.Info(t.Context())
		var api *tunnel.APIError
		if !errors.As(err, &api) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", agent, err, want)
		}
		if _, err := c.DialAgent(t.Context()); !errors.As(err, &api) {
			t.Errorf("%s: WebSocket: %v", agent, err)
		}
		c.CloseIdle()
	}
}

func fixedProxy(s string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(s) }
}

// TestProxy connects through a CONNECT proxy that requires a password.
func TestProxy(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"name":"behind the proxy"}`)
	}))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("petra:geheim"))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodConnect:
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		case r.Header.Get("Proxy-Authorization") == "":
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		case r.Header.Get("Proxy-Authorization") != want:
			w.WriteHeader(http.StatusForbidden)
			return
		}
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer from.Close()
		_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		done := make(chan struct{})
		go func() { _, _ = io.Copy(to, from); to.Close(); close(done) }()
		_, _ = io.Copy(from, to)
		from.Close()
		<-done
	}))
	defer proxy.Close()
	at := strings.TrimPrefix(proxy.URL, "http://")
	for user, wantErr := range map[string]string{"petra:geheim@": "", "": "user name and a password", "petra:falsch@": "status 403"} {
		c := tunnel.Client{Gateway: s.URL, RootCAs: roots, Proxy: fixedProxy("http://" + user + at)}
		info, err := c.Info(t.Context())
		if wantErr == "" {
			if err != nil || info.Name != "behind the proxy" {
				t.Errorf("%q: %v, %v", user, info, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "falsch") {
			t.Errorf("%q: %v, want …%s…", user, err, wantErr)
		}
		c.CloseIdle()
	}
}

// TestRudeProxy: a proxy whose answer is not HTTP, or whose status line is too short.
func TestRudeProxy(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 500\r\n\r\n", "hello\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\nmore"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, answer)
			c.Close()
		}()
		c := tunnel.Client{Gateway: "https://gateway.example", Proxy: fixedProxy("http://" + l.Addr().String())}
		_, err = c.DialAgent(t.Context())
		var u *tunnel.UnreachableError
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "the proxy "+l.Addr().String()) {
			t.Errorf("%q: %v", answer, err)
		}
		l.Close()
	}
}
