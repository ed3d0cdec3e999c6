package doctor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lotse/config"
	"lotse/gateway"
	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// running is a real gateway.
type running struct {
	url     string
	metrics string
	data    string
	roots   *x509.CertPool
}

// start runs a gateway until the test ends.
func start(t *testing.T, change func(*gateway.Config)) *running {
	t.Helper()
	r := &running{data: t.TempDir(), roots: x509.NewCertPool()}
	cfg := gateway.Config{Listen: "127.0.0.1:0", Data: r.data, Metrics: "127.0.0.1:0",
		TLS: gateway.TLSConfig{Mode: gateway.TLSDev}}
	if change != nil {
		change(&cfg)
	}
	ready, done := make(chan gateway.Addresses, 1), make(chan error, 1)
	cfg.Ready = func(a gateway.Addresses) { ready <- a }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- gateway.Serve(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	select {
	case a := <-ready:
		r.url, r.metrics = "https://"+a.Listen.String(), a.Metrics.String()
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	file := cfg.TLS.CertFile
	if file == "" {
		file = filepath.Join(r.data, gateway.DevCAFile)
	}
	authority, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r.roots.AppendCertsFromPEM(authority)
	return r
}

// proxyAddress is the address from which the proxies of these tests connect; the doctor's is
// another one.
const proxyAddress = "127.0.0.2"

// trusting trusts the proxy of these tests.
func trusting(c *gateway.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(proxyAddress + "/32")}
}

// trustingAll trusts this computer with all its addresses.
func trustingAll(c *gateway.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// proxyTo is a reverse proxy with TLS in front of a gateway; rewrite may change the requests.
func proxyTo(
	t *testing.T, r *running, rewrite func(*httputil.ProxyRequest), answer func(*http.Response) error,
) (string, *x509.CertPool) {
	t.Helper()
	target, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = r.roots
	transport.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddress)}}).DialContext
	t.Cleanup(transport.CloseIdleConnections)
	quiet := log.New(io.Discard, "", 0)
	s := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		ErrorLog: quiet, Transport: transport, ModifyResponse: answer,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			rewrite(p)
		},
	})
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.URL, roots
}

// found returns the check with this name, which must exist exactly once.
func found(t *testing.T, r Report, name string) Check {
	t.Helper()
	var out []Check
	for _, c := range r.Checks {
		if c.Name == name {
			out = append(out, c)
		}
	}
	if len(out) != 1 {
		t.Fatalf("%d checks %q in %+v", len(out), name, r.Checks)
	}
	if c := out[0]; c.Found == "" || (c.Fix == "") != (c.Result == OK) {
		t.Errorf("a check without words, or with a fix for nothing: %+v", c)
	}
	return out[0]
}

