package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

const testPassword = "correct horse battery"

// testHash is as cheap as a development gateway's, because tests sign in hundreds of times.
var testHash = sync.OnceValue(func() string { return devCost.hash(testPassword) })

// lockedBuffer collects the logs of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a running gateway. Its clock skips holds, see hastyClock.
type rig struct {
	t       *testing.T
	url     string
	addr    string
	metrics string
	addrs   Addresses
	data    string
	roots   *x509.CertPool
	logs    *lockedBuffer
	stop    func() // waits for Serve
}

// testAccounts returns the accounts in every rig's data folder.
func testAccounts() []Account {
	return []Account{
		{Name: "anna", Display: "Anna Advisor", Company: "Example Support", Password: testHash()},
		{Name: "bert", Display: "Bert", Password: testHash()},
	}
}

func start(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, data: t.TempDir(), logs: &lockedBuffer{}}
	acc, err := OpenAccounts(r.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := acc.change(func() error {
		for _, a := range testAccounts() {
			acc.list[a.Name] = a
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ready := make(chan Addresses, 1)
	cfg := Config{
		Listen: "127.0.0.1:0", Data: r.data, Name: "Example Support", Version: "test", Metrics: "127.0.0.1:0",
		TLS:    TLSConfig{Mode: TLSDev},
		Logger: slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Pages: fstest.MapFS{
			"index.html": {Data: []byte("<p>customer")}, "advisor.html": {Data: []byte("<p>advisor")},
			"assets/app-3fZ8kQ1x.js": {Data: []byte("1")}, "assets/plain.css": {Data: []byte("a{}")}, "secret.html": {Data: []byte("no")},
		},
		Ready: func(a Addresses) { ready <- a },
		Clock: new(hastyClock),
	}
	for _, f := range change {
		f(&cfg)
	}
	r.data = cfg.Data
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, cfg) }()
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			limit := time.After(time.Minute)
			for {
				select {
				case err := <-done:
					if err != nil {
						t.Errorf("Serve: %v", err)
					}
					return
				case <-limit:
					t.Error("Serve does not return")
					return
				case <-time.After(time.Millisecond):
					if clock, ok := cfg.Clock.(*testClock); ok {
						clock.advance(lastWords) // do not wait for farewells
					}
				}
			}
		})
	}
	t.Cleanup(r.stop)
	select {
	case a := <-ready:
		r.addrs = a
		r.addr = a.Listen.String()
		r.url = "https://" + r.addr
		if a.Metrics != nil {
			r.metrics = a.Metrics.String()
		}
	case err := <-done:
		t.Fatalf("Serve: %v", err)
	}
	pem, err := os.ReadFile(filepath.Join(r.data, DevCAFile))
	if err != nil {
		t.Fatal(err)
	}
	r.roots = x509.NewCertPool()
	r.roots.AppendCertsFromPEM(pem)
	return r
}

func (r *rig) client() *tunnel.Client {
	c := &tunnel.Client{Gateway: r.url, RootCAs: r.roots}
	r.t.Cleanup(c.CloseIdle)
	return c
}

func (r *rig) signIn(name string) *tunnel.Advisor {
	r.t.Helper()
	a, err := r.client().SignIn(r.t.Context(), name, testPassword)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// http returns a plain HTTPS client that trusts the rig.
func (r *rig) http() *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.roots}}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// owner is a session with its owner's link and a goroutine that seals.
type owner struct {
	t      *testing.T
	a      *tunnel.Advisor
	place  string
	number tunnel.Number
	door   tunnel.Number // the number that the customer's agent issued for a viewer
	link   *tunnel.OwnerLink
	tries  *seal.Tries

	control chan *seal.Conn          // sealed control streams of the entering
	states  chan tunnel.OwnerMessage // all states
	done    chan struct{}
}