func examine(t *testing.T, p Patient) Report {
	t.Helper()
	r, err := Examine(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// want verifies a check's result and words.
func want(t *testing.T, r Report, name string, result Result, words string) {
	t.Helper()
	c := found(t, r, name)
	if c.Result != result || !strings.Contains(c.Found+"\n"+c.Fix, words) {
		t.Errorf("%+v\nwant %s with %q", c, result, words)
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	r := examine(t, Patient{URL: g.url, Roots: g.roots, Idle: time.Millisecond})
	for _, name := range []string{"port", "certificate", "clock", "proxy", "websocket"} {
		want(t, r, name, OK, "")
	}
	if r.Result != OK || len(r.Checks) != 5 {
		t.Errorf("%+v", r)
	}
	want(t, r, "proxy", OK, "nothing stands between")
	want(t, r, "websocket", OK, "stays for 1ms")
}

// TestProxies: how each mistake of a reverse proxy is reported.
func TestProxies(t *testing.T) {
	t.Parallel()
	honest := func(p *httputil.ProxyRequest) { p.SetXForwarded() }
	adds := func(p *httputil.ProxyRequest) {
		p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
		p.SetXForwarded()
	}
	for name, c := range map[string]struct {
		gateway func(*gateway.Config)
		rewrite func(*httputil.ProxyRequest)
		answer  func(*http.Response) error
		check   string
		result  Result
		words   string
	}{
		"honest":             {trusting, honest, nil, "proxy", OK, "it is trusted"},
		"adds":               {trusting, adds, nil, "proxy", OK, "it is trusted"},
		"honest, websockets": {trusting, honest, nil, "websocket", OK, "stays"},
		"not listed":         {nil, honest, nil, "proxy", Fail, `trusted_proxies = ["127.0.0.2"]`},
		"lists too much":     {trustingAll, honest, nil, "proxy", Warn, "the proxy is trusted, and so is this computer"},
		"forgets the header": {trusting, func(*httputil.ProxyRequest) {}, nil, "proxy", Fail, "sends no X-Forwarded-For"},
		"neither":            {nil, func(*httputil.ProxyRequest) {}, nil, "proxy", Warn, "requests arrive from 127.0.0.2"},
		"believes clients": {trusting, func(p *httputil.ProxyRequest) {
			p.SetXForwarded()
			if sent := p.In.Header["X-Forwarded-For"]; sent != nil {
				p.Out.Header["X-Forwarded-For"] = sent
			}
		}, nil, "proxy", Fail, "anybody can choose his address"},
		"breaks websockets": {trusting, func(p *httputil.ProxyRequest) {
			p.SetXForwarded()
			p.Out.Header.Del("Upgrade")
			p.Out.Header.Del("Connection")
		}, nil, "websocket", Fail, "without its Upgrade header"},
		"changes the origin": {trusting, func(p *httputil.ProxyRequest) {
			p.SetXForwarded()
			if p.In.Header.Get("Origin") != "" {
				p.Out.Header.Set("Origin", "https://backend.internal")
			}
		}, nil, "websocket", Fail, "takes the request for one of another page"},
		"refuses websockets": {trusting, honest, func(r *http.Response) error {
			if r.StatusCode == http.StatusSwitchingProtocols {
				return errors.New("not here")
			}
			return nil
		}, "websocket", Fail, "status 502"},
		"cannot reach it": {trusting, honest, func(*http.Response) error {
			return errors.New("not here")
		}, "gateway", Fail, "proxy_ssl_protocols TLSv1.3"},
		"cuts websockets": {trusting, honest, func(r *http.Response) error {
			if b, ok := r.Body.(io.ReadWriteCloser); ok && r.StatusCode == http.StatusSwitchingProtocols {
				r.Body = &cut{ReadWriteCloser: b}
			}
			return nil
		}, "websocket", Fail, "proxy"},
		"changes the host": {trusting, func(p *httputil.ProxyRequest) {
			p.SetXForwarded()
			p.Out.Host = "backend.internal"
		}, nil, "proxy", Fail, "must pass on the Host header"},
		"another host of ours": {trusting, func(p *httputil.ProxyRequest) {
			p.SetXForwarded()
			p.Out.Host = "localhost"
		}, nil, "websocket", Fail, "Host and Origin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, roots := proxyTo(t, start(t, c.gateway), c.rewrite, c.answer)
			r := examine(t, Patient{URL: at, Roots: roots, Idle: time.Millisecond})
			want(t, r, c.check, c.result, c.words)
			if (r.Result == Fail) != (c.result == Fail) {
				t.Errorf("in all %s", r.Result)
			}
		})
	}
}

// cut ends a WebSocket as soon as the gateway has answered a message.
type cut struct {
	io.ReadWriteCloser
	answered bool // Owned by the reader.
}

func (c *cut) Read(p []byte) (int, error) {
	if c.answered {
		return 0, io.EOF
	}
	n, err := c.ReadWriteCloser.Read(p)
	c.answered = bytes.Contains(p[:n], []byte("address"))
	return n, err
}

// certificateFor makes the files of a self-signed certificate for 127.0.0.1.
func certificateFor(t *testing.T, from, to time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(
			1,
		), Subject: pkix.Name{CommonName: "Test"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cert, key := certificateFor(t, now.Add(-time.Hour), now.Add(90*24*time.Hour))
	g := start(t, func(c *gateway.Config) {
		c.Hosts = []string{"127.0.0.1", "localhost"}
		c.TLS = gateway.TLSConfig{Mode: gateway.TLSFiles, CertFile: cert, KeyFile: key}
	})
	at := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }
	localhost := strings.Replace(g.url, "127.0.0.1", "localhost", 1)
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		patient Patient
		result  Result
		words   string
	}{
		"good":        {Patient{URL: g.url, Roots: g.roots}, OK, "89 days left"},
		"ends soon":   {Patient{URL: g.url, Roots: g.roots, Now: at(80 * day)}, Warn, "only 9 days left"},
		"ended":       {Patient{URL: g.url, Roots: g.roots, Now: at(91 * day)}, Fail, "it ended on"},
		"not yet":     {Patient{URL: g.url, Roots: g.roots, Now: at(-day)}, Fail, "not valid before"},
		"other name":  {Patient{URL: localhost, Roots: g.roots}, Fail, "for 127.0.0.1, Test, not for localhost"},
		"not trusted": {Patient{URL: g.url, Roots: x509.NewCertPool()}, Fail, "whole chain"},
	} {
		r := examine(t, c.patient)
		if c := found(t, r, "certificate"); c.Name == "" {
			t.Error(name)
		}
		want(t, r, "certificate", c.result, c.words)
		// Other problems are still found.
		want(t, r, "websocket", OK, "")
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	for off, want := range map[time.Duration]struct {
		result Result
		words  string
	}{
		0: {OK, "agree"}, -2 * time.Minute: {Warn, "ahead of this computer's"},
		2 * time.Minute: {Warn, "behind this computer's"}, time.Hour: {Fail, "1h0m0s behind"},
	} {
		r := examine(
			t,
			Patient{URL: g.url, Roots: g.roots, Now: func() time.Time { return time.Now().Add(off) }},
		)
		c := found(t, r, "clock")
		// A machine that stops for a moment between two readings shifts the clock a little.
		if c.Result != want.result || off < time.Hour && !strings.Contains(c.Found, want.words) {
			t.Errorf("%v: %+v", off, c)
		}
	}
}

func TestNoDate(t *testing.T) {
	e := &examination{}
	e.clock(&answer{})
	want(t, Report{Checks: e.checks}, "clock", Warn, "no date")
}

// TestTrustedItself: from a computer that is trusted as a proxy nothing can be concluded.
func TestTrustedItself(t *testing.T) {
	t.Parallel()
	g := start(t, trustingAll)
	r := examine(t, Patient{URL: g.url, Roots: g.roots})
	want(t, r, "proxy", Warn, "is itself a trusted proxy")
}

func TestNothingThere(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	r := examine(t, Patient{URL: "https://" + closed.Addr().String()})
	want(t, r, "port", Fail, "firewall")
	if len(r.Checks) != 1 || r.Result != Fail {
		t.Errorf("%+v", r)
	}
	r = examine(t, Patient{URL: "https://no-such-name.invalid"})
	want(t, r, "port", Fail, "DNS")
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ErrorLog = log.New(io.Discard, "", 0)
	other.StartTLS()
	t.Cleanup(other.Close)
	want(t, examine(t, Patient{URL: other.URL}), "gateway", Fail, "not a Lotse gateway: status 404")
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	r = examine(t, Patient{URL: strings.Replace(plain.URL, "http", "https", 1)})
	want(t, r, "certificate", Fail, "no TLS")
	for _, bad := range []string{"", "http://a.example", "https://", "a.example", ":"} {
		if _, err := Examine(t.Context(), Patient{URL: bad}); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}

// settings returns the settings of a running gateway.
func (r *running) settings() *config.Gateway {
	g := config.DefaultGateway()
	g.Listen, g.Data, g.Metrics.Listen = strings.TrimPrefix(r.url, "https://"), r.data, r.metrics
	g.TLS.Mode = "dev"
	return &g
}

func TestInside(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	if err := os.Chmod(g.data, 0o700); err != nil {
		t.Fatal(err)
	}
	s := g.settings()
	s.Audit.Files, s.Audit.Megabytes, s.Limits.Connections = 1, 1, 10
	r := examine(t, Patient{Settings: s, Roots: g.roots})
	for _, name := range []string{"port", "certificate", "websocket", "disk", "limits", "metrics"} {
		want(t, r, name, OK, "")
	}
	want(t, r, "limits", OK, "the running gateway may open")
	before, err := os.ReadDir(g.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range before {
		if strings.HasPrefix(f.Name(), ".doctor") {
			t.Errorf("%s was left", f.Name())
		}
	}
	for name, c := range map[string]struct {
		change func(*config.Gateway)
		check  string
		result Result
		words  string
	}{
		"no folder":    {func(s *config.Gateway) { s.Data += "/none" }, "disk", Fail, "Make the folder"},
		"a file":       {func(s *config.Gateway) { s.Data += "/ca.pem" }, "disk", Fail, "no folder"},
		"much audit":   {func(s *config.Gateway) { s.Audit.Files = 1e9 }, "disk", Warn, "audit.megabytes"},
		"many":         {func(s *config.Gateway) { s.Limits.Connections = 1 << 40 }, "limits", Fail, "LimitNOFILE"},
		"other port":   {func(s *config.Gateway) { s.Metrics.Listen = "127.0.0.1:1" }, "metrics", Warn, "Is the gateway running"},
		"other limits": {func(s *config.Gateway) { s.Metrics.Listen = "127.0.0.1:1" }, "limits", OK, "a program started here"},
		"no metrics":   {func(s *config.Gateway) { s.Metrics.Listen = "" }, "metrics", OK, "switched off"},
		"for all": {func(s *config.Gateway) {
			s.Metrics.Listen = strings.Replace(s.Metrics.Listen, "127.0.0.1", "0.0.0.0", 1)
		}, "metrics", Warn, "no password"},
	} {
		s := *s
		c.change(&s)
		r := examine(t, Patient{Settings: &s, Roots: g.roots})
		if t.Run(name, func(t *testing.T) { want(t, r, c.check, c.result, c.words) }); r.Result == "" {
			t.Error("no result")
		}
	}
	if err := os.Chmod(g.data, 0o755); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, Patient{Settings: s, Roots: g.roots}), "disk", Warn, "chmod 700")
}

// TestFullDisk: nothing can be written in the folder.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	s := g.settings()
	s.Data = "/proc/self" // where not even root may write
	want(t, examine(t, Patient{Settings: s, Roots: g.roots}), "disk", Fail, "nothing can be written")
}

func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cert, key := certificateFor(t, now.Add(-time.Hour), now.Add(90*24*time.Hour))
	g := start(t, func(c *gateway.Config) {
		c.Hosts = []string{"127.0.0.1"}
		c.TLS = gateway.TLSConfig{Mode: gateway.TLSFiles, CertFile: cert, KeyFile: key}
	})
	s := g.settings()
	s.PublicURL, s.TLS = g.url, config.TLS{Mode: "files", Cert: cert, Key: key, Min: "1.3"}
	want(t, examine(t, Patient{Settings: s, Roots: g.roots}), "certificate files", OK, "fit, 89 days")
	other, otherKey := certificateFor(t, now.Add(-time.Hour), now.Add(5*24*time.Hour+time.Hour))
	s.TLS.Key = otherKey
	want(
		t,
		examine(t, Patient{Settings: s, Roots: g.roots}),
		"certificate files",
		Fail,
		"Correct tls.cert",
	)
	s.TLS.Cert = other
	want(t, examine(t, Patient{Settings: s, Roots: g.roots}), "certificate files", Warn, "only 5 days")
	s.TLS.Cert, s.TLS.Key = certificateFor(t, now.Add(-time.Hour), now.Add(60*24*time.Hour))
	want(
		t,
		examine(t, Patient{Settings: s, Roots: g.roots}),
		"certificate files",
		Warn,
		"another certificate",
	)
}