// open makes a session whose owner answers entering customers.
func (r *rig) open(a *tunnel.Advisor) *owner {
	r.t.Helper()
	s, err := a.NewSession(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	n, err := tunnel.NewNumber(s.Place)
	if err != nil {
		r.t.Fatal(err)
	}
	door, err := tunnel.NewNumber(s.Place)
	if err != nil {
		r.t.Fatal(err)
	}
	o := &owner{t: r.t, a: a, place: s.Place, number: n, door: door, tries: new(seal.Tries)}
	o.connect()
	return o
}

func (o *owner) connect() {
	o.t.Helper()
	link, err := o.a.Owner(o.t.Context(), o.place)
	if err != nil {
		o.t.Fatal(err)
	}
	o.link = link
	o.control = make(chan *seal.Conn, 10)
	o.states = make(chan tunnel.OwnerMessage, 100)
	o.done = make(chan struct{})
	go o.run(link, o.done)
	o.t.Cleanup(func() { link.Close(); <-o.done })
}

func (o *owner) run(link *tunnel.OwnerLink, done chan struct{}) {
	defer close(done)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		m, err := link.Recv()
		if err != nil {
			return
		}
		switch m.Type {
		case tunnel.TypeEntering:
			wg.Go(func() {
				conn, err := o.a.DialStream(context.Background(), m.Stream)
				if err != nil {
					_ = link.Verdict(m.Stream, false)
					return
				}
				sealed, err := seal.Handshake(context.Background(), conn, seal.Advisor,
					seal.Params{Number: o.number.Digits(), Kind: "control", Stream: m.Stream, Tries: o.tries})
				_ = link.Verdict(m.Stream, err == nil)
				if err != nil {
					if o.tries.Burnt() {
						_ = link.Burnt()
					}
					return
				}
				o.t.Cleanup(func() { sealed.Close() })
				o.control <- sealed
			})
		default:
			o.states <- m
		}
	}
}

// state waits for a state and skips others.
func (o *owner) state(want string) tunnel.OwnerMessage {
	o.t.Helper()
	for {
		m := receive(o.t, o.states, "state "+want)
		if m.State == want || m.Type == want {
			return m
		}
	}
}

func receive[T any](t *testing.T, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(20 * time.Second):
		t.Fatalf("timed out: %s", what)
	}
	return v
}

// customer is an agent's link.
type customer struct {
	terms string // the version that is accepted
	t     *testing.T
	c     *tunnel.Client
	link  *tunnel.AgentLink
}

func (r *rig) customer() *customer {
	r.t.Helper()
	c := &customer{t: r.t, c: r.client()}
	link, err := c.c.DialAgent(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	c.link = link
	r.t.Cleanup(func() { link.Close() })
	return c
}

func (c *customer) recv() tunnel.GatewayMessage {
	c.t.Helper()
	m, err := c.link.Recv()
	if err != nil {
		c.t.Fatalf("agent link: %v", err)
	}
	return m
}

// try enters digits and returns the outcome of the seal and the gateway's answer.
func (c *customer) try(digits string) (*seal.Conn, tunnel.GatewayMessage, error) {
	c.t.Helper()
	if err := c.link.Enter(digits[:4], "", c.terms); err != nil {
		c.t.Fatal(err)
	}
	m := c.recv()
	if m.Type != tunnel.TypeCall {
		return nil, m, errors.New("not called")
	}
	if m.Door != tunnel.DoorEntering || m.Kind != "control" || m.Advisor != nil {
		c.t.Fatalf("call %+v", m)
	}
	conn, err := c.c.DialAgentStream(c.t.Context(), m.Stream)
	if err != nil {
		c.t.Fatal(err)
	}
	sealed, err := seal.Handshake(c.t.Context(), conn, seal.Agent, seal.Params{Number: digits, Kind: "control", Stream: m.Stream})
	if err == nil {
		c.t.Cleanup(func() { sealed.Close() })
	}
	return sealed, c.recv(), err
}

// join enters the right number.
func (c *customer) join(n tunnel.Number) (*seal.Conn, tunnel.GatewayMessage) {
	c.t.Helper()
	sealed, m, err := c.try(n.Digits())
	if err != nil || m.Type != tunnel.TypeJoined {
		c.t.Fatalf("joining: %v, %+v", err, m)
	}
	return sealed, m
}

// wrongSecret returns the number with another secret.
func wrongSecret(n tunnel.Number) string {
	d := []byte(n.Digits())
	d[8] = '0' + (d[8]-'0'+1)%10
	return string(d)
}

// echo checks that bytes pass from a to b and back.
func echo(t *testing.T, a, b net.Conn) {
	t.Helper()
	for _, p := range [][2]net.Conn{{a, b}, {b, a}} {
		msg := bytes.Repeat([]byte("lotse"), 30_000)
		errs := make(chan error, 1)
		go func() { _, err := p[0].Write(msg); errs <- err }()
		got := make([]byte, len(msg))
		if _, err := io.ReadFull(p[1], got); err != nil {
			t.Fatalf("echo: %v", err)
		}
		if err := <-errs; err != nil || !bytes.Equal(got, msg) {
			t.Fatalf("echo: %v, same %v", err, bytes.Equal(got, msg))
		}
	}
}
